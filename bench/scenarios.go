package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
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

// scenarios returns the calls without OpenID Connect.
func scenarios(g *gateway) []scenario {
	plain := g.apps[rs256]
	fixed := func(c call) func(context.Context) (call, error) {
		return func(context.Context) (call, error) { return c, nil }
	}
	return []scenario{
		{"flow", fixed(func(ctx context.Context) error {
			tokens, err := g.signIntoApp(ctx, plain, "")
			if err != nil {
				return err
			}
			return g.me(ctx, tokens.Access)
		})},
		{"authorize", fixed(func(ctx context.Context) error {
			_, err := g.authorize(ctx, plain, "", "")
			return err
		})},
		{"refresh", func(ctx context.Context) (call, error) {
			tokens, err := g.signIntoApp(ctx, plain, "")
			return func(ctx context.Context) error {
				next, err := g.token(ctx, plain, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
				if err == nil {
					tokens = next
				}
				return err
			}, err
		}},
		{"users/me", func(ctx context.Context) (call, error) {
			tokens, err := g.signIntoApp(ctx, plain, "")
			return func(ctx context.Context) error { return g.me(ctx, tokens.Access) }, err
		}},
		{"introspect", func(ctx context.Context) (call, error) {
			tokens, err := g.signIntoApp(ctx, plain, "")
			return func(ctx context.Context) error {
				_, err := g.post(ctx, plain, "/oauth/introspect", url.Values{"token": {tokens.Access}})
				return err
			}, err
		}},
	}
}

// openIDScenarios returns the calls of OpenID Connect: the flow with an ID token for each
// algorithm, and the documents that clients read. empty is the URL of a handler that does
// nothing, for comparison.
func openIDScenarios(g *gateway, empty string) []scenario {
	flow := func(algorithm string) func(context.Context) (call, error) {
		c := func(ctx context.Context) error {
			tokens, err := g.signIntoApp(ctx, g.apps[algorithm], "openid")
			if err == nil && tokens.ID == "" {
				err = errors.New("the token response has no ID token")
			}
			if err != nil {
				return err
			}
			return g.me(ctx, tokens.Access)
		}
		// The first ID token of a new gateway takes longer, because its keys are made then.
		return func(ctx context.Context) (call, error) { return c, c(ctx) }
	}
	get := func(site func() string, path string) func(context.Context) (call, error) {
		return func(context.Context) (call, error) {
			return func(ctx context.Context) error { return g.get(ctx, site()+path) }, nil
		}
	}
	return []scenario{
		{"openid-rs256", flow(rs256)},
		{"openid-es256", flow(es256)},
		{"openid-eddsa", flow(eddsa)},
		{"jwks", get(g.url, "/oauth/jwks")},
		{"discovery", get(g.url, "/.well-known/openid-configuration")},
		{"empty", get(func() string { return empty }, "/")},
	}
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

// signIntoApp signs the user in to an app. scope is "" for the default scope.
func (g *gateway) signIntoApp(ctx context.Context, a app, scope string) (tokens, error) {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	code, err := g.authorize(ctx, a, base64.RawURLEncoding.EncodeToString(sum[:]), scope)
	if err != nil {
		return tokens{}, err
	}
	return g.token(ctx, a, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}})
}

func (g *gateway) authorize(ctx context.Context, a app, challenge, scope string) (code string, err error) {
	q := url.Values{"client_id": {a.ID}, "response_type": {"code"}, "redirect_uri": {redirectURI}, "state": {"bench"}}
	if challenge != "" {
		q.Set("code_challenge", challenge)
		q.Set("code_challenge_method", "S256")
	}
	if scope != "" {
		q.Set("scope", scope)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url()+"/oauth/authorize?"+q.Encode(), nil)
	if err != nil {
		return "", err
	}
	r.AddCookie(&http.Cookie{Name: "MMAUTHTOKEN", Value: g.session})
	answer, err := do(g.client, r)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(answer.header.Get("Location"))
	if err != nil || u.Query().Get("code") == "" {
		return "", fmt.Errorf("authorize: %d, Location %q", answer.status, answer.header.Get("Location"))
	}
	return u.Query().Get("code"), nil
}

func (g *gateway) token(ctx context.Context, a app, form url.Values) (tokens, error) {
	body, err := g.post(ctx, a, "/oauth/access_token", form)
	if err != nil {
		return tokens{}, err
	}
	var t tokens
	return t, json.Unmarshal(body, &t)
}

func (g *gateway) post(ctx context.Context, by app, path string, form url.Values) ([]byte, error) {
	form.Set("client_id", by.ID)
	form.Set("client_secret", by.ClientSecret)
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

func (g *gateway) get(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	a, err := do(g.client, r)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("%s: %d: %.200s", address, a.status, a.body)
	}
	return err
}
