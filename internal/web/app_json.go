package web

import (
	"time"

	"gatehouse"
)

// AppJSON is the contract's app object (C 1.7), for the management API and for the list
// of a user's authorized apps. Its members are in the contract's order. It has no
// is_public, because no response of the contract has it.
type AppJSON struct {
	ID                      string   `json:"id"`
	CreatorID               string   `json:"creator_id"` // "" for self-registered apps
	CreateAt                int64    `json:"create_at"`  // ms
	UpdateAt                int64    `json:"update_at"`  // ms
	ClientSecret            string   `json:"client_secret"`
	Name                    string   `json:"name"`
	Description             string   `json:"description"`
	IconURL                 string   `json:"icon_url"`
	CallbackURLs            []string `json:"callback_urls"`
	Homepage                string   `json:"homepage"`
	IsTrusted               bool     `json:"is_trusted"`
	MattermostAppID         string   `json:"mattermost_app_id"`
	IsDynamicallyRegistered bool     `json:"is_dynamically_registered,omitempty"`
	// The lifetimes are not in the contract. They are left out if the settings apply.
	AccessTokenLifetimeSeconds  int64 `json:"access_token_lifetime_seconds,omitempty"`
	RefreshTokenLifetimeSeconds int64 `json:"refresh_token_lifetime_seconds,omitempty"`
	// The members of OpenID Connect are not in the contract. Empty ones are left out.
	IDTokenSignedResponseAlg string   `json:"id_token_signed_response_alg,omitempty"`
	PostLogoutRedirectURIs   []string `json:"post_logout_redirect_uris,omitempty"`
	BackchannelLogoutURI     string   `json:"backchannel_logout_uri,omitempty"`
}

// NewAppJSON returns the object of an app. The secret is "" except in the two answers
// that created it: only its hash is stored.
func NewAppJSON(a gatehouse.App, secret string) AppJSON {
	callbacks := a.RedirectURIs
	if callbacks == nil {
		callbacks = []string{}
	}
	return AppJSON{
		ID: a.ID, CreatorID: a.CreatorID, CreateAt: a.CreateAt.UnixMilli(), UpdateAt: a.UpdateAt.UnixMilli(), ClientSecret: secret,
		Name: a.Name, Description: a.Description, IconURL: a.IconURL, CallbackURLs: callbacks, Homepage: a.Homepage,
		IsTrusted: a.IsTrusted, MattermostAppID: a.MattermostAppID, IsDynamicallyRegistered: a.IsDynamicallyRegistered,
		AccessTokenLifetimeSeconds: int64(a.AccessTokenLifetime / time.Second), RefreshTokenLifetimeSeconds: int64(a.RefreshTokenLifetime / time.Second),
		IDTokenSignedResponseAlg: a.OpenID.IDTokenAlgorithm, PostLogoutRedirectURIs: a.OpenID.PostLogoutRedirectURIs, BackchannelLogoutURI: a.OpenID.BackchannelLogoutURI,
	}
}
