package provider

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse"
)

// introspection is the introspection response (RFC 7662 §2.2). If the token is not
// active, or the caller may not introspect it, the response has active=false and
// no other member.
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	Username  string `json:"username,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	ExpiresAt int64  `json:"exp,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  string `json:"aud,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	// Groups is not a member of RFC 7662, which allows others (§2.2). It is nil if the token
	// does not have the scope groups, and empty if the user is in no group.
	Groups []string `json:"groups,omitzero"`
}

// introspect serves POST /oauth/introspect (RFC 7662). A confidential app may
// introspect its own tokens. The apps of the setting introspection_client_ids may
// introspect every token.
func (h *Handler) introspect(r *http.Request) (any, error) {
	token, app, settings, err := h.tokenOfClient(r)
	if err != nil {
		return nil, err
	}
	if app.IsPublic {
		// RFC 7662 §2.1 requires authentication, which a public client cannot provide.
		return nil, invalidClient("Public clients cannot introspect tokens.", nil)
	}
	response, err := h.describe(r.Context(), token)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return introspection{}, nil
	} else if err != nil {
		return nil, err
	}
	if response.ClientID != app.ID && !slices.Contains(settings.IntrospectionClientIDs, app.ID) {
		return introspection{}, nil
	}
	return response, nil
}

// describe returns the description of an active token, and ErrNotFound for every
// other. It ignores token_type_hint, because the prefix of a token names its kind.
func (h *Handler) describe(ctx context.Context, token string) (introspection, error) {
	if h.tokens.IsAccessToken(token) {
		grant, user, err := h.tokens.AuthenticateAccessToken(ctx, token)
		if err != nil {
			return introspection{}, err
		}
		claims, err := h.tokens.access.Open(token)
		if err != nil {
			return introspection{}, err
		}
		d, err := h.description(ctx, grant, user)
		if err != nil {
			return introspection{}, err
		}
		d.TokenType, d.ExpiresAt = "bearer", claims.ExpiresAt/1000
		return d, nil
	}
	claims, err := h.tokens.refresh.Open(token)
	if err != nil {
		return introspection{}, errors.Join(gatehouse.ErrNotFound, err)
	}
	grant, user, err := h.store.Grant(ctx, claims.GrantID)
	if err != nil {
		return introspection{}, err
	}
	// A refresh token in its grace window still works, but introspection must not tell
	// a thief whether the client has refreshed.
	if !user.Active() || grant.RefreshTokenStatus(claims.Generation, time.Now()) != gatehouse.TokenCurrent {
		return introspection{}, gatehouse.ErrNotFound
	}
	d, err := h.description(ctx, grant, user)
	if err != nil {
		return introspection{}, err
	}
	d.ExpiresAt = grant.ExpiresAt.Unix()
	return d, nil
}

func (h *Handler) description(ctx context.Context, grant gatehouse.Grant, user gatehouse.User) (introspection, error) {
	groups, err := h.introspectedGroups(ctx, grant.Scopes, user.ID)
	return introspection{
		Active: true, Scope: strings.Join(grant.Scopes, " "), ClientID: grant.AppID, Username: user.Username,
		IssuedAt: grant.RotatedAt.Unix(), Subject: user.ID, Audience: grant.Resource, Issuer: h.issuer, Groups: groups,
	}, err
}

// tokenOfClient parses a request about a token and authenticates its client: the
// common part of introspection and revocation.
func (h *Handler) tokenOfClient(r *http.Request) (token string, app gatehouse.App, settings gatehouse.Settings, err error) {
	form, refusal := parseTokenForm(r)
	if refusal != nil {
		return "", app, settings, refusal
	}
	if form.Get("token") == "" {
		return "", app, settings, refuse(codeInvalidRequest, "api.oauth.token.missing", "The token is missing.")
	}
	creds, refusal := requireCredentials(r, form)
	if refusal != nil {
		return "", app, settings, refusal
	}
	if settings, err = h.store.Settings(r.Context()); err != nil {
		return "", app, settings, err
	}
	if !settings.EnableOAuthServiceProvider {
		return "", app, settings, providerOff()
	}
	app, err = h.authenticate(r.Context(), creds)
	return form.Get("token"), app, settings, err
}
