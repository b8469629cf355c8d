package attacks_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// Attack: replay a consent form, send it for another user, or make a browser send
// it (Dex CVE-2022-39222, RFC 9700 §4.7).
func TestConsentFormBelongsToOneSession(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		ada, eve := g.SignedIn(t, g.User(t, "ada")), g.SignedIn(t, g.User(t, "eve"))
		token := func(b *testkit.Browser) string {
			return b.Authorize(t, app).Page(t).Find("[name=csrf_token]").AttrOr("value", "")
		}
		path := "/oauth/authorize?" + testkit.AuthorizeQuery(app).Encode()
		evil := token(eve)
		require.NotEmpty(t, evil)
		for name, values := range map[string]url.Values{
			"eve's token":       {"csrf_token": {evil}, "decision": {"allow"}},
			"no token":          {"decision": {"allow"}},
			"an empty token":    {"csrf_token": {""}, "decision": {"allow"}},
			"two tokens":        {"csrf_token": {evil, token(ada)}, "decision": {"allow"}},
			"no decision":       {"csrf_token": {token(ada)}},
			"another decision":  {"csrf_token": {token(ada)}, "decision": {"ALLOW"}},
			"the session token": {"csrf_token": {"MMAUTHTOKEN"}, "decision": {"allow"}},
		} {
			a := ada.Post(t, path, values)
			require.Equal(t, http.StatusOK, a.Status, "%s: asked again", name)
			require.Empty(t, a.Code())
		}
		for name, headers := range map[string][]string{
			"another site's form":       {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
			"a sibling's form":          {"Origin", "https://other.example.com", "Sec-Fetch-Site", "same-site"},
			"an old browser, by origin": {"Origin", "https://evil.example"},
			"a sandboxed frame":         {"Origin", "null"},
			"another port":              {"Origin", "http://127.0.0.1"},
		} {
			body := url.Values{"csrf_token": {token(ada)}, "decision": {"allow"}}.Encode()
			a := sendFrom(t, ada, g, http.MethodPost, path, body, append(headers, "Content-Type", form)...)
			require.Equal(t, http.StatusForbidden, a.Status, name)
		}
		_, err := g.Store.Consent(t.Context(), ada.User.ID, app.ID)
		require.ErrorIs(t, err, gatehouse.ErrNotFound, "none of these forms gave consent")

		// The form gives consent only to the request in its URL, which is checked again.
		a := ada.Post(t, "/oauth/authorize?"+testkit.AuthorizeQuery(app, "redirect_uri=https://evil.example/cb").Encode(),
			url.Values{"csrf_token": {token(ada)}, "decision": {"allow"}})
		require.Equal(t, http.StatusBadRequest, ada.Follow(t, a).Status)
		// A form that is sent twice gets two codes of one consent. After signing out, an
		// older form has no effect.
		yes := url.Values{"csrf_token": {token(ada)}, "decision": {"allow"}}
		first, second := ada.Post(t, path, yes).Code(), ada.Post(t, path, yes).Code()
		require.NotEqual(t, first, second)
		g.Redeem(t, app, first)
		g.Redeem(t, app, second)
		require.Equal(t, http.StatusSeeOther, ada.Post(t, "/logout", nil).Status)
		a = ada.Post(t, path, yes)
		require.Equal(t, http.StatusSeeOther, a.Status)
		require.True(t, strings.HasPrefix(a.Location, "/login?"))
	})
}

// Attack: sign the victim in as the attacker, so that the victim works in the
// attacker's account (login CSRF, RFC 6749 §10.12).
func TestOtherSitesCannotSignAUserIn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.UserWithPassword(t, "eve")
		login := url.Values{"login_id": {"eve"}, "password": {testkit.Password}}.Encode()
		json := `{"login_id":"eve","password":"` + testkit.Password + `"}`
		for name, headers := range map[string][]string{
			"a form":           {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
			"an old browser":   {"Origin", "https://evil.example"},
			"a sandbox":        {"Origin", "null"},
			"a sibling domain": {"Sec-Fetch-Site", "same-site", "Origin", "http://evil.127.0.0.1"},
		} {
			for _, call := range [][3]string{
				{"/login", login, form}, {"/api/v4/users/login", json, "text/plain"}, {"/api/v4/users/login", json, "application/json"}, {"/api/v4/users/login", json, form},
			} {
				a := send(t, g, http.MethodPost, call[0], call[1], append(headers, "Content-Type", call[2], "X-Requested-With", "XMLHttpRequest")...)
				require.Equal(t, http.StatusForbidden, a.Status, "%s to %s", name, call[0])
				require.Empty(t, a.Header.Values("Set-Cookie"))
				require.Empty(t, a.Header.Get("Token"))
			}
		}
		a := send(t, g, http.MethodPost, "/api/v4/users/login", json)
		require.Equal(t, http.StatusOK, a.Status)
		require.Empty(t, a.Header.Values("Set-Cookie"), "only requests of our own pages get cookies; they carry X-Requested-With")
		require.Contains(t, a.Header.Get("Cache-Control"), "no-store")
		a = send(t, g, http.MethodGet, "/login?"+login, "")
		require.Empty(t, a.Header.Values("Set-Cookie"), "a link signs no user in")
		a = send(t, g, http.MethodGet, "/logout", "", "Cookie", "MMAUTHTOKEN=x")
		require.Empty(t, a.Header.Values("Set-Cookie"), "a link signs no user out")
	})
}

// Attack: redirect users from Gatehouse's address to another site (RFC 9700 §4.11).
func TestGatehouseIsNotAnOpenRedirector(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.UserWithPassword(t, "ada")
		for _, target := range []string{
			"https://evil.example", "//evil.example", "///evil.example", `/\evil.example`, `\/evil.example`, `/\/evil.example`, "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
			"https:evil.example", "https:/evil.example", "javascript:alert(1)", "data:text/html,x", "/%0d%0aLocation:%20https://evil.example", "/\r\nLocation: https://evil.example", "@evil.example", ".evil.example", "http://127.0.0.1@evil.example",
			"/.//evil.example", "/x/..//evil.example", "/./\\evil.example", "/;@evil.example", "／／evil.example", "/／evil.example", "?x=//evil.example", "#//evil.example", "", "//", "/\x00/evil.example", "/%5cevil.example", "/%2fevil.example",
		} {
			b := g.NewBrowser(t)
			a := b.Post(t, "/login", url.Values{"login_id": {"ada"}, "password": {testkit.Password}, "redirect_to": {target}})
			require.Equal(t, http.StatusSeeOther, a.Status, "%q", target)
			requireSameSite(t, g, a.Location, target)
			a = b.Get(t, "/login?redirect_to="+url.QueryEscape(target)) // signed in: redirects at once
			require.Equal(t, http.StatusSeeOther, a.Status, "%q", target)
			requireSameSite(t, g, a.Location, target)
			for _, path := range []string{"/logout?redirect_to=", "/logout?next=", "/?redirect_to="} {
				require.Empty(t, b.Get(t, path+url.QueryEscape(target)).Location)
			}
		}
		for _, path := range []string{"//evil.example", "//evil.example/..", "///evil.example/", "/%2f%2fevil.example", "/login/..//evil.example", "/.//evil.example", `/\evil.example`, "/evil.example/%2e%2e", "/console//"} {
			_, response := raw(t, g, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
			require.NotContains(t, response, "Location:", path)
		}
		// A self-registered client redirects no user who has not consented to it.
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		a := send(t, g, http.MethodPost, "/api/v4/oauth/apps/register", `{"redirect_uris":["https://evil.example/cb"],"token_endpoint_auth_method":"none"}`)
		require.Equal(t, http.StatusCreated, a.Status)
		id := strings.Split(strings.SplitAfter(a.Body, `"client_id":"`)[1], `"`)[0]
		for _, broken := range []string{"scope=%22", "response_type=x", "prompt=wrong", "request=x", "response_mode=x", "resource=x", "state=a&state=b"} {
			a := send(t, g, http.MethodGet, "/oauth/authorize?client_id="+id+"&redirect_uri=https://evil.example/cb&"+broken, "")
			require.Equal(t, http.StatusBadRequest, a.Status, broken)
			require.Empty(t, a.Location, broken)
		}
	})
}

// requireSameSite requires that a redirect from the sign-in page to the location
// stays on the site.
func requireSameSite(t *testing.T, g *testkit.Gateway, location, target string) {
	t.Helper()
	base, err := url.Parse(g.URL + "/login")
	require.NoError(t, err)
	to, err := base.Parse(location)
	require.NoError(t, err, "%q from %q", location, target)
	require.Equal(t, base.Host, to.Host, "%q from %q", location, target)
	require.False(t, strings.HasPrefix(to.EscapedPath(), "//") || strings.ContainsAny(location, "\\\t\r\n"), "%q from %q", location, target)
}

// Attack: change the session between the steps of a flow.
func TestSessionsOfTwoUsersDoNotMix(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		ada, eve := g.SignedIn(t, g.User(t, "ada.l")), g.SignedIn(t, g.User(t, "eve.l"))
		page := ada.Authorize(t, app) // Ada opens the page; then the browser has Eve's session
		ada.Jar = eve.Jar
		a := ada.Decide(t, page, "allow")
		require.Equal(t, http.StatusOK, a.Status, "the page is shown again, for the user who is signed in now")
		require.Contains(t, a.Body, "eve.l")
		require.NotContains(t, a.Body, "ada.l")

		// A session cookie takes precedence over a bearer token (C 1.1).
		tokens := grant(t, g, g.SignedIn(t, g.User(t, "bob")), app)
		a = sendFrom(t, eve, g, http.MethodGet, "/api/v4/users/me", "", "Authorization", "Bearer "+tokens.AccessToken)
		require.Contains(t, a.Body, eve.User.ID)
		for _, path := range []string{"/api/v4/users/" + ada.User.ID, "/api/v4/users/" + ada.User.ID + "/oauth/apps/authorized"} {
			require.Equal(t, http.StatusForbidden, eve.Get(t, path).Status, path)
			require.Equal(t, http.StatusForbidden, eve.Get(t, strings.Replace(path, ada.User.ID, gatehouse.NewID(), 1)).Status, "a user who does not exist gets the same answer")
		}
	})
}

// Attack: get more than the user allowed. A setting that is turned off while the
// consent page is open applies to its form (Keycloak CVE-2026-7571).
func TestSettingsAreCheckedWhenTheFormIsSubmitted(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		page := b.Authorize(t, app, "response_type=token")
		g.Set(t, gatehouse.SettingEnableImplicitGrant, "false")
		a := b.Decide(t, page, "allow")
		require.Equal(t, "unsupported_response_type", a.Query.Get("error"), a.Location)
		page = b.Authorize(t, app)
		code := b.Decide(t, page, "allow").Code()
		_, err := g.Store.UpdateApp(t.Context(), app.ID, func(a *gatehouse.App) error {
			a.RedirectURIs = []string{"https://new.example.com/cb"}
			return nil
		})
		require.NoError(t, err)
		a = b.Follow(t, b.Decide(t, page, "allow"))
		require.Equal(t, http.StatusBadRequest, a.Status, "the redirect URI is no longer registered")
		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		require.Equal(t, http.StatusNotImplemented, g.Token(t, testkit.RedeemForm(app, code)).Status)
		require.Equal(t, http.StatusNotImplemented, b.Follow(t, b.Decide(t, page, "allow")).Status)
	})
}

// Attack: put a page into a frame (RFC 6749 §10.13, RFC 9700 §4.16).
func TestNoPageCanBeFramed(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		trusted := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.Admin(t, "root"))
		for _, path := range []string{
			"/", "/login", "/logout", "/console", "/settings/security", "/integrations/oauth2-apps", "/nowhere", "/oauth/authorize",
			"/oauth/authorize?" + testkit.AuthorizeQuery(app).Encode(), "/oauth/authorize?" + testkit.AuthorizeQuery(app, "redirect_uri=x").Encode(),
			"/oauth/authorize?" + testkit.AuthorizeQuery(trusted, "response_mode=form_post").Encode(),
		} {
			a := b.Get(t, path)
			require.Contains(t, a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
			require.NotContains(t, a.Header.Get("Content-Security-Policy"), "unsafe", path)
			if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && a.Status == http.StatusOK {
				require.Equal(t, "DENY", a.Header.Get("X-Frame-Options"), path)
			}
			require.Equal(t, "same-origin", a.Header.Get("Referrer-Policy"), path)
			require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"), path)
		}
	})
}
