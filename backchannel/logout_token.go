package backchannel

import (
	"time"

	"gatehouse"
	"gatehouse/openid"
)

const (
	// tokenLifetime is how long a logout token is valid. Each attempt makes a new one. The
	// specification recommends at most two minutes (§4).
	tokenLifetime = 2 * time.Minute
	logoutEvent   = "http://schemas.openid.net/event/backchannel-logout"
)

// logoutToken is the content of a logout token (OpenID Connect Back-Channel Logout §2.4).
// It never has a nonce, so that it cannot be used as an ID token.
type logoutToken struct {
	Issuer    string              `json:"iss"`
	Subject   string              `json:"sub"`
	Audience  string              `json:"aud"`
	IssuedAt  int64               `json:"iat"`
	ExpiresAt int64               `json:"exp"`
	ID        string              `json:"jti"`
	Events    map[string]struct{} `json:"events"`
	SID       string              `json:"sid"`
}

func newLogoutToken(issuer string, d gatehouse.LogoutDelivery, now time.Time) logoutToken {
	return logoutToken{
		Issuer: issuer, Subject: d.UserID, Audience: d.AppID, IssuedAt: now.Unix(), ExpiresAt: now.Add(tokenLifetime).Unix(),
		ID: gatehouse.NewID(), Events: map[string]struct{}{logoutEvent: {}}, SID: openid.SID(d.SessionID, d.AppID),
	}
}
