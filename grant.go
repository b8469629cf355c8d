package gatehouse

import (
	"slices"
	"strings"
	"time"
)

// Consent is what a user has allowed an app to do. Grants refer to it: deleting it
// deletes them, and ends every code and token that the app has for this user.
type Consent struct {
	ID         string
	UserID     string
	AppID      string
	Scopes     []string
	Resources  []string // RFC 8707
	CreateAt   time.Time
	LastUsedAt time.Time // precise to ConsentTouchInterval
}

// ConsentTouchInterval is how often a consent's LastUsedAt is stored at most.
const ConsentTouchInterval = time.Hour

// ConsentedApp is an app that a user consented to.
type ConsentedApp struct {
	Consent Consent
	App     App
}

// Grant is one completed authorization: a redeemed code, or an implicit response. Its
// ID is the id of the code, so the primary key allows the code to be used only once.
type Grant struct {
	ID        string
	ConsentID string
	UserID    string // of the consent
	AppID     string // of the consent
	Scopes    []string
	Resource  string // the resource of RFC 8707; "" if the request had none
	// Generation counts refreshes. Each token carries the generation that made it.
	Generation int64
	CreateAt   time.Time
	RotatedAt  time.Time // when Generation was reached; initially CreateAt
	// PreviousRotatedAt is when the generation before was reached; zero if there is none.
	PreviousRotatedAt time.Time
	// UsedGeneration is the newest generation whose access token was used. It is not
	// stored for the first generation, which has no predecessor.
	UsedGeneration int64
	// GraceGeneration is the newest generation whose predecessor was used again; 0 if
	// that has not happened.
	GraceGeneration int64
	ExpiresAt       time.Time // when the last token of this grant expires
	RevokedAt       time.Time // zero if it is not revoked

	// Of a grant with ScopeOpenID, for the ID tokens that its refreshes return:
	AuthenticatedAt time.Time // when the user signed in: auth_time
	SessionID       string    // the session in which the app got the code
	RequestedClaims string    // of the parameter claims, in the form of openid.RequestedClaims.String
}

// GraceWindow is how long the previous generation still works after a refresh. Two
// browser tabs that refresh at the same time get the same successor, and requests that
// are under way can finish with the old access token.
const GraceWindow = 30 * time.Second

// ClockTolerance is how much the clocks of two nodes, or of one node before and after
// its clock was set, may differ. A grant that was rotated further in the future gives
// no grace. Otherwise a clock that was set back by a day would extend the grace window
// by a day.
const ClockTolerance = 5 * time.Minute

// TokenStatus is what a grant says about a token of some generation.
type TokenStatus int

// The statuses of a token.
const (
	TokenCurrent TokenStatus = iota // the current generation
	TokenInGrace                    // the previous generation, which still works
	TokenRevoked                    // the grant was revoked or has expired
	TokenReused                     // an older generation: the token leaked or was kept
)

// AccessTokenStatus returns the status of an access token of the given generation at
// the time now. The previous generation works within the grace window.
func (g Grant) AccessTokenStatus(generation int64, now time.Time) TokenStatus {
	return g.tokenStatus(generation, now, g.inGraceWindow(now))
}

// RefreshTokenStatus returns the status of a refresh token of the given generation at
// the time now.
//
// The previous generation works until the grant expires, as long as its successor was
// not used: the client has lost the response to its refresh. If the successor was
// used, the previous generation works within the grace window only, and not in two
// generations in a row. Otherwise a stolen refresh token could follow the client's
// refreshes forever. A refresh token of the past that does not work is reuse, and
// revokes the grant (RFC 9700 §4.14.2).
func (g Grant) RefreshTokenStatus(generation int64, now time.Time) TokenStatus {
	again := g.GraceGeneration > 0 && g.GraceGeneration == g.Generation-1
	grace := !g.SuccessorUsed() || g.inGraceWindow(now) && !again
	return g.tokenStatus(generation, now, grace)
}

// SuccessorUsed reports whether a token of the current generation was used, so that
// its client has certainly received it.
func (g Grant) SuccessorUsed() bool { return g.UsedGeneration >= g.Generation }

func (g Grant) inGraceWindow(now time.Time) bool {
	return now.Before(g.RotatedAt.Add(GraceWindow)) && !now.Before(g.RotatedAt.Add(-ClockTolerance))
}

// tokenStatus returns the status of a token. grace says whether the previous
// generation works. A generation above the grant's exists only after a backup was
// restored; such a token counts as revoked.
func (g Grant) tokenStatus(generation int64, now time.Time, grace bool) TokenStatus {
	switch {
	case !g.RevokedAt.IsZero() || !now.Before(g.ExpiresAt) || generation > g.Generation:
		return TokenRevoked
	case generation == g.Generation:
		return TokenCurrent
	case generation == g.Generation-1 && grace:
		return TokenInGrace
	default:
		return TokenReused
	}
}

// DefaultScope is the scope of a request without a scope: all rights of the contract's
// tokens (C 2.6).
const DefaultScope = "user"

// The scopes of OpenID Connect (OpenID Connect Core §3.1.2.1, §5.4, §11).
const (
	ScopeOpenID        = "openid" // makes the request one of OpenID Connect
	ScopeProfile       = "profile"
	ScopeEmail         = "email"
	ScopeGroups        = "groups" // not of OpenID Connect Core, but common
	ScopeOfflineAccess = "offline_access"
)

// IDTokenLifetime is how long an ID token is valid. An app reads it once, after the
// user has signed in.
const IDTokenLifetime = time.Hour

// ParseScope splits a scope parameter (RFC 6749 §3.3) into its distinct tokens, in
// their order. An empty parameter means DefaultScope. It returns a *FieldError for
// characters that the RFC does not allow.
func ParseScope(scope string) ([]string, error) {
	var scopes []string
	for _, s := range strings.Split(scope, " ") {
		if s == "" || slices.Contains(scopes, s) {
			continue
		}
		for i := range len(s) {
			// scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
			if c := s[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
				return nil, &FieldError{Field: "scope", Message: "A scope may contain printable ASCII characters except quotes and backslashes. Separate scopes with single spaces."}
			}
		}
		scopes = append(scopes, s)
	}
	if len(scopes) == 0 {
		return []string{DefaultScope}, nil
	}
	return scopes, nil
}
