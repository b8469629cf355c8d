package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

func TestUsersArePagedAndSearched(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		for i := range 120 {
			g.User(t, fmt.Sprintf("user%03d", i))
		}
		g.User(t, "per_cent")
		seen := map[string]bool{}
		path := "/console/users"
		for pages := 1; ; pages++ {
			page := root.Get(t, path).Page(t)
			page.Find(".rows h2 a").Each(func(_ int, s *goquery.Selection) {
				require.False(t, seen[s.Text()], s.Text())
				seen[s.Text()] = true
			})
			next, ok := page.Find("a[rel=next]").Attr("href")
			if !ok {
				require.Equal(t, 3, pages)
				break
			}
			path = next
		}
		require.Len(t, seen, 122)

		names := func(search string) []string {
			page := root.Get(t, "/console/users?search="+url.QueryEscape(search)).Page(t)
			return page.Find(".rows h2").Map(func(_ int, s *goquery.Selection) string { return s.Text() })
		}
		require.Equal(t, []string{"user042"}, names("SER042@"))
		require.Equal(t, []string{"per_cent"}, names("r_c"), "an underscore is not a wildcard")
		require.Empty(t, names("%"))
		require.Len(t, names("user"), 50)
		require.Contains(t, root.Get(t, "/console/users?search=user").Page(t).Find("a[rel=next]").AttrOr("href", ""), "search=user")
		require.Contains(t, root.Get(t, "/console/users?search=<script>").Page(t).Find(".empty").Text(), "No username or email contains “<script>”")
		for _, page := range []string{"0", "-1", "x", "99999999999999999999", "1%00"} {
			require.Equal(t, http.StatusOK, root.Get(t, "/console/users?page="+page).Status, page)
		}
		require.Contains(t, root.Get(t, "/console/users?page=9").Page(t).Find(".empty").Text(), "no users on this page")
	})
}

func TestCreatingAUser(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		g.User(t, "ana")
		form := url.Values{"username": {"ANA"}, "email": {`"><b>@`}, "password": {"short"}, "is_admin": {"true"}}
		a := root.Post(t, "/console/users/add", form)
		require.Equal(t, http.StatusBadRequest, a.Status)
		page := a.Page(t)
		require.Equal(t, 2, page.Find("p.error").Length(), "whether the username is taken is checked only after the other rules")
		require.Equal(t, url.Values{"username": {"ANA"}, "email": {`"><b>@`}, "password": {""}, "is_admin": {"true"}, "user_id": {root.User.ID}}, formOf(t, page, "/console/users/add"))

		form = url.Values{"username": {"ANA"}, "email": {"ana2@example.com"}, "password": {testkit.Password}}
		a = root.Post(t, "/console/users/add", form)
		require.Equal(t, http.StatusBadRequest, a.Status)
		require.Contains(t, a.Page(t).Find("#username-error").Text(), "This username is already taken")

		form.Set("username", "Ben")
		a = root.Follow(t, root.Post(t, "/console/users/add", form))
		require.Contains(t, a.Page(t).Find(".notice").Text(), "User ben was created.")
		ben, err := g.Store.UserByLogin(t.Context(), "ben")
		require.NoError(t, err)
		require.Equal(t, []string{gatehouse.RoleSystemUser}, ben.Roles)
		require.Equal(t, root.User.ID, events(t, g, gatehouse.AuditCreateUser)[0].ActorID)
		require.Equal(t, http.StatusSeeOther, signIn(t, g, "ben", testkit.Password).Status)

		form = url.Values{"username": {"zoe"}, "email": {"zoe@example.com"}, "password": {testkit.Password}, "is_admin": {"true"}}
		require.Equal(t, http.StatusSeeOther, root.Post(t, "/console/users/add", form).Status)
		zoe, err := g.Store.UserByLogin(t.Context(), "zoe")
		require.NoError(t, err)
		require.True(t, zoe.IsSystemAdmin())
	})
}

func signIn(t *testing.T, g *testkit.Gateway, login, password string) testkit.Answer {
	t.Helper()
	return g.NewBrowser(t).Post(t, "/login", url.Values{"login_id": {login}, "password": {password}})
}

func TestDeactivatingEndsSessionsAndTokens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root, ana := g.SignedIn(t, g.Admin(t, "root")), g.SignedIn(t, g.UserWithPassword(t, "ana"))
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, ana.Code(t, app))
		unused := ana.Code(t, app)
		one := "/console/users/" + ana.User.ID

		require.Contains(t, root.Get(t, one).Page(t).Find("dl").Text(), "Authorized apps1")
		ask := root.Get(t, one+"/deactivate").Page(t)
		require.Contains(t, ask.Find("h1").Text(), "Deactivate ana?")
		require.Equal(t, http.StatusOK, ana.Get(t, "/").Status, "the question changes nothing")
		a := root.Follow(t, root.Post(t, ask.Find("main form").AttrOr("action", ""), nil))
		require.Contains(t, a.Page(t).Find(".notice").Text(), "deactivated")

		require.Equal(t, http.StatusSeeOther, ana.Get(t, "/").Status)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, http.StatusBadRequest, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Status)
		require.Equal(t, http.StatusBadRequest, g.Token(t, testkit.RedeemForm(app, unused)).Status)
		require.Equal(t, http.StatusUnauthorized, signIn(t, g, "ana", testkit.Password).Status)

		a = root.Follow(t, root.Post(t, one+"/activate", nil))
		require.Contains(t, a.Page(t).Find(".notice").Text(), "activated")
		require.Equal(t, http.StatusSeeOther, signIn(t, g, "ana", testkit.Password).Status)
		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status, "ended tokens stay ended")
		require.Equal(t, http.StatusBadRequest, g.Token(t, testkit.RedeemForm(app, unused)).Status)
		require.Len(t, events(t, g, gatehouse.AuditUpdateUserActive), 2)
	})
}

func TestSettingAPasswordFromTheConsole(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root, ana := g.SignedIn(t, g.Admin(t, "root")), g.SignedIn(t, g.UserWithPassword(t, "ana"))
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, ana.Code(t, app))
		path := "/console/users/" + ana.User.ID + "/password"

		a := root.Post(t, path, url.Values{"password": {"short"}})
		require.Equal(t, http.StatusBadRequest, a.Status)
		require.Contains(t, a.Page(t).Find("#password-error").Text(), "at least 8 characters")
		require.NotContains(t, a.Body, "short\"")

		root.Follow(t, root.Post(t, path, url.Values{"password": {"another password"}}))
		require.Equal(t, http.StatusSeeOther, ana.Get(t, "/").Status)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, http.StatusUnauthorized, signIn(t, g, "ana", testkit.Password).Status)
		require.Equal(t, http.StatusSeeOther, signIn(t, g, "ana", "another password").Status)
		require.Len(t, events(t, g, gatehouse.AuditUpdatePassword), 1)
	})
}

func TestSystemAdminsCannotDemoteThemselves(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		g.Admin(t, "ben") // so that root is not the last System Admin
		one := "/console/users/" + root.User.ID
		page := root.Get(t, one).Page(t)
		require.Zero(t, page.Find(`a[href$="/demote"], a[href$="/deactivate"], main form`).Length())
		for _, action := range []string{"deactivate", "demote"} {
			require.Equal(t, http.StatusForbidden, root.Get(t, one+"/"+action).Status, action)
			require.Equal(t, http.StatusForbidden, root.Post(t, one+"/"+action, nil).Status, action)
		}
		a := root.Post(t, one+"/password", url.Values{"password": {"another password"}})
		require.Equal(t, http.StatusForbidden, a.Status, "the Security page asks for the current password")
		after, err := g.Store.User(t.Context(), root.User.ID)
		require.NoError(t, err)
		require.True(t, after.IsSystemAdmin() && after.Active())
	})
}

func TestUnknownUserIsNotFound(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		for _, id := range []string{gatehouse.NewID(), "x", strings.Repeat("a", 26)} {
			for _, action := range []string{"", "/deactivate", "/promote", "/password"} {
				require.Equal(t, http.StatusNotFound, root.Get(t, "/console/users/"+id+action).Status, id+action)
			}
			require.Equal(t, http.StatusNotFound, root.Post(t, "/console/users/"+id+"/promote", nil).Status)
		}
	})
}
