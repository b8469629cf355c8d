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

// Attack: register a client, and have our address send people to it without a
// question, by asking for what must be answered at once (RFC 9700 §4.11.2).
func TestAStrangersClientSendsNobodyOnUnasked(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.PublicApp(t)
		_, err := g.Store.UpdateApp(t.Context(), app.ID, func(a *gatehouse.App) error {
			a.IsDynamicallyRegistered = true
			return nil
		})
		require.NoError(t, err)
		for _, change := range [][]string{
			{"prompt=none"}, {"prompt=none", "max_age=0"}, {"prompt=none", "response_mode=fragment"}, {"prompt=none", "response_mode=form_post"}, {"prompt=none", "response_type=token"},
			{"prompt=none", "scope=\""}, {"prompt=none login"}, {"prompt=none", "-code_challenge"}, {"prompt=none", "request_uri=x"}, {"response_mode=form_post", "resource=x"},
		} {
			a := g.NewBrowser(t).Authorize(t, app, change...)
			require.False(t, strings.HasPrefix(a.Location, "https://app.example.com"), "%v: %s", change, a.Location)
			require.Zero(t, a.Page(t).Find("[action*='app.example.com']").Length(), "%v", change)
		}
		a := g.NewBrowser(t).Authorize(t, app, "prompt=none")
		require.Equal(t, http.StatusUnauthorized, a.Status)
		require.Contains(t, a.Body, "You are not signed in")
		// Who is signed in is known: the app is told what it asked.
		a = g.SignedIn(t, g.User(t, "ada")).Authorize(t, app, "prompt=none")
		require.Equal(t, "consent_required", a.Query.Get("error"))
		// An app that somebody here vouched for is told at once (OpenID Connect Core §3.1.2.1).
		a = g.NewBrowser(t).Authorize(t, g.App(t, nil), "prompt=none")
		require.Equal(t, "login_required", a.Query.Get("error"))
	})
}

// Attack: a query that is read differently at each step. What cannot be read is
// passed over throughout, and signing in comes to an end.
func TestAQueryThatIsHalfUnreadableIsReadOneWay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		for _, rubbish := range []string{"&x=%zz", "&%zz", "&a;b", "&redirect_uri=%zz", "&client_id=%"} {
			a := b.Get(t, "/oauth/authorize?"+testkit.AuthorizeQuery(app, "prompt=login", "max_age=0").Encode()+rubbish)
			require.Equal(t, http.StatusSeeOther, a.Status)
			back := a.Query.Get("redirect_to")
			require.True(t, strings.HasPrefix(back, "/oauth/authorize?"), back)
			require.NotContains(t, back, "prompt")
			require.NotContains(t, back, "max_age")
			require.NotEmpty(t, b.Get(t, back).Code())
		}
	})
}

// The app's own query reaches it, whatever it looks like (RFC 6749 §3.1.2).
func TestTheRedirectURIsQueryIsKeptEvenIfItIsNoForm(t *testing.T) {
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

// Attack: below a path of a host that others share, send people to the others.
func TestBelowABasePathNobodyIsSentBesideIt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		g := logged(t, databaseURL, "/sso", slog.New(slog.DiscardHandler))
		g.Person(t, "ada")
		for target, want := range map[string]string{
			"/sso/settings/security?a=../..": "/sso/settings/security?a=../..", "/sso": "/sso", "/sso/": "/sso/", "/sso?x": "/sso?x",
			"/": "/sso/", "/other": "/sso/", "/ssoother": "/sso/", "/sso/../other": "/sso/", "/sso/..//other": "/sso/", "/sso/..?/sso/": "/sso/", "/./sso/../x": "/sso/", "/other#/sso/": "/sso/", "/SSO/": "/sso/",
		} {
			b := g.NewBrowser(t)
			a := b.Post(t, "/login", url.Values{"login_id": {"ada"}, "password": {testkit.Password}, "redirect_to": {target}})
			require.Equal(t, http.StatusSeeOther, a.Status, target)
			require.Equal(t, want, a.Location, target)
			for _, c := range a.Header.Values("Set-Cookie") {
				require.Contains(t, c, "Path=/sso;", "the others get no cookie")
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
