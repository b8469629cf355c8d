package attacks_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// Attack: one way of asking that skips a check (Pocket ID 8a757749). A request
// that is wrong is refused with the same code whatever else it asks for.
func TestStrangeRequestsAreJudgedAlikeForEveryPrompt(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		b.Code(t, app) // remembered from now on
		for _, wrong := range []struct{ change, code string }{
			{"-code_challenge", "invalid_request"}, {"code_challenge_method=plain", "invalid_request"}, {"scope=\"", "invalid_scope"}, {"response_type=x", "unsupported_response_type"},
			{"resource=x", "invalid_target"}, {"request_uri=https://evil.example", "request_uri_not_supported"}, {"response_mode=x", "invalid_request"},
		} {
			for _, prompt := range []string{"-prompt", "prompt=none", "prompt=login", "prompt=consent", "prompt=select_account"} {
				for _, hint := range []string{"-login_hint", "login_hint=ada", "max_age=0"} {
					a := b.Authorize(t, app, wrong.change, prompt, hint)
					require.Equal(t, wrong.code, a.Query.Get("error"), "%s %s %s", wrong.change, prompt, hint)
				}
			}
		}
	})
}

// Attack: have the gateway call somebody (Keycloak CVE-2026-4874 and many others).
func TestNothingIsFetched(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		var calls atomic.Int64
		trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
		defer trap.Close()
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		u := trap.URL + "/x"
		a := send(t, g, http.MethodPost, "/api/v4/oauth/apps/register", strings.ReplaceAll(`{"redirect_uris":["U"],"jwks_uri":"U","logo_uri":"U","client_uri":"U","tos_uri":"U","policy_uri":"U","sector_identifier_uri":"U",
			"request_uris":["U"],"initiate_login_uri":"U","backchannel_logout_uri":"U","software_statement":"U","client_id":"U"}`, "U", u))
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		for _, change := range []string{"request_uri=" + u, "resource=" + u, "client_id=" + u, "login_hint=" + u, "id_token_hint=" + u, "registration=" + u} {
			b.Authorize(t, app, change)
		}
		g.Redeem(t, app, b.Code(t, app, "resource="+u))
		require.Zero(t, calls.Load())
	})
}

// Attack: an Authorization header that is no such thing, everywhere
// (Keycloak CVE-2026-9803: one of them was a 500).
func TestAnyAuthorizationHeaderIsSurvivedEverywhere(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		app := g.App(t, nil)
		for _, value := range []string{
			"Bearer", "Bearer ", "Bearer  ", "bearer\t", "Bearer \xff\xfe", "Bearer gtha_", "Bearer gtha_====", "Bearer gtha_" + strings.Repeat("A", 60), "Bearer gtha_" + strings.Repeat("\xe2\x82\xac", 30), "Bearer gtha_AAAA.BBBB.CCCC",
			"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.", "token", "token ", "Basic", "Basic ", "Basic !", "Basic Og==", "Basic OjoO", "Basic " + strings.Repeat("QUFB", 2000), "Basic \xff", ",", "=", "\"", "Negotiate x", "DPoP x", "Digest username=\"x\"", strings.Repeat("x", 5000),
		} {
			for _, call := range [][2]string{
				{"GET", "/api/v4/users/me"}, {"POST", "/api/v4/oauth/apps/register"}, {"POST", "/oauth/access_token"}, {"POST", "/oauth/introspect"}, {"POST", "/oauth/revoke"}, {"POST", "/oauth/authorize"}, {"POST", "/oauth/deauthorize"},
				{"GET", "/oauth/authorize?" + testkit.AuthorizeQuery(app).Encode()}, {"GET", "/.well-known/oauth-authorization-server"}, {"GET", "/"}, {"GET", "/console"}, {"POST", "/api/v4/oauth/apps"}, {"GET", "/healthz"}, {"POST", "/api/v4/users/logout"},
			} {
				contentType := "application/json"
				if strings.HasPrefix(call[1], "/oauth/") && call[1] != "/oauth/authorize" && call[1] != "/oauth/deauthorize" {
					contentType = form
				}
				a := send(t, g, call[0], call[1], url.Values{"token": {"x"}, "grant_type": {"authorization_code"}, "code": {"x"}}.Encode(), "Authorization", value, "Content-Type", contentType)
				require.Less(t, a.Status, 500, "%q at %s: %s", value, call[1], a.Body)
			}
		}
	})
}

// Attack: read the database. Nothing that is in it signs anybody in or redeems,
// refreshes, introspects or calls anything.
func TestAStolenDatabaseOpensNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada := g.UserWithPassword(t, "ada")
		app := g.App(t, nil)
		b := g.SignedIn(t, ada)
		tokens := grant(t, g, b, app)
		sessions, err := g.Store.UserSessions(t.Context(), ada.ID)
		require.NoError(t, err)
		stored, err := g.Store.App(t.Context(), app.ID)
		require.NoError(t, err)
		user, err := g.Store.User(t.Context(), ada.ID)
		require.NoError(t, err)
		consent, err := g.Store.Consent(t.Context(), ada.ID, app.ID)
		require.NoError(t, err)
		site, err := url.Parse(g.URL)
		require.NoError(t, err)
		for _, stolen := range []string{sessions[0].ID, sessions[0].TokenHash, stored.SecretHash, user.PasswordHash, user.ID, consent.ID} {
			require.NotEmpty(t, stolen)
			status, _ := g.Me(t, stolen)
			require.Equal(t, http.StatusUnauthorized, status, stolen)
			thief := g.NewBrowser(t)
			thief.Jar.SetCookies(site, []*http.Cookie{{Name: "MMAUTHTOKEN", Value: stolen, Path: "/"}})
			require.Equal(t, http.StatusSeeOther, thief.Get(t, "/settings/security").Status)
			require.GreaterOrEqual(t, g.Token(t, testkit.RedeemForm(app, stolen)).Status, 400)
			require.GreaterOrEqual(t, g.Token(t, testkit.RefreshForm(app, stolen)).Status, 400)
			require.GreaterOrEqual(t, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "client_secret="+stolen)).Status, 400)
			a := send(t, g, http.MethodPost, "/login", url.Values{"login_id": {"ada"}, "password": {stolen}}.Encode(), "Content-Type", form)
			require.Equal(t, http.StatusUnauthorized, a.Status)
		}
	})
}

// Attack: ask for ever new scopes, so that what is remembered grows without end.
func TestEverNewScopesAreNotRememberedForEver(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		var tokens testkit.TokenAnswer
		for i := range 60 {
			scope := fmt.Sprintf("%d-%s", i, strings.Repeat("s", 120))
			tokens = g.Redeem(t, app, b.Code(t, app, "scope="+scope))
			require.Equal(t, scope, tokens.Scope)
		}
		consent, err := g.Store.Consent(t.Context(), b.User.ID, app.ID)
		require.NoError(t, err)
		require.LessOrEqual(t, len(strings.Join(consent.Scopes, " ")), 4096)
		require.Contains(t, consent.Scopes, tokens.Scope, "the last one is remembered")
	})
}
