package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// scenario is a call that is measured.
type scenario struct {
	name string
	// prepare returns the call that one worker repeats.
	prepare func(ctx context.Context) (call, error)
}

func scenarios(g *gateway) []scenario {
	fixed := func(c call) func(context.Context) (call, error) {
		return func(context.Context) (call, error) { return c, nil }
	}
	return []scenario{
		{"flow", fixed(func(ctx context.Context) error {
			tokens, err := g.signIntoApp(ctx)
			if err != nil {
				return err
			}
			return g.me(ctx, tokens.Access)
		})},
		{"authorize", fixed(func(ctx context.Context) error {
			_, err := g.authorize(ctx, "")
			return err
		})},
		{"refresh", func(ctx context.Context) (call, error) {
			tokens, err := g.signIntoApp(ctx)
			return func(ctx context.Context) error {
				next, err := g.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
				if err == nil {
					tokens = next
				}
				return err
			}, err
		}},
		{"users/me", func(ctx context.Context) (call, error) {
			tokens, err := g.signIntoApp(ctx)
			return func(ctx context.Context) error { return g.me(ctx, tokens.Access) }, err
		}},
		{"introspect", func(ctx context.Context) (call, error) {
			tokens, err := g.signIntoApp(ctx)
			return func(ctx context.Context) error {
				_, err := g.post(ctx, "/oauth/introspect", url.Values{"token": {tokens.Access}})
				return err
			}, err
		}},
	}
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (g *gateway) signIntoApp(ctx context.Context) (tokens, error) {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	code, err := g.authorize(ctx, base64.RawURLEncoding.EncodeToString(sum[:]))
	if err != nil {
		return tokens{}, err
	}
	return g.token(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}})
}

func (g *gateway) authorize(ctx context.Context, challenge string) (code string, err error) {
	q := url.Values{"client_id": {g.app.ID}, "response_type": {"code"}, "redirect_uri": {redirectURI}, "state": {"bench"}}
	if challenge != "" {
		q.Set("code_challenge", challenge)
		q.Set("code_challenge_method", "S256")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url()+"/oauth/authorize?"+q.Encode(), nil)
	if err != nil {
		return "", err
	}
	r.AddCookie(&http.Cookie{Name: "MMAUTHTOKEN", Value: g.session})
	a, err := do(g.client, r)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || u.Query().Get("code") == "" {
		return "", fmt.Errorf("authorize: %d, Location %q", a.status, a.header.Get("Location"))
	}
	return u.Query().Get("code"), nil
}

func (g *gateway) token(ctx context.Context, form url.Values) (tokens, error) {
	body, err := g.post(ctx, "/oauth/access_token", form)
	if err != nil {
		return tokens{}, err
	}
	var t tokens
	return t, json.Unmarshal(body, &t)
}

func (g *gateway) post(ctx context.Context, path string, form url.Values) ([]byte, error) {
	form.Set("client_id", g.app.ID)
	form.Set("client_secret", g.app.ClientSecret)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url()+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := do(g.client, r)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("%s: %d: %.200s", path, a.status, a.body)
	}
	return a.body, err
}

func (g *gateway) me(ctx context.Context, token string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url()+"/api/v4/users/me", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	a, err := do(g.client, r)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("users/me: %d: %.200s", a.status, a.body)
	}
	return err
}
