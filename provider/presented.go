package provider

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"gatehouse"
	"gatehouse/openid"
)

// presented is an authorization code or a refresh token that an authenticated
// client sent to the token endpoint, opened, with everything that is needed to
// judge it. It is complete before fosite is called and does not change afterwards.
type presented struct {
	app      gatehouse.App
	settings gatehouse.Settings
	form     url.Values
	now      time.Time // the one reading of the clock that judges the request

	sealed string // the code or refresh token as it was sent
	// problem is why it cannot be used at all: it does not open, or its grant does
	// not exist. nil if it was opened.
	problem error

	// Of grant_type=authorization_code:
	code code
	// authentication is what the code or the grant keeps for the ID token; nil if it is not
	// one of OpenID Connect.
	authentication *openid.Authentication

	// Of grant_type=refresh_token:
	generation int64 // of the refresh token
	grant      gatehouse.Grant
	user       gatehouse.User

	// consented are the resources that the user has consented to. They are read only if
	// the request names a resource that the grant does not have.
	consented []string

	// session is what the new tokens are made from; empty if there is a problem.
	session *session
}

func (p *presented) isRefresh() bool { return p.form.Get("grant_type") == "refresh_token" }

// tokenStatus returns the status of the presented refresh token.
func (p *presented) tokenStatus() gatehouse.TokenStatus {
	return p.grant.RefreshTokenStatus(p.generation, p.now)
}

// open opens the code or refresh token of the form, and reads the grant of a
// refresh token from the store. Its error is a failure of the store; a code or
// refresh token that cannot be used is a problem of the result.
func (h *Handler) open(ctx context.Context, p presented) (*presented, error) {
	opened := h.openCode
	if p.isRefresh() {
		opened = h.openRefreshToken
	}
	result, err := opened(ctx, p)
	if err != nil || result.problem != nil || p.form.Get("resource") == "" || result.grantedResource() != "" {
		return result, err
	}
	consent, err := h.store.Consent(ctx, result.session.userID, p.app.ID)
	if err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return nil, fmt.Errorf("provider: consent to the resource: %w", err)
	}
	result.consented = consent.Resources
	return result, nil
}

// grantedResource returns the resource of the authorization request; "" if it had none.
func (p *presented) grantedResource() string {
	if p.isRefresh() {
		return p.grant.Resource
	}
	return p.code.Resource
}

func (h *Handler) openCode(ctx context.Context, p presented) (*presented, error) {
	p.session = &session{}
	p.sealed = p.form.Get("code")
	p.code, p.authentication, p.problem = h.tokens.openCode(p.sealed)
	if p.problem != nil {
		return &p, nil //nolint:nilerr // a bad code is not a failure of the gateway
	}
	p.session = &session{
		userID: p.code.UserID, consentID: p.code.ConsentID, issuedAt: p.now, scopes: p.code.Scopes,
		accessTokenExpiresAt: p.now.Add(p.settings.AccessTokenLifetimeFor(p.app, false)),
		resource:             requestedResource(p.form, p.code.Resource),
	}
	user, err := h.userOfIDToken(ctx, p.code.UserID, p.authentication)
	if errors.Is(err, gatehouse.ErrNotFound) {
		p.problem = err
		return &p, nil
	} else if err != nil {
		return nil, err
	}
	p.session.setIDToken(h.idToken(&p, p.authentication, user), p.app)
	return &p, h.addGroups(ctx, p.session.idToken)
}

func (h *Handler) openRefreshToken(ctx context.Context, p presented) (*presented, error) {
	p.session = &session{}
	p.sealed = p.form.Get("refresh_token")
	token, err := h.tokens.refresh.Open(p.sealed)
	if err != nil {
		p.problem = err
		return &p, nil //nolint:nilerr // a bad token is not a failure of the gateway
	}
	p.generation = token.Generation
	p.grant, p.user, err = h.store.Grant(ctx, token.GrantID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		p.problem = err
		return &p, nil
	} else if err != nil {
		return nil, fmt.Errorf("provider: grant of the refresh token: %w", err)
	}
	p.session = &session{
		userID: p.user.ID, consentID: p.grant.ConsentID, generation: p.generation + 1, issuedAt: p.now,
		scopes: requestedScopes(p.form, p.grant.Scopes), resource: requestedResource(p.form, p.grant.Resource),
	}
	if p.tokenStatus() == gatehouse.TokenInGrace {
		// The successor exists already. Its expiry counts from when it was made.
		p.session.issuedAt = p.grant.RotatedAt
	}
	p.session.accessTokenExpiresAt = p.session.issuedAt.Add(p.settings.AccessTokenLifetimeFor(p.app, false))
	p.authentication = grantedAuthentication(p.grant, p.session.scopes)
	p.session.setIDToken(h.idToken(&p, p.authentication, p.user), p.app)
	return &p, h.addGroups(ctx, p.session.idToken)
}

// requestedResource returns the resource that the request names, or the granted
// one. checkRequestedResource judges it.
func requestedResource(form url.Values, granted string) string {
	if resource := form.Get("resource"); resource != "" {
		return resource
	}
	return granted
}

// requestedScopes returns the scopes that the request names, or the granted ones.
// checkRequestedScopes judges them.
func requestedScopes(form url.Values, granted []string) []string {
	scope := form.Get("scope")
	if scope == "" {
		return granted
	}
	scopes, err := gatehouse.ParseScope(scope)
	if err != nil {
		return nil
	}
	return scopes
}
