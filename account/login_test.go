package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

// form sends the form of the sign-in page.
func form(loginID, password, redirectTo string) request {
	return request{method: "POST", path: "/login", body: url.Values{"login_id": {loginID}, "password": {password}, "redirect_to": {redirectTo}}.Encode()}
}

// TestAPISignInOfAScriptSetsTheCookiesOfTheContract: C 1.13, E17.
func TestAPISignInOfAScriptSetsTheCookiesOfTheContract(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store, func(c *siteConfig) { c.base = "/sso" })
		ana := s.user("ana")
		call := login("ana", password)
		call.header = http.Header{"X-Requested-With": {"XMLHttpRequest"}}
		w := s.do(call)
		require.Equal(t, http.StatusOK, w.Code)
		cookies := cookiesOf(w.Result())
		require.Len(t, cookies, 4)
		for name, c := range cookies {
			require.Equal(t, "/sso", c.Path, name)
			require.Equal(t, 30*24*3600, c.MaxAge, name)
			require.Equal(t, http.SameSiteLaxMode, c.SameSite, name)
			require.Equal(t, name == "MMAUTHTOKEN" || name == ownCookie, c.HttpOnly, name)
		}
		require.Equal(t, ana.ID, cookies["MMUSERID"].Value)
		require.Equal(t, w.Header().Get("Token"), cookies["MMAUTHTOKEN"].Value)
		require.Equal(t, w.Header().Get("Token"), cookies[ownCookie].Value, "pages see the same session")
		w = s.do(request{
			method: "POST", path: "/api/v4/users/logout", cookie: cookies["MMAUTHTOKEN"].Value, own: cookies[ownCookie].Value,
			header: http.Header{"X-Csrf-Token": {cookies["MMCSRF"].Value}},
		})
		require.Equal(t, http.StatusOK, w.Code, "the API accepts the value of MMCSRF")
		require.Len(t, cookiesOf(w.Result()), 4)
		for name, c := range cookiesOf(w.Result()) {
			require.Negative(t, c.MaxAge, name)
		}
	})
}

func cookiesOf(r *http.Response) map[string]*http.Cookie {
	cookies := map[string]*http.Cookie{}
	for _, c := range r.Cookies() {
		cookies[c.Name] = c
	}
	return cookies
}

func TestCookiesAreSecureOnAnHTTPSSite(t *testing.T) {
	s := newSite(t, sqlite(t), func(c *siteConfig) { c.siteHTTPS = true })
	s.user("ana")
	for name, c := range cookiesOf(s.do(form("ana", password, "")).Result()) {
		require.True(t, c.Secure, name)
		require.Equal(t, "/", c.Path, name)
	}
}

func hidden(t *testing.T, page, name string) string {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	require.NoError(t, err)
	return doc.Find(`input[name="`+name+`"]`).AttrOr("value", "")
}

func TestAFailedSignInShowsThePageAgain(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	for name, tc := range map[string]struct {
		loginID, password string
		status            int
	}{
		"wrong password": {"ana", "wrong password", 401},
		"unknown":        {"<b>unknown", "wrong password", 401},
		"blank":          {"ana", "", 400},
	} {
		w := s.do(form(tc.loginID, tc.password, "/settings/security?a=b"))
		require.Equal(t, tc.status, w.Code, name)
		page := w.Body.String()
		require.Equal(t, tc.loginID, hidden(t, page, "login_id"), name)
		require.Equal(t, "/settings/security?a=b", hidden(t, page, "redirect_to"), name)
		require.Empty(t, hidden(t, page, "password"), name)
		require.Contains(t, page, `role="alert"`, name)
		require.Empty(t, w.Result().Cookies(), name)
		require.Empty(t, w.Header().Get("WWW-Authenticate"), name)
	}
}

func TestThrottledSignInSaysHowLongToWait(t *testing.T) {
	store := sqlite(t)                    // outside the bubble: a goroutine of GORM never ends
	synctest.Test(t, func(t *testing.T) { // The clock stands still.
		s := newSite(t, store)
		s.user("ana")
		signInUntilThrottled(t, s, "ana")
		w := s.do(form("ana", password, "/x"))
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "60", w.Header().Get("Retry-After"))
		require.Contains(t, w.Body.String(), "60 seconds")
		require.Equal(t, "/x", hidden(t, w.Body.String(), "redirect_to"))
	})
}

func TestSigningInEndsThePreviousSession(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		s.user("ana")
		s.user("mallory")
		planted := s.signIn("mallory")

		r := form("ana", password, "")
		r.cookie = planted
		fresh := cookiesOf(s.do(r).Result())[ownCookie].Value
		require.NotEqual(t, planted, fresh)
		require.Equal(t, http.StatusUnauthorized, s.do(request{path: me, cookie: planted}).Code)

		// The same with the API, as the pages of this site call it.
		call := login("ana", password)
		call.own, call.header = fresh, http.Header{"X-Requested-With": {"XMLHttpRequest"}}
		w := s.do(call)
		cookies := cookiesOf(w.Result())
		require.Len(t, cookies, 4)
		require.Equal(t, w.Header().Get("Token"), cookies["MMAUTHTOKEN"].Value)
		require.Equal(t, http.StatusUnauthorized, s.do(request{path: me, cookie: fresh}).Code)

		// The server does not adopt an unknown token.
		r = form("ana", password, "")
		r.own = gatehouse.NewSecret()
		require.NotEqual(t, r.own, cookiesOf(s.do(r).Result())[ownCookie].Value)
	})
}

func TestPromptLoginAsksForThePasswordAgain(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	token := s.signIn("ana")
	w := s.do(request{path: "/login?prompt=login&redirect_to=%2Fx", cookie: token})
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "ana")
	require.Contains(t, w.Body.String(), "Confirm it's you")
	require.Equal(t, "ana", hidden(t, w.Body.String(), "login_id"))

	wrong := form("ana", "wrong password", "/x")
	wrong.cookie = token
	w = s.do(wrong)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Contains(t, w.Body.String(), "Confirm it's you", "the page still asks for the same user")
	require.Equal(t, http.StatusOK, s.do(request{path: me, cookie: token}).Code, "a failed attempt does not end the session")

	w = s.do(request{path: "/login?prompt=login"})
	require.Contains(t, w.Body.String(), "Sign in", "without a session it is the usual page")
	require.NotContains(t, w.Body.String(), "Confirm it's you")
}

func TestPromptSelectAccountLetsAnotherUserSignIn(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	ben := s.user("ben")
	token := s.signIn("ana")
	w := s.do(request{path: "/login?prompt=select_account&redirect_to=%2Fx", cookie: token})
	require.Equal(t, http.StatusOK, w.Code)
	require.NotContains(t, w.Body.String(), "Confirm it's you")
	require.Empty(t, hidden(t, w.Body.String(), "login_id"))

	wrong := form("ben", "wrong password", "/x")
	wrong.cookie = token
	require.NotContains(t, s.do(wrong).Body.String(), "Confirm it's you")

	right := form("ben", password, "/x")
	right.cookie = token
	w = s.do(right)
	require.Equal(t, "/x", w.Header().Get("Location"))
	require.Equal(t, ben.ID, cookiesOf(w.Result())["MMUSERID"].Value, "the cookies of the contract held ana's session, so they follow")
	require.Equal(t, http.StatusUnauthorized, s.do(request{path: me, cookie: token}).Code, "ana's session has ended")
}

func TestLogoutAsksFirst(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	token := s.signIn("ana")
	w := s.do(request{path: "/logout", cookie: token})
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "Sign out?")
	require.Equal(t, http.StatusOK, s.do(request{path: me, cookie: token}).Code, "a link does not sign the user out")

	w = s.do(request{method: "POST", path: "/logout", cookie: token})
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/logout", w.Header().Get("Location"))
	for name, c := range cookiesOf(w.Result()) {
		require.Negative(t, c.MaxAge, name)
		require.Empty(t, c.Value, name)
	}
	require.Equal(t, http.StatusUnauthorized, s.do(request{path: me, cookie: token}).Code)
	require.Contains(t, s.do(request{path: "/logout", cookie: token}).Body.String(), "You're signed out")
}

func TestPagesIgnoreAccessTokens(t *testing.T) {
	s := newSite(t, sqlite(t))
	token := s.tokens.issue(s.user("ana"), gatehouse.NewID())
	require.Equal(t, http.StatusOK, s.do(request{path: "/login", header: bearer(token)}).Code)
	require.Equal(t, http.StatusOK, s.do(request{path: "/login", cookie: token}).Code)
	require.Contains(t, s.do(request{path: "/logout", cookie: token}).Body.String(), "You're signed out")
}

func TestMalformedFormsAreRefused(t *testing.T) {
	s := newSite(t, sqlite(t))
	for name, tc := range map[string]struct {
		body   string
		status int
	}{
		"huge":        {"login_id=" + strings.Repeat("x", 1<<20), 413},
		"bad escapes": {"login_id=%zz", 400},
		"empty":       {"", 400},
	} {
		w := s.do(request{method: "POST", path: "/login", body: tc.body})
		require.Equal(t, tc.status, w.Code, name)
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"), name)
	}
	w := s.do(form(strings.Repeat("x", 5000), "wrong password", ""))
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Empty(t, hidden(t, w.Body.String(), "login_id"))
}
