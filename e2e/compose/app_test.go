package compose_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const callback = "https://app.example.com/cb"

// app is a registered confidential app.
type app struct {
	ID     string
	Secret string `json:"client_secret"`
}

func newApp(t *testing.T, flags ...string) app {
	t.Helper()
	return command(gatehouse).newApp(t, flags...)
}

func (run command) newApp(t *testing.T, flags ...string) app {
	t.Helper()
	var a app
	args := append([]string{"app", "create", "--json", "--name", "An app", "--callback-url", callback}, flags...)
	require.NoError(t, json.Unmarshal([]byte(run(t, args...)), &a))
	return a
}

func (a app) query() string {
	return url.Values{"client_id": {a.ID}, "response_type": {"code"}, "redirect_uri": {callback}, "state": {"xyz"}}.Encode()
}

// tokens is a response of the token endpoint: its tokens or its error.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Error   string
	status  int
}

func (a app) redeem(ctx context.Context, via route, code string) (tokens, error) {
	return a.token(ctx, via, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}})
}

func (a app) refresh(ctx context.Context, via route, token string) (tokens, error) {
	return a.token(ctx, via, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// token sends a form to the token endpoint. The error is errNotNow if the response is
// a 503 with Retry-After. The caller checks any other status.
func (a app) token(ctx context.Context, via route, form url.Values) (tokens, error) {
	form.Set("client_id", a.ID)
	form.Set("client_secret", a.Secret)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, site()+"/oauth/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := (&browser{}).do(via, r)
	if err != nil {
		return tokens{}, err
	}
	got := tokens{status: res.StatusCode}
	if err := json.Unmarshal([]byte(res.body), &got); err != nil {
		return got, fmt.Errorf("the body of %s is not JSON: %s", res.Status, res.body)
	}
	if isRetryLater(res) {
		return got, errNotNow
	}
	return got, nil
}

func (a app) mustRedeem(t *testing.T, via route, code string) tokens {
	t.Helper()
	got, err := a.redeem(t.Context(), via, code)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, got.status, got)
	return got
}

func (a app) mustRefresh(t *testing.T, via route, token string) tokens {
	t.Helper()
	got, err := a.refresh(t.Context(), via, token)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, got.status, got)
	return got
}

func (a app) requireUnusable(t *testing.T, via route, refreshToken string) {
	t.Helper()
	got, err := a.refresh(t.Context(), via, refreshToken)
	require.NoError(t, err)
	require.Contains(t, []string{"invalid_grant", "invalid_client"}, got.Error)
}

// me requests users/me with an access token or a session token, and returns the
// status. The error is errNotNow if the response is a 503 with Retry-After.
func me(ctx context.Context, via route, token string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, site()+"/api/v4/users/me", nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	a, err := (&browser{}).do(via, r)
	if err != nil {
		return 0, err
	}
	if isRetryLater(a) {
		return a.StatusCode, errNotNow
	}
	return a.StatusCode, nil
}

// requireMe requires the status from users/me on every node.
func requireMe(t *testing.T, status int, token string) {
	t.Helper()
	for n, via := range directs(t) {
		got, err := me(t.Context(), via, token)
		require.NoError(t, err)
		require.Equal(t, status, got, nodes()[n])
	}
}
