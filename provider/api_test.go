package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// C 1.3: the JSON form of an authorization request, with its checks in order.
func TestAuthorizeJSON(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, public := g.App(t, nil), g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		post := func(b *testkit.Browser, body string, header ...string) testkit.Answer {
			r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/authorize", strings.NewReader(body))
			require.NoError(t, err)
			r.Header.Set("X-Requested-With", "XMLHttpRequest")
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			return b.Do(t, r)
		}
		body := func(app testkit.App, changes ...string) string {
			m := map[string]string{}
			for name, v := range testkit.AuthorizeQuery(app, changes...) {
				m[name] = v[0]
			}
			raw, err := json.Marshal(m)
			require.NoError(t, err)
			return string(raw)
		}
		redirect := func(a testkit.Answer) *url.URL {
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			var answer struct{ Redirect string }
			require.NoError(t, json.Unmarshal([]byte(a.Body), &answer))
			u, err := url.Parse(answer.Redirect)
			require.NoError(t, err)
			return u
		}

		u := redirect(post(b, body(app)))
		require.Equal(t, "xyz", u.Query().Get("state"))
		g.Redeem(t, app, u.Query().Get("code"))
		require.NotEmpty(t, b.Authorize(t, app).Code(), "the request counts as the user's consent")
		u = redirect(post(b, body(public, "response_type=token")))
		require.Contains(t, u.Fragment, "access_token=")
		require.Equal(t, "unsupported_response_type", redirect(post(b, body(app, "response_type=x"))).Query().Get("error"))

		cases := []struct {
			name, body, id string
			status         int
		}{
			{"no JSON", "client_id=x", "api.context.invalid_body_param.app_error", 400},
			{"null", "null", "api.context.invalid_body_param.app_error", 400},
			{"nothing", "", "api.context.invalid_body_param.app_error", 400},
			{"an array", "[]", "api.context.invalid_body_param.app_error", 400},
			{"nulls inside", `{"client_id":null}`, "model.authorize.is_valid.client_id.app_error", 400},
			{"no client", body(app, "-client_id"), "model.authorize.is_valid.client_id.app_error", 400},
			{"no response type", body(app, "-response_type"), "model.authorize.is_valid.response_type.app_error", 400},
			{"no redirect URI", body(app, "-redirect_uri"), "model.authorize.is_valid.redirect_uri.app_error", 400},
			{"a long state", body(app, "state="+strings.Repeat("s", 1025)), "model.authorize.is_valid.state.app_error", 400},
			{"a long scope", body(app, "scope="+strings.Repeat("s", 129)), "model.authorize.is_valid.scope.app_error", 400},
			{"half a challenge", body(app, "code_challenge_method=S256"), "model.authorize.is_valid.code_challenge.app_error", 400},
			{"a relative resource", body(app, "resource=x"), "model.authorize.is_valid.resource.not_absolute.app_error", 400},
			{"an unknown app", body(app, "client_id="+gatehouse.NewID()), "app.oauth.get_app.find.app_error", 404},
			{"a foreign redirect URI", body(app, "redirect_uri=https://evil.example.com/"), "api.oauth.allow_oauth.redirect_callback.app_error", 400},
			{"no PKCE", body(public, "-code_challenge", "-code_challenge_method"), "api.oauth.allow_oauth.pkce_required_public.app_error", 400},
		}
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				a := post(b, tc.body)
				require.Equal(t, tc.status, a.Status, a.Body)
				require.Contains(t, a.Body, `"id":"`+tc.id+`"`)
				require.Equal(t, "application/json", a.Header.Get("Content-Type"))
			})
		}
		const form = "application/x-www-form-urlencoded" // curl's default for every body
		require.NotEmpty(t, redirect(post(b, body(app), "Content-Type", form)).Query().Get("code"))
		broken := post(b, "{", "Content-Type", form)
		require.Equal(t, http.StatusBadRequest, broken.Status)
		require.Contains(t, broken.Body, "api.context.invalid_body_param.app_error", "never a page about a missing client_id")
		require.Equal(t, http.StatusUnauthorized, post(b, body(app), "Content-Type", form, "X-Requested-With", "").Status, "a cookie alone is not enough (CSRF)")
		fromAnotherSite := post(b, body(app), "Content-Type", form, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		require.Equal(t, http.StatusForbidden, fromAnotherSite.Status, "only an authorization request may come from another site")
		require.Equal(t, http.StatusUnauthorized, post(g.NewBrowser(t), body(app)).Status)
		require.Equal(t, http.StatusUnauthorized, post(b, body(app), "X-Requested-With", "").Status, "a cookie alone is not enough (CSRF)")
		b = g.SignedIn(t, g.User(t, "bob"))
		tokens := g.Redeem(t, app, b.Code(t, app))
		require.Equal(t, http.StatusForbidden, post(g.NewBrowser(t), body(app), "Authorization", "Bearer "+tokens.AccessToken).Status, "an access token cannot authorize apps")
		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		off := post(b, body(app))
		require.Equal(t, http.StatusNotImplemented, off.Status)
		require.Contains(t, off.Body, "api.oauth.allow_oauth.turn_off.app_error")
	})
}

// C 2.14: while the provider is off, each endpoint refuses and issues nothing. Tokens
// that were issued before keep working.
func TestProviderOffRefusesEverything(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		tokens, code := g.Redeem(t, app, b.Code(t, app)), b.Code(t, app)
		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")

		page := b.Authorize(t, app)
		require.Equal(t, http.StatusNotImplemented, page.Status)
		require.Contains(t, page.Page(t).Text(), "turned off")
		for _, form := range []url.Values{testkit.RedeemForm(app, code), testkit.RefreshForm(app, tokens.RefreshToken)} {
			a := g.Token(t, form)
			require.Equal(t, http.StatusNotImplemented, a.Status, a.Raw)
			require.Equal(t, "api.oauth.get_access_token.disabled.app_error", a.ID)
			require.Empty(t, a.AccessToken)
		}
		for _, change := range []string{"grant_type=x", "-code", "-client_id"} {
			a := g.Token(t, testkit.RedeemForm(app, code, change))
			require.Equal(t, http.StatusBadRequest, a.Status, "format errors come first: %s", change)
		}
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status)

		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "true")
		g.Redeem(t, app, code)
	})
}
