package registration_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// sendWith sends a form to an endpoint with the client's credentials in the header, in the
// body, or in both.
func sendWith(t *testing.T, g *testkit.Gateway, place, path string, app testkit.App, form url.Values) (status int, body string) {
	t.Helper()
	form.Del("client_secret")
	form.Set("client_id", app.ID)
	if place != "header" {
		form.Set("client_secret", app.Secret)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if place != "body" {
		r.SetBasicAuth(app.ID, app.Secret)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(raw)
}

// A client that named its method uses that one at each endpoint (RFC 7591 §2). The other
// one is refused, and the client is told which method it registered.
func TestRegisteredAuthMethodIsEnforced(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "alice"))
		for method, tc := range map[string]struct{ right, wrong, hint string }{
			gatehouse.AuthMethodBasic: {"header", "body", "Send client_id and client_secret with HTTP Basic."},
			gatehouse.AuthMethodPost:  {"body", "header", "Send client_id and client_secret in the body of the request."},
		} {
			t.Run(method, func(t *testing.T) {
				app := register(t, g, with(`"token_endpoint_auth_method":"`+method+`"`)).app(t, g)
				code := testkit.RedeemForm(app, b.Code(t, app))
				refused := func(path string, form url.Values) {
					t.Helper()
					status, body := sendWith(t, g, tc.wrong, path, app, form)
					require.Equal(t, http.StatusUnauthorized, status, body)
					require.Contains(t, body, `"error":"invalid_client"`)
					require.Contains(t, body, "This client registered the token_endpoint_auth_method "+method+". "+tc.hint)
				}
				refused("/oauth/access_token", code)
				status, body := sendWith(t, g, tc.right, "/oauth/access_token", app, code)
				require.Equal(t, http.StatusOK, status, "the refused request did not use up the code: %s", body)
				require.Contains(t, body, "refresh_token")

				status, body = sendWith(t, g, "both", "/oauth/access_token", app, testkit.RedeemForm(app, b.Code(t, app)))
				require.Equal(t, http.StatusOK, status, "equal credentials in both places: %s", body)

				token := url.Values{"token": {"x"}}
				for _, path := range []string{"/oauth/introspect", "/oauth/revoke"} {
					refused(path, token)
					status, body = sendWith(t, g, tc.right, path, app, token)
					require.Equal(t, http.StatusOK, status, body)
				}

				app.Secret = "wrong"
				status, body = sendWith(t, g, tc.wrong, "/oauth/revoke", app, token)
				require.Equal(t, http.StatusUnauthorized, status)
				require.NotContains(t, body, method, "a client without the secret learns nothing about the method")
			})
		}
	})
}

// Apps that did not name a method use the secret in the header and in the body.
func TestUnnamedAuthMethodIsNotEnforced(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		for name, app := range map[string]testkit.App{
			"created by a user":    g.App(t, nil),
			"no method":            register(t, g, with(`"client_name":"x"`)).app(t, g),
			"the list of RFC 8414": register(t, g, with(`"token_endpoint_auth_methods_supported":["client_secret_basic"]`)).app(t, g),
			"the list beside an unknown method": register(t, g, with(
				`"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_methods_supported":["client_secret_basic"]`)).app(t, g),
		} {
			t.Run(name, func(t *testing.T) {
				require.False(t, app.IsAuthMethodEnforced)
				for _, place := range []string{"header", "body"} {
					for _, path := range []string{"/oauth/introspect", "/oauth/revoke"} {
						status, body := sendWith(t, g, place, path, app, url.Values{"token": {"x"}})
						require.Equal(t, http.StatusOK, status, body)
					}
				}
			})
		}
	})
}
