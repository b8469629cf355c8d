package openid_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

const afterLogout = "https://app.example.com/signed-out?keep=1"

// signedInApp returns an app that has registered afterLogout, and a browser of its user
// with an ID token.
func signedInApp(t *testing.T, g *testkit.Gateway) (testkit.App, *testkit.Browser, string) {
	t.Helper()
	app := g.App(t, nil)
	_, err := g.Store.UpdateApp(context.Background(), app.ID, func(a *gatehouse.App) error {
		a.OpenID.PostLogoutRedirectURIs = []string{"https://app.example.com/other", afterLogout}
		return nil
	})
	require.NoError(t, err)
	b := g.SignedIn(t, g.User(t, strings.ToLower(gatehouse.NewID()[:10])))
	return app, b, g.Redeem(t, app, b.Code(t, app, "scope=openid")).IDToken
}

func logout(t *testing.T, g *testkit.Gateway, b *testkit.Browser, method string, parameters url.Values) testkit.Answer {
	t.Helper()
	address, body := g.URL+"/oauth/logout", ""
	if method == http.MethodPost {
		body = parameters.Encode()
	} else if len(parameters) > 0 {
		address += "?" + parameters.Encode()
	}
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	require.NoError(t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site") // the app's own page sends the form
	}
	return b.Do(t, r)
}

// isSignedIn reports whether the browser has a session.
func isSignedIn(t *testing.T, g *testkit.Gateway, b *testkit.Browser) bool {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, g.URL+"/settings/security", nil)
	require.NoError(t, err)
	return b.Do(t, r).Status == http.StatusOK
}

// confirm submits the form of the page that asks.
func confirm(t *testing.T, g *testkit.Gateway, b *testkit.Browser, page testkit.Answer) testkit.Answer {
	t.Helper()
	require.Equal(t, http.StatusOK, page.Status)
	require.Equal(t, "Sign out?", page.Page(t).Find("h1").Text())
	action := page.Page(t).Find("main form").AttrOr("action", "")
	r, err := http.NewRequest(http.MethodPost, g.URL+action, nil)
	require.NoError(t, err)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Follow(t, b.Do(t, r)) // the page, or the app
}

// With an ID token of the session that the browser has, the user is signed out at once, and
// returns to the app with the state as it was sent and nothing else.
func TestAppSignsItsUserOut(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			app, b, hint := signedInApp(t, g)
			answer := logout(t, g, b, method, url.Values{"id_token_hint": {hint}, "client_id": {app.ID}, "post_logout_redirect_uri": {afterLogout}, "state": {"a b&c=ä"}, "logout_hint": {"ada"}, "ui_locales": {"fr de"}, "unknown": {"x"}})
			if method == http.MethodPost { // redirected to the same request by GET
				require.Equal(t, http.StatusSeeOther, answer.Status)
				r, err := http.NewRequest(http.MethodGet, g.URL+answer.Location, nil)
				require.NoError(t, err)
				answer = b.Do(t, r)
			}
			require.Equal(t, http.StatusSeeOther, answer.Status, answer.Body)
			require.Equal(t, afterLogout+"&state="+url.QueryEscape("a b&c=ä"), answer.Location)
			require.False(t, isSignedIn(t, g, b))
			again := logout(t, g, b, http.MethodGet, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {afterLogout}})
			require.Equal(t, afterLogout, again.Location, "a user who is signed out already")
		}
	})
}

// An ID token lives for an hour, and a session for weeks: the hint may have expired
// (RP-Initiated Logout §2).
func TestExpiredHintSignsItsUserOut(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		_, b, hint := signedInApp(t, g)
		answer := logout(t, g, b, http.MethodGet, url.Values{"id_token_hint": {g.Expired(t, hint)}, "post_logout_redirect_uri": {afterLogout}})
		require.Equal(t, http.StatusSeeOther, answer.Status, answer.Body)
		require.Equal(t, afterLogout, answer.Location)
		require.False(t, isSignedIn(t, g, b))
	})
}

// Without a hint of this very session the user is asked (logout CSRF), and the browser
// returns to the app only if the hint is an ID token of the app.
func TestLogoutAsksWithoutAHintOfTheSession(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, b, hint := signedInApp(t, g)
		_, _, othersHint := signedInApp(t, g)
		for name, tc := range map[string]struct {
			parameters url.Values
			location   string // after the user has confirmed
		}{
			"nothing":                     {url.Values{}, ""},
			"no hint":                     {url.Values{"client_id": {app.ID}, "post_logout_redirect_uri": {afterLogout}}, ""},
			"a hint that is no token":     {url.Values{"id_token_hint": {"x"}, "post_logout_redirect_uri": {afterLogout}}, ""},
			"a hint with alg none":        {url.Values{"id_token_hint": {unsigned(hint)}, "post_logout_redirect_uri": {afterLogout}}, ""},
			"a hint of another user":      {url.Values{"id_token_hint": {othersHint}, "post_logout_redirect_uri": {afterLogout}}, afterLogout},
			"a hint of another session":   {url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {afterLogout}}, afterLogout},
			"a hint without a return URL": {url.Values{"id_token_hint": {othersHint}}, ""},
		} {
			t.Run(name, func(t *testing.T) {
				b.SignIn(t, b.User)
				page := logout(t, g, b, http.MethodGet, tc.parameters)
				require.True(t, isSignedIn(t, g, b))
				answer := confirm(t, g, b, page)
				require.Equal(t, tc.location, answer.Location)
				require.False(t, isSignedIn(t, g, b))
			})
		}
		b.SignIn(t, b.User)
		r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/logout?confirm", nil)
		require.NoError(t, err)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, b.Do(t, r).Status, "another site posts the form of the page")
		require.True(t, isSignedIn(t, g, b))
	})
}

// unsigned returns a token with the same claims, the algorithm none and no signature.
func unsigned(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	claims, _, _ := strings.Cut(rest, ".")
	return "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + claims + "."
}

// No request sends the browser to an address that the app has not registered.
func TestLogoutIsNoOpenRedirector(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, b, hint := signedInApp(t, g)
		other, _, _ := signedInApp(t, g)
		for _, target := range []string{
			"https://evil.example.com/", afterLogout + "&x=1", afterLogout + "#f", strings.ToUpper(afterLogout), testkit.RedirectURI, "//evil.example.com", "javascript:alert(1)", "/login",
		} {
			answer := logout(t, g, b, http.MethodGet, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {target}})
			require.Equal(t, http.StatusBadRequest, answer.Status, target)
			require.Empty(t, answer.Location)
			require.True(t, isSignedIn(t, g, b), "a request with a mistake changes nothing")
		}
		for _, parameters := range []url.Values{
			{"id_token_hint": {hint}, "client_id": {other.ID}, "post_logout_redirect_uri": {afterLogout}},
			{"id_token_hint": {hint}, "post_logout_redirect_uri": {afterLogout, "https://evil.example.com/"}},
			{"id_token_hint": {hint}, "post_logout_redirect_uri": {afterLogout}, "state": {"1", "2"}},
		} {
			answer := logout(t, g, b, http.MethodGet, parameters)
			require.Equal(t, http.StatusBadRequest, answer.Status, parameters)
			require.Empty(t, answer.Location)
		}
		_, err := g.Store.UpdateApp(t.Context(), app.ID, func(a *gatehouse.App) error { a.OpenID.PostLogoutRedirectURIs = nil; return nil })
		require.NoError(t, err)
		require.Eventually(t, func() bool { // another store may have the app in its cache for a second
			return logout(t, g, b, http.MethodGet, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {afterLogout}}).Status == http.StatusBadRequest
		}, time.Minute, 50*time.Millisecond)
		require.NoError(t, g.Store.DeleteApp(t.Context(), app.ID))
		answer := logout(t, g, b, http.MethodGet, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {afterLogout}})
		require.Equal(t, "Sign out?", answer.Page(t).Find("h1").Text(), "the app was deleted")
	})
}

func TestLogoutIsOffWithOpenIDConnect(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		_, b, hint := signedInApp(t, g)
		g.Set(t, gatehouse.SettingEnableOpenIDConnect, "false")
		answer := logout(t, g, b, http.MethodGet, url.Values{"id_token_hint": {hint}})
		require.Equal(t, http.StatusNotImplemented, answer.Status)
		require.True(t, isSignedIn(t, g, b))
	})
}
