package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse"
	"gatehouse/openid"
)

// An authorization request with the scope openid is one of OpenID Connect (OpenID Connect
// Core §3.1.2.1). It is served as every other request: with the same checks, the same
// consent and the same grant. This file has what is added to it.

// openIDRequest holds the checked parameters that only a request of OpenID Connect has.
type openIDRequest struct {
	nonce  string
	hint   openid.Hint // of id_token_hint; the zero value without one
	claims openid.RequestedClaims
}

const maxNonceLength = 512

// isOpenID reports whether the request is one of OpenID Connect. A request of Auth.js's
// Mattermost provider is not: that provider requests the scope openid, and refuses every ID
// token, because it does not know the issuer (see isMattermostCallback).
func (r authorizationRequest) isOpenID(settings gatehouse.Settings) bool {
	return settings.EnableOpenIDConnect && slices.Contains(r.scopes(), gatehouse.ScopeOpenID) && !isMattermostCallback(r.RedirectURI)
}

// checkOpenID checks the parameters of OpenID Connect. It returns nil for a request
// without the scope openid.
func (h *Handler) checkOpenID(ctx context.Context, r authorizationRequest, app gatehouse.App, settings gatehouse.Settings) (*openIDRequest, *Refusal, error) {
	if !r.isOpenID(settings) {
		return nil, nil, nil
	}
	if len(r.Nonce) > maxNonceLength {
		return nil, refuse(codeInvalidRequest, "model.authorize.is_valid.nonce", "The nonce is longer than 512 bytes."), nil
	}
	if r.hasResponseType("id_token") && r.Nonce == "" { // OpenID Connect Core §3.2.2.1, §3.3.2.11
		return nil, refuse(codeInvalidRequest, "model.authorize.is_valid.nonce", "The nonce is missing. A request for an ID token at the authorization endpoint must have one."), nil
	}
	claims, err := openid.ParseRequestedClaims(r.Claims)
	if err != nil {
		return nil, refuse(codeInvalidRequest, "model.authorize.is_valid.claims", "The parameter claims must be a JSON object of at most 2048 bytes, with the members userinfo and id_token (OpenID Connect Core section 5.5)."), nil
	}
	if len(claims.ACRs) > 0 && !slices.Contains(claims.ACRs, openid.ACRPassword) {
		return nil, refuse(codeUnmetAuthentication, "api.oauth.authorize_oauth.acr", "No user of this server can sign in with the requested acr."), nil
	}
	request := &openIDRequest{nonce: r.Nonce, claims: claims}
	if r.IDTokenHint == "" {
		return request, nil, nil
	}
	request.hint, err = openid.ReadHint(ctx, h.keys, h.issuer, r.IDTokenHint)
	switch {
	case err == nil && request.hint.ClientID != app.ID, errors.Is(err, gatehouse.ErrNotFound):
		return nil, refuse(codeInvalidRequest, "model.authorize.is_valid.id_token_hint", "The id_token_hint must be an ID token that this server issued to this client."), nil
	case err != nil:
		return nil, nil, err
	}
	return request, nil, nil
}

// checkUser refuses a signed-in user whom the client does not accept: it named another
// one by id_token_hint or by the claim sub (OpenID Connect Core §3.1.2.1, §5.5.1).
func (r *openIDRequest) checkUser(user gatehouse.User) *Refusal {
	if r == nil {
		return nil
	}
	for _, demanded := range []string{r.hint.UserID, r.claims.Subject} {
		if demanded != "" && demanded != user.ID {
			return &Refusal{Code: codeLoginRequired, ID: "api.oauth.authorize_oauth.other_user.app_error", Description: "The client asked for another user than the one who is signed in."}
		}
	}
	return nil
}

// consentScopes returns the scopes that the user is asked for: the requested ones, and
// those that give the claims of the parameter claims.
func (a authorization) consentScopes() []string {
	scopes := a.request.scopes()
	if a.openID == nil {
		return scopes
	}
	for _, scope := range a.openID.claims.Scopes() {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// authentication returns what the code must keep for the ID token; nil if the request is
// not one of OpenID Connect.
func (a authorization) authentication(session gatehouse.Session) *openid.Authentication {
	if a.openID == nil {
		return nil
	}
	return &openid.Authentication{At: session.CreateAt, SessionID: session.ID, Nonce: a.openID.nonce, Claims: a.openID.claims}
}

// grantedAuthentication returns what a grant keeps for the ID token of a refresh (OpenID
// Connect Core §12.2); nil if the new access token does not have the scope openid. The
// ID token of a refresh has no nonce.
func grantedAuthentication(grant gatehouse.Grant, scopes []string) *openid.Authentication {
	if grant.AuthenticatedAt.IsZero() || !slices.Contains(scopes, gatehouse.ScopeOpenID) {
		return nil
	}
	return &openid.Authentication{At: grant.AuthenticatedAt, SessionID: grant.SessionID, Claims: openid.DecodeRequestedClaims(grant.RequestedClaims)}
}

// idToken returns the ID token of a token response; nil if the grant is not one of
// OpenID Connect. user may have only an ID if the request named no claims for the ID token.
func (h *Handler) idToken(p *presented, authentication *openid.Authentication, user gatehouse.User) *openid.IDToken {
	if authentication == nil || !p.settings.EnableOpenIDConnect {
		return nil
	}
	return &openid.IDToken{Issuer: h.issuer, ClientID: p.app.ID, User: user, Authentication: *authentication, IssuedAt: p.now}
}

// frontChannelIDToken returns the ID token of an authorization response. Without an access
// token it has all claims of the scopes, because the app cannot read them at the UserInfo
// endpoint (OpenID Connect Core §5.4).
func (h *Handler) frontChannelIDToken(a authorization, user gatehouse.User, s *session) *openid.IDToken {
	token := &openid.IDToken{Issuer: h.issuer, ClientID: a.app.ID, User: user, Authentication: *s.authentication, IssuedAt: s.issuedAt}
	if a.request.ResponseType == "id_token" {
		token.Scopes = s.scopes
	}
	return token
}

// userOfIDToken returns the user of a code. It reads the user only if the ID token has
// claims about them.
func (h *Handler) userOfIDToken(ctx context.Context, userID string, authentication *openid.Authentication) (gatehouse.User, error) {
	if authentication == nil || len(authentication.Claims.IDToken) == 0 {
		return gatehouse.User{ID: userID}, nil
	}
	user, err := h.store.User(ctx, userID)
	if err != nil {
		return gatehouse.User{}, fmt.Errorf("provider: user of the ID token: %w", err)
	}
	return user, nil
}

// storeAuthentication copies to a grant what the ID tokens of its refreshes need.
func storeAuthentication(grant *gatehouse.Grant, authentication *openid.Authentication) {
	if authentication == nil {
		return
	}
	grant.AuthenticatedAt, grant.SessionID, grant.RequestedClaims = authentication.At, authentication.SessionID, authentication.Claims.String()
}

// openIDCode is the content of a code of OpenID Connect: a code, and what its ID token
// needs.
type openIDCode struct {
	_               struct{} `cbor:",toarray"`
	Code            code
	AuthenticatedAt int64 // ms
	SessionID       string
	Nonce           string
	RequestedClaims string
}

// sealCode seals a code. authentication is nil without OpenID Connect.
func (t *Tokens) sealCode(c code, authentication *openid.Authentication) (string, error) {
	if authentication == nil {
		return t.codes.Seal(c)
	}
	return t.openIDCodes.Seal(openIDCode{
		Code: c, AuthenticatedAt: authentication.At.UnixMilli(), SessionID: authentication.SessionID,
		Nonce: authentication.Nonce, RequestedClaims: authentication.Claims.String(),
	})
}

// openCode opens a code. authentication is nil if it is not one of OpenID Connect.
func (t *Tokens) openCode(sealed string) (c code, authentication *openid.Authentication, err error) {
	if !t.openIDCodes.HasPrefix(sealed) {
		c, err = t.codes.Open(sealed)
		return c, nil, err
	}
	opened, err := t.openIDCodes.Open(sealed)
	if err != nil {
		return code{}, nil, err
	}
	return opened.Code, &openid.Authentication{
		At: time.UnixMilli(opened.AuthenticatedAt), SessionID: opened.SessionID, Nonce: opened.Nonce,
		Claims: openid.DecodeRequestedClaims(opened.RequestedClaims),
	}, nil
}
