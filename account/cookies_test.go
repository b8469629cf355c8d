package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/storage"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// mattermost is a cookie that a Mattermost on the same host has set: its token has the
// form of ours.
var mattermost = &http.Cookie{Name: "MMAUTHTOKEN", Value: "k4n8y1wq7pbi5xg3ze9rd6sjta", Path: "/"}

// signInByPage signs a browser in with the form of the sign-in page.
func signInByPage(t *testing.T, b *testkit.Browser, username string) {
	t.Helper()
	a := b.Post(t, "/login", url.Values{"login_id": {username}, "password": {testkit.Password}})
	require.Equal(t, http.StatusSeeOther, a.Status, a.Body)
}

func signedIn(t *testing.T, b *testkit.Browser) bool {
	t.Helper()
	return b.Get(t, "/settings/security").Status == http.StatusOK
}

func TestGatewaysOnOneHostKeepTheirSessions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		first, second := testkit.Start(t, url), testkit.Start(t, testdb.SQLite(t))
		first.UserWithPassword(t, "ana")
		second.UserWithPassword(t, "ana")
		one, two := first.NewBrowser(t), second.NewBrowser(t)
		two.Jar = one.Jar // Cookies are not separated by port.

		signInByPage(t, one, "ana")
		require.False(t, signedIn(t, two), "a session belongs to one gateway")
		signInByPage(t, two, "ana")
		require.True(t, signedIn(t, one), "signing in to one does not sign out of the other")
		require.True(t, signedIn(t, two))
		require.Equal(t, http.StatusSeeOther, one.Post(t, "/logout", nil).Status)
		require.False(t, signedIn(t, one))
		require.True(t, signedIn(t, two), "signing out of one does not sign out of the other")
	})
}

func TestCookiesOfAMattermostOnTheSameHostStay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.UserWithPassword(t, "ana")
		b := g.NewBrowser(t)
		site, err := url.Parse(g.URL)
		require.NoError(t, err)
		theirs := []*http.Cookie{mattermost, {Name: "MMUSERID", Value: gatehouse.NewID(), Path: "/"}, {Name: "MMCSRF", Value: gatehouse.NewID(), Path: "/"}}
		b.Jar.SetCookies(site, theirs)
		requireTheirs := func(after string) {
			t.Helper()
			values := map[string]string{}
			for _, c := range b.Jar.Cookies(site) {
				values[c.Name] = c.Value
			}
			for _, c := range theirs {
				require.Equal(t, c.Value, values[c.Name], "%s after %s", c.Name, after)
			}
		}

		require.False(t, signedIn(t, b), "their token signs no user in here")
		requireTheirs("a page without a session")
		require.Equal(t, http.StatusUnauthorized, b.Get(t, me).Status)
		requireTheirs("an API request without a session")
		signInByPage(t, b, "ana")
		requireTheirs("signing in")
		require.True(t, signedIn(t, b), "their token does not hide the site's own session")
		require.Equal(t, http.StatusOK, b.Get(t, me).Status)

		a := b.Post(t, "/settings/security/password", url.Values{"current_password": {testkit.Password}, "new_password": {"another " + testkit.Password}})
		require.Equal(t, http.StatusSeeOther, a.Status, a.Body)
		require.True(t, signedIn(t, b))
		requireTheirs("a change of the password")
		require.Equal(t, http.StatusSeeOther, b.Post(t, "/logout", nil).Status)
		require.False(t, signedIn(t, b))
		requireTheirs("signing out")
		require.Equal(t, http.StatusSeeOther, b.Post(t, "/logout", nil).Status)
		requireTheirs("signing out again")
	})
}

// TestSignOutEndsEachSessionOfTheBrowser: a client of the API can leave a session in the
// contract's cookie beside the site's own.
func TestSignOutEndsEachSessionOfTheBrowser(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		s.user("ana")
		for path, status := range map[string]int{"/logout": http.StatusSeeOther, "/api/v4/users/logout": http.StatusOK} {
			first, second, elsewhere := s.signIn("ana"), s.signIn("ana"), s.signIn("ana")
			w := s.do(request{method: "POST", path: path, own: first, cookie: second, header: http.Header{"X-Requested-With": {"XMLHttpRequest"}}})
			require.Equal(t, status, w.Code, path)
			require.Len(t, cookiesOf(w.Result()), 4, path)
			for token, status := range map[string]int{first: 401, second: 401, elsewhere: 200} {
				require.Equal(t, status, s.do(request{path: me, header: bearer(token)}).Code, path)
			}
		}
	})
}

func TestLogoutWithATokenDeletesNoOtherCookies(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	browser, script := s.signIn("ana"), s.signIn("ana")
	w := s.do(request{method: "POST", path: "/api/v4/users/logout", header: bearer(script), cookie: mattermost.Value})
	require.Equal(t, http.StatusOK, w.Code)
	require.Empty(t, w.Result().Cookies())
	require.Equal(t, http.StatusUnauthorized, s.do(request{path: me, header: bearer(script)}).Code)
	require.Equal(t, http.StatusOK, s.do(request{path: me, own: browser}).Code)
}

// TestSessionOfAnEarlierVersionMovesToTheOwnCookie: versions before had their session in
// MMAUTHTOKEN.
func TestSessionOfAnEarlierVersionMovesToTheOwnCookie(t *testing.T) {
	store := sqlite(t) // outside the bubble: a goroutine of GORM never ends
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, store)
		s.user("ana")
		token := s.signIn("ana")
		time.Sleep(gatehouse.SessionTouchInterval)
		cookies := cookiesOf(s.do(request{path: me, cookie: token}).Result())
		require.Equal(t, token, cookies[ownCookie].Value)
		require.Equal(t, token, cookies["MMAUTHTOKEN"].Value)
		require.Equal(t, account.CSRFToken(token), cookies["MMCSRF"].Value)

		time.Sleep(gatehouse.SessionTouchInterval)
		cookies = cookiesOf(s.do(request{path: me, own: token, cookie: mattermost.Value}).Result())
		require.Len(t, cookies, 1, "another site's cookie is not overwritten")
		require.Equal(t, token, cookies[ownCookie].Value)
	})
}

func TestManySessionCookiesCostFewQueries(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	token := s.signIn("ana")
	cookies := func(before int) http.Header {
		return http.Header{"Cookie": {strings.Repeat("MMAUTHTOKEN="+mattermost.Value+"; ", before) + "MMAUTHTOKEN=" + token}}
	}
	require.Equal(t, http.StatusOK, s.do(request{path: me, header: cookies(1)}).Code, "another site with a longer path has its cookie first")
	require.Equal(t, http.StatusUnauthorized, s.do(request{path: me, header: cookies(1000)}).Code)
}
