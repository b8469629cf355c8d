package provider

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/web"
)

// tokenResponse is the response of the token endpoint (RFC 6749 §5.1, C 1.4).
// Empty members are left out, because strict clients refuse them.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	Scope        string `json:"scope,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Audience     string `json:"audience,omitempty"`
	IDToken      string `json:"id_token,omitempty"` // OpenID Connect Core §3.1.3.3
}

// token serves POST /oauth/access_token (RFC 6749 §3.2, C 1.4).
func (h *Handler) token(r *http.Request) (any, error) {
	ctx := r.Context()

	// Parse the request.
	form, refusal := parseTokenForm(r)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := checkGrantType(form); refusal != nil {
		return nil, refusal
	}
	creds, refusal := readCredentials(r, form)
	if refusal != nil {
		return nil, refusal
	}

	// Authenticate the client.
	settings, err := h.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	if !settings.EnableOAuthServiceProvider {
		return nil, providerOff()
	}
	app, err := h.authenticate(ctx, creds)
	if err != nil {
		return nil, err
	}

	// Open the code or refresh token, and read what it belongs to.
	p, err := h.open(ctx, presented{app: app, settings: settings, form: form, now: time.Now()})
	if err != nil {
		return nil, err
	}

	// Let fosite and its handlers judge the request and make the tokens.
	access, refresh, idToken, err := h.machine.tokens(ctx, r, p)
	if errors.Is(err, errRefreshTokenReused) {
		return nil, h.revokeReused(ctx, p, err)
	} else if err != nil {
		return nil, err
	}

	// One write makes the tokens valid.
	if p.isRefresh() {
		err = h.rotate(ctx, p)
	} else {
		err = h.redeem(ctx, p)
	}
	if err != nil {
		return nil, err
	}

	// Answer.
	h.issued(endpointAccessToken, grantOfGrantType(form.Get("grant_type")))
	return tokenResponse{
		AccessToken:  access,
		TokenType:    "bearer",
		ExpiresIn:    int64(p.session.accessTokenExpiresAt.Sub(p.now) / time.Second),
		Scope:        strings.Join(p.session.scopes, " "),
		RefreshToken: refresh,
		Audience:     p.session.resource,
		IDToken:      idToken,
	}, nil
}

// tokenError is the error of RFC 6749 §5.2 and the contract's AppError in one object.
type tokenError struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description,omitempty"`
	web.AppError
}

// clientEndpoint serves an endpoint that clients call with their own credentials
// (token, introspection, revocation). It answers with the returned value as JSON,
// or with the refusal that the error stands for. endpoint is its name in events.
func (h *Handler) clientEndpoint(endpoint string, serve func(r *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := serve(r)
		w.Header().Set("Cache-Control", "no-store") // RFC 6749 §5.1
		w.Header().Set("Pragma", "no-cache")
		if err == nil {
			err = web.WriteJSON(w, http.StatusOK, body)
		}
		if err != nil {
			h.writeRefusal(w, r, endpoint, asRefusal(err))
		}
	})
}

// writeRefusal writes a refusal as the response of a client endpoint.
func (h *Handler) writeRefusal(w http.ResponseWriter, r *http.Request, endpoint string, refusal *Refusal) {
	form := url.Values{}
	maps.Copy(form, r.PostForm)
	if user, _, ok := r.BasicAuth(); ok && !form.Has("client_id") {
		form.Set("client_id", user)
	}
	h.refused(r, endpoint, grantOfGrantType(form.Get("grant_type")), refusal, form)
	e := refusal.webError()
	web.SetRetryAfter(w, e)
	e.Message = refusal.Code + ": " + refusal.Description // the form of the contract's messages (C 1.1)
	if refusal.Code == codeInvalidClient && r.Header.Get("Authorization") != "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="gatehouse"`) // RFC 6749 §5.2
	}
	_ = web.WriteJSON(w, e.Status, tokenError{
		Error: refusal.Code, ErrorDescription: errorDescription(refusal.Description), AppError: web.NewAppError(r, e),
	})
}
