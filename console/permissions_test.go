package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// TestConsoleIsForSystemAdmins requests every page and every form of the console.
func TestConsoleIsForSystemAdmins(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, ana := g.Admin(t, "root"), g.UserWithPassword(t, "ana")
		g.Set(t, gatehouse.SettingEnableUserAppRegistration, "true") // manage_oauth is not enough
		one := "/console/users/" + ana.ID
		members := g.Group(t, "Members", ana)
		group := "/console/groups/" + members.ID
		for _, path := range []string{
			"/console", "/console/users", "/console/users?search=a", "/console/users/add", one,
			one + "/password", one + "/activate", one + "/deactivate", one + "/promote", one + "/demote", "/console/keys", "/console/keys/rotate", "/console/audit",
			"/console/groups", "/console/groups?search=a", "/console/groups/add", group, group + "/edit", group + "/delete", group + "/members", group + "/members/" + ana.ID + "/remove",
		} {
			a := g.NewBrowser(t).Get(t, path)
			require.Equal(t, http.StatusSeeOther, a.Status, path)
			require.Equal(t, "/login?redirect_to="+url.QueryEscape(path), a.Location)

			a = g.SignedIn(t, ana).Get(t, path)
			require.Equal(t, http.StatusForbidden, a.Status, path)
			require.Contains(t, a.Page(t).Find("main").Text(), "Only System Admins can use the console.")
			require.Equal(t, 1, a.Page(t).Find(`nav a[href="/settings/security"]`).Length(), "the menu is shown")
			require.Zero(t, a.Page(t).Find(`nav a[href="/console"]`).Length())

			a = g.SignedIn(t, admin).Get(t, path)
			require.Contains(t, []int{http.StatusOK, http.StatusSeeOther}, a.Status, path)
		}
		for path, form := range map[string]url.Values{
			"/console":                               {gatehouse.SettingEnableImplicitGrant: {"false"}},
			"/console/users/add":                     {"username": {"eve"}, "email": {"eve@example.com"}, "password": {testkit.Password}, "is_admin": {"true"}},
			one + "/password":                        {"password": {"another password"}},
			one + "/activate":                        {},
			one + "/deactivate":                      {},
			one + "/promote":                         {},
			one + "/demote":                          {},
			"/console/keys/rotate":                   {},
			"/console/groups/add":                    {"name": {"Eve's"}},
			group + "/edit":                          {"name": {"Eve's"}},
			group + "/delete":                        {},
			group + "/members":                       {"login": {"root"}},
			group + "/members/" + ana.ID + "/remove": {},
		} {
			require.Equal(t, http.StatusForbidden, g.SignedIn(t, ana).Post(t, path, form).Status, path)
			a := g.NewBrowser(t).Post(t, path, form)
			require.Equal(t, http.StatusSeeOther, a.Status, path)
			require.Contains(t, a.Location, "/login?")
		}
		after, err := g.Store.User(t.Context(), ana.ID)
		require.NoError(t, err)
		require.Equal(t, ana.Roles, after.Roles)
		require.Equal(t, ana.PasswordHash, after.PasswordHash)
		_, err = g.Store.UserByLogin(t.Context(), "eve")
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		groups, err := g.Store.Groups(t.Context(), gatehouse.GroupQuery{Limit: 10})
		require.NoError(t, err)
		require.Equal(t, []gatehouse.Group{members}, groups)
		sizes, err := g.Store.GroupSizes(t.Context(), []string{members.ID})
		require.NoError(t, err)
		require.EqualValues(t, 1, sizes[members.ID].Members)
		settings, err := g.Store.Settings(t.Context())
		require.NoError(t, err)
		require.True(t, settings.EnableImplicitGrant)
	})
}

// The API accepts access tokens, but pages do not.
func TestConsoleIgnoresAccessTokens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		token := g.Redeem(t, app, g.SignedIn(t, g.Admin(t, "root")).Code(t, app)).AccessToken
		for _, path := range []string{"/console", "/console/users", "/settings/security", "/"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL+path, nil)
			require.NoError(t, err)
			r.Header.Set("Authorization", "Bearer "+token)
			a := g.NewBrowser(t).Do(t, r)
			require.Equal(t, http.StatusSeeOther, a.Status, path)
			require.Contains(t, a.Location, "/login?")
		}
	})
}

func TestDemotedUserLosesTheConsoleAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root, ben := g.SignedIn(t, g.Admin(t, "root")), g.SignedIn(t, g.Admin(t, "ben"))
		require.Equal(t, http.StatusOK, ben.Get(t, "/console").Status)
		a := root.Follow(t, root.Post(t, "/console/users/"+ben.User.ID+"/demote", nil))
		require.Contains(t, a.Page(t).Find(".notice").Text(), "no longer a System Admin")
		require.Equal(t, http.StatusForbidden, ben.Get(t, "/console").Status)
		require.Equal(t, http.StatusOK, ben.Get(t, "/").Status, "the user stays signed in")
	})
}

func TestCrossSiteFormIsRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root, ana := g.SignedIn(t, g.Admin(t, "root")), g.User(t, "ana")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL+"/console/users/"+ana.ID+"/promote", nil)
		require.NoError(t, err)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, root.Do(t, r).Status)
		after, err := g.Store.User(t.Context(), ana.ID)
		require.NoError(t, err)
		require.False(t, after.IsSystemAdmin())
	})
}
