package provider

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// introspection says what a token is worth (RFC 7662 §2.2). Of a token that is
// worth nothing, or that the caller has no business with, nothing but that is said.
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
}

// introspect serves POST /oauth/introspect (RFC 7662): confidential apps ask
// about their own tokens, those that a setting names about any.
func (h *Handler) introspect(w http.ResponseWriter, r *http.Request) {
	answer, err := h.introspection(r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	if err == nil {
		err = web.WriteJSON(w, http.StatusOK, answer)
	}
	if err != nil {
		h.writeRefusal(w, r, asRefusal(err))
	}
}

func (h *Handler) introspection(r *http.Request) (introspection, error) {
	token, app, settings, err := h.aboutToken(r)
	if err != nil {
		return introspection{}, err
	}
	if app.IsPublic {
		// RFC 7662 §2.1: the endpoint demands authorization, which a public client cannot give.
		return introspection{}, invalidClient("Public clients may not introspect tokens.", nil)
	}
	answer, err := h.describe(r.Context(), token)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return introspection{}, nil
	} else if err != nil {
		return introspection{}, err
	}
	if answer.ClientID != app.ID && !slices.Contains(settings.IntrospectionClientIDs, app.ID) {
		return introspection{}, nil
	}
	return answer, nil
}

// describe returns what a live token says. ErrNotFound: it is not live. The
// token_type_hint is not needed: a token's prefix says what it is.
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
		d := h.description(grant, user)
		d.TokenType, d.ExpiresAt = "bearer", claims.ExpiresAt/1000
		return d, nil
	}
	claims, err := h.tokens.refresh.Open(token)
	if err != nil {
		return introspection{}, errors.Join(gatehouse.ErrNotFound, err)
	}
	grant, user, err := h.grants.Grant(ctx, claims.GrantID)
	if err != nil {
		return introspection{}, err
	}
	status := grant.TokenStatus(claims.Generation, time.Now())
	if !user.Active() || (status != gatehouse.TokenCurrent && status != gatehouse.TokenInGrace) {
		return introspection{}, gatehouse.ErrNotFound
	}
	d := h.description(grant, user)
	d.ExpiresAt = grant.ExpiresAt.Unix()
	return d, nil
}

func (h *Handler) description(grant gatehouse.Grant, user gatehouse.User) introspection {
	return introspection{
		Active: true, Scope: strings.Join(grant.Scopes, " "), ClientID: grant.AppID, Username: user.Username,
		IssuedAt: grant.RotatedAt.Unix(), Subject: user.ID, Audience: grant.Resource, Issuer: h.issuer,
	}
}

// aboutToken reads a request of an authenticated client about a token: the
// common part of introspection and revocation.
func (h *Handler) aboutToken(r *http.Request) (token string, app gatehouse.App, settings gatehouse.Settings, err error) {
	form, refusal := tokenForm(r)
	if refusal != nil {
		return "", app, settings, refusal
	}
	if form.Get("token") == "" {
		return "", app, settings, refuse(codeInvalidRequest, "api.oauth.token.missing", "The token is missing.")
	}
	creds, refusal := readCredentials(r, form)
	if refusal != nil {
		return "", app, settings, refusal
	}
	if settings, err = h.settings.Settings(r.Context()); err != nil {
		return "", app, settings, err
	}
	if !settings.EnableOAuthServiceProvider {
		return "", app, settings, providerOff("api.oauth.get_access_token.disabled")
	}
	app, err = h.authenticate(r.Context(), creds)
	return form.Get("token"), app, settings, err
}
