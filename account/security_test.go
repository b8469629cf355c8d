package account_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

const security = "/settings/security"

// signedInByPassword returns a browser in which the user signed in on the page.
func signedInByPassword(t *testing.T, g *testkit.Gateway, user gatehouse.User) *testkit.Browser {
	t.Helper()
	b := g.NewBrowser(t)
	b.User = user
	require.Equal(t, http.StatusSeeOther, b.Post(t, "/login", url.Values{"login_id": {user.Username}, "password": {testkit.Password}}).Status)
	return b
}

func noticeOf(t *testing.T, a testkit.Answer) string {
	t.Helper()
	return strings.TrimSpace(a.Page(t).Find(".notice").Text())
}

// audited returns the audit events with this name, newest first.
func audited(t *testing.T, g *testkit.Gateway, name string) []gatehouse.AuditEvent {
	t.Helper()
	all, err := g.Store.AuditEvents(t.Context(), "", 1000)
	require.NoError(t, err)
	var found []gatehouse.AuditEvent
	for _, e := range all {
		if e.Event == name {
			found = append(found, e)
		}
	}
	return found
}

func TestStartPageLinksToTheMenu(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		a := g.NewBrowser(t).Get(t, "/")
		require.Equal(t, http.StatusSeeOther, a.Status)
		require.Equal(t, "/login?redirect_to=%2F", a.Location)

		links := func(user gatehouse.User) []string {
			page := g.SignedIn(t, user).Get(t, "/").Page(t)
			menu := page.Find("nav.menu a").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("href", "") })
			list := page.Find(".ways a").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("href", "") })
			require.ElementsMatch(t, menu, list, "the page and the menu have the same links")
			return list
		}
		ana, root := g.User(t, "ana"), g.Admin(t, "root")
		const apps, console = "/integrations/oauth2-apps", "/console"
		require.ElementsMatch(t, []string{security}, links(ana))
		require.ElementsMatch(t, []string{security, apps, console}, links(root))
		g.Set(t, gatehouse.SettingEnableUserAppRegistration, "true")
		require.ElementsMatch(t, []string{security, apps}, links(ana))
		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		require.ElementsMatch(t, []string{security}, links(ana))
		require.ElementsMatch(t, []string{security, console}, links(root))
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.UserWithPassword(t, "ana")
		here, there, elsewhere := g.SignedIn(t, ana), g.SignedIn(t, ana), g.SignedIn(t, ana)
		ben := g.SignedIn(t, g.User(t, "ben"))
		now := time.Now()
		require.NoError(t, g.Store.CreateSession(t.Context(), gatehouse.Session{
			ID: gatehouse.NewID(), TokenHash: "expired", UserID: ana.ID, CreateAt: now.Add(-time.Hour), LastSeenAt: now.Add(-time.Hour), ExpiresAt: now.Add(-time.Minute),
		}))
		page := here.Get(t, security).Page(t)
		rows := page.Find(`section[aria-labelledby=sessions-title] .row`)
		require.Equal(t, 3, rows.Length(), "three active sessions; no expired one, and none of ben")
		require.Equal(t, 1, rows.Find(".tag").Length(), "one is the current one")
		require.Equal(t, 2, rows.Find("form").Length(), "the others can be signed out")

		thereID := sessionOf(t, g, there)
		a := here.Follow(t, here.Post(t, security+"/sessions/"+thereID+"/sign-out", nil))
		require.Equal(t, "The session was signed out.", noticeOf(t, a))
		require.Equal(t, http.StatusSeeOther, there.Get(t, "/").Status)
		require.Equal(t, http.StatusOK, elsewhere.Get(t, "/").Status)

		for _, id := range []string{thereID, sessionOf(t, g, ben), "x", gatehouse.NewID()} {
			a = here.Follow(t, here.Post(t, security+"/sessions/"+id+"/sign-out", nil))
			require.Equal(t, "This session has already ended.", noticeOf(t, a), "the same answer for another user's session and for an unknown one")
		}
		require.Equal(t, http.StatusOK, ben.Get(t, "/").Status)

		a = here.Follow(t, here.Post(t, security+"/sign-out-elsewhere", nil))
		require.Equal(t, "You are signed out everywhere else.", noticeOf(t, a))
		require.Equal(t, http.StatusSeeOther, elsewhere.Get(t, "/").Status)
		require.Equal(t, http.StatusOK, ben.Get(t, "/").Status)
		require.Len(t, audited(t, g, gatehouse.AuditRevokeSessions), 2)
	})
}

// sessionOf returns the id of a browser's session.
func sessionOf(t *testing.T, g *testkit.Gateway, b *testkit.Browser) string {
	t.Helper()
	session, _, err := g.Store.SessionByTokenHash(t.Context(), gatehouse.HashSecret(sessionToken(t, g, b)))
	require.NoError(t, err)
	return session.ID
}

// sessionToken returns the session token in a browser's cookies.
func sessionToken(t *testing.T, g *testkit.Gateway, b *testkit.Browser) string {
	t.Helper()
	site, err := url.Parse(g.URL)
	require.NoError(t, err)
	for _, c := range b.Jar.Cookies(site) {
		if c.Name == "MMAUTHTOKEN" || strings.Contains(c.Name, "gatehouse_session_") {
			return c.Value
		}
	}
	require.Fail(t, "no session")
	return ""
}

func TestUserAgentIsEscaped(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.UserWithPassword(t, "ana")
		b := g.SignedIn(t, ana)
		now := time.Now()
		require.NoError(t, g.Store.CreateSession(t.Context(), gatehouse.Session{
			ID: gatehouse.NewID(), TokenHash: "x", UserID: ana.ID, UserAgent: `<img src=x onerror=alert(1)>`, IP: `"><b>`, CreateAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour),
		}))
		page := b.Get(t, security).Page(t)
		require.Zero(t, page.Find("main img, main b").Length())
		require.Contains(t, page.Find("main").Text(), "<img src=x onerror=alert(1)>")
	})
}

func TestFormsSentAfterSigningOutLeadBackToThePage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		signedOut, ana := g.NewBrowser(t), g.SignedIn(t, g.User(t, "ana"))
		for _, path := range []string{security + "/password", security + "/sign-out-elsewhere", security + "/sessions/x/sign-out"} {
			a := signedOut.Post(t, path, nil)
			require.Equal(t, http.StatusSeeOther, a.Status, path)
			returnURL := a.Query.Get("redirect_to")
			require.True(t, strings.HasPrefix(returnURL, security+"?kept_form="), returnURL)
			require.Equal(t, http.StatusOK, ana.Get(t, returnURL).Status)
			require.Equal(t, security, ana.Get(t, path).Location)
		}
	})
}

func TestAuthorizedAppsArePagedByName(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.SignedIn(t, g.User(t, "ana"))
		for i := range 130 {
			app := g.App(t, func(n *registration.NewApp) { n.Name = fmt.Sprintf("App %03d", i) })
			_, err := g.Store.RecordConsent(t.Context(), ana.User.ID, app.ID, []string{"user", "files:read"}, nil, time.Now())
			require.NoError(t, err)
		}
		var names []string
		path := security
		for path != "" {
			page := ana.Get(t, path).Page(t)
			page.Find(`section[aria-labelledby=apps-title] h3`).Each(func(_ int, s *goquery.Selection) { names = append(names, s.Find("bdi").Text()) })
			path = page.Find("a[rel=next]").AttrOr("href", "")
		}
		require.Len(t, names, 130)
		require.IsIncreasing(t, names)
		require.Contains(t, ana.Get(t, security).Page(t).Find(".scopes").First().Text(), "Read your username")
		require.Contains(t, ana.Get(t, "/").Page(t).Find(".ways").Text(), "130 apps")
	})
}
