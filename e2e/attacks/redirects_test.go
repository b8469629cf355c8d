package attacks_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// Attack: register a client, and make Gatehouse redirect the browser to it without
// consent, with requests that must be answered at once (RFC 9700 §4.11.2).
func TestSelfRegisteredClientIsNoOpenRedirector(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.PublicApp(t)
		_, err := g.Store.UpdateApp(t.Context(), app.ID, func(a *gatehouse.App) error {
			a.IsDynamicallyRegistered = true
			return nil
		})
		require.NoError(t, err)
		browsers := map[string]*testkit.Browser{"not signed in": g.NewBrowser(t), "signed in": g.SignedIn(t, g.User(t, "ada"))}
		for _, change := range [][]string{
			{"prompt=none"}, {"prompt=none", "max_age=0"}, {"prompt=none", "response_mode=fragment"}, {"prompt=none", "response_mode=form_post"}, {"prompt=none", "response_type=token"},
			{"prompt=none", "scope=\""}, {"prompt=none login"}, {"prompt=none", "-code_challenge"}, {"prompt=none", "request_uri=x"}, {"response_mode=form_post", "resource=x"},
		} {
			for who, b := range browsers {
				a := b.Authorize(t, app, change...)
				require.False(t, strings.HasPrefix(a.Location, "https://app.example.com"), "%s %v: %s", who, change, a.Location)
				require.Zero(t, a.Page(t).Find("[action*='app.example.com']").Length(), "%s %v", who, change)
			}
		}
		a := g.NewBrowser(t).Authorize(t, app, "prompt=none")
		require.Equal(t, http.StatusUnauthorized, a.Status)
		require.Contains(t, a.Body, "Sign in first")
		// The client of an app that a user has registered gets the error at once (OpenID
		// Connect Core §3.1.2.1).
		a = g.NewBrowser(t).Authorize(t, g.App(t, nil), "prompt=none")
		require.Equal(t, "login_required", a.Query.Get("error"))
	})
}

// Attack: a query that each step parses differently. A parameter that cannot be
// parsed is refused at the first step.
func TestMalformedQueryNeverReachesTheSignInPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		for _, malformed := range []string{"&x=%zz", "&%zz", "&a;b", "&redirect_uri=%zz", "&client_id=%"} {
			a := b.Get(t, "/oauth/authorize?"+testkit.AuthorizeQuery(app, "prompt=login", "max_age=0").Encode()+malformed)
			require.Empty(t, a.Code(), malformed)
			require.NotContains(t, a.Location, "/login", malformed)
			if malformed == "&x=%zz" {
				require.Equal(t, "invalid_request", a.Query.Get("error"))
			} else {
				require.Equal(t, http.StatusBadRequest, a.Status, malformed)
			}
		}
	})
}

// The query of a redirect URI reaches the app unchanged, even if it is not
// form-encoded (RFC 6749 §3.1.2).
func TestQueryOfTheRedirectURIIsKept(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		for _, uri := range []string{"https://app.example.com/cb?a=1;b=2", "https://app.example.com/cb?100%", "https://app.example.com/cb?a=%zz&c"} {
			app := g.App(t, func(n *registration.NewApp) { n.IsTrusted, n.RedirectURIs = true, []string{uri} })
			a := b.Authorize(t, app, "redirect_uri="+uri)
			require.True(t, strings.HasPrefix(a.Location, uri+"&"), a.Location)
			require.NotEmpty(t, a.Code(), a.Location)
			g.Redeem(t, app, a.Code(), "redirect_uri="+uri)
		}
	})
}

// Attack: redirect users to another application on the host of a site URL with a
// path.
func TestRedirectsStayBelowTheBasePath(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		g := startWithLog(t, databaseURL, "/sso", slog.New(slog.DiscardHandler))
		g.UserWithPassword(t, "ada")
		for target, want := range map[string]string{
			"/sso/settings/security?a=../..": "/sso/settings/security?a=../..", "/sso": "/sso", "/sso/": "/sso/", "/sso?x": "/sso?x",
			"/": "/sso/", "/other": "/sso/", "/ssoother": "/sso/", "/sso/../other": "/sso/", "/sso/..//other": "/sso/", "/sso/..?/sso/": "/sso/", "/./sso/../x": "/sso/", "/other#/sso/": "/sso/", "/SSO/": "/sso/",
		} {
			b := g.NewBrowser(t)
			a := b.Post(t, "/login", url.Values{"login_id": {"ada"}, "password": {testkit.Password}, "redirect_to": {target}})
			require.Equal(t, http.StatusSeeOther, a.Status, target)
			require.Equal(t, want, a.Location, target)
			for _, c := range a.Header.Values("Set-Cookie") {
				require.Contains(t, c, "Path=/sso;", "other paths get no cookie")
			}
		}
		a := send(t, g, http.MethodGet, "/login?redirect_to=/other", "")
		require.NotContains(t, a.Body, "/other")
		for _, path := range []string{"/oauth/authorize", "/login", "/api/v4/users/me", "/ssologin", "/sso/sso/login", "/.well-known/oauth-authorization-server"} {
			root := &testkit.Gateway{URL: strings.TrimSuffix(g.URL, "/sso")}
			require.Equal(t, http.StatusNotFound, send(t, root, http.MethodGet, path, "").Status, path)
		}
	})
}
