package attacks_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// The log says which rule refused a request, for which client, under the request id
// that the response has, and what was sent. It never has a secret of the request.
func TestRefusalsAreLoggedWithTheirRule(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		var log lockedBuffer
		g := startWithLog(t, databaseURL, "", slog.New(slog.NewJSONHandler(&log, nil)))
		app, public := g.App(t, nil), g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		code := b.Code(t, app)
		tokens := g.Redeem(t, app, b.Code(t, app))
		secrets := []string{app.Secret, code, tokens.RefreshToken, tokens.AccessToken, "secret-state", "secret-verifier", "wrong-secret"}
		tokenRequest := func(form url.Values) func() testkit.Answer {
			return func() testkit.Answer {
				return send(t, g, http.MethodPost, "/oauth/access_token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
			}
		}
		authorize := func(app testkit.App, changes ...string) func() testkit.Answer {
			return func() testkit.Answer { return b.Authorize(t, app, append(changes, "state=secret-state")...) }
		}
		cases := []struct {
			name string
			send func() testkit.Answer
			rule string
			sent map[string]string
		}{
			{"an error page", authorize(app, "redirect_uri=https://other.example.com/cb", "scope=user files"), "api.oauth.allow_oauth.redirect_callback.app_error",
				map[string]string{"client_id": app.ID, "redirect_uri": "https://other.example.com/cb", "scope": "user files"}},
			{"a redirected error", authorize(public, "-code_challenge", "-code_challenge_method"), "api.oauth.allow_oauth.pkce_required_public.app_error",
				map[string]string{"client_id": public.ID, "redirect_uri": testkit.RedirectURI}},
			{"a wrong redirect URI at the token endpoint", tokenRequest(testkit.RedeemForm(app, code, "redirect_uri=https://other.example.com/cb", "code_verifier=secret-verifier")), "api.oauth.get_access_token.redirect_uri.app_error",
				map[string]string{"client_id": app.ID, "redirect_uri": "https://other.example.com/cb", "grant_type": "authorization_code"}},
			{"a wrong secret", tokenRequest(testkit.RedeemForm(app, code, "client_secret=wrong-secret")), "model.oauth.validate_grant.credentials.app_error",
				map[string]string{"client_id": app.ID}},
			{"a scope that was not granted", tokenRequest(testkit.RefreshForm(app, tokens.RefreshToken, "scope=admin")), "api.oauth.get_access_token.scope.app_error",
				map[string]string{"client_id": app.ID, "scope": "admin"}},
			{"an overlong value", authorize(app, "redirect_uri=https://other.example.com/"+strings.Repeat("a", 500)), "api.oauth.allow_oauth.redirect_callback.app_error",
				map[string]string{"redirect_uri": "https://other.example.com/" + strings.Repeat("a", 256-len("https://other.example.com/")) + "…"}},
			{"the API", func() testkit.Answer { return send(t, g, http.MethodGet, "/api/v4/oauth/apps", "") }, "api.context.session_expired.app_error", nil},
		}
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				a := tc.send()
				var line map[string]any
				for text := range strings.Lines(log.String()) {
					var l map[string]any
					require.NoError(t, json.Unmarshal([]byte(text), &l))
					if l["msg"] == "request refused" && l["request_id"] == a.Header.Get("X-Request-Id") {
						require.Nil(t, line, "one line for each refusal")
						line = l
					}
				}
				require.NotNil(t, line, log.String())
				require.Equal(t, "INFO", line["level"])
				require.Equal(t, tc.rule, line["error_id"])
				for name, value := range tc.sent {
					require.Equal(t, value, line[name], name)
				}
			})
		}
		for _, secret := range secrets {
			require.NotContains(t, log.String(), secret)
		}
	})
}
