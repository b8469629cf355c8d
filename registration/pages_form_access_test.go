package registration_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// openForm loads the form of an app and returns its URL and its values.
func openForm(t *testing.T, c *caller, app testkit.App) (action string, form url.Values) {
	t.Helper()
	page := c.get(appPages + "/" + app.ID + "/edit")
	require.Equal(t, http.StatusOK, page.Status, page.Body)
	return formOf(t, page)
}

// described returns an app with a description, which the form requires.
func described(t *testing.T, g *testkit.Gateway) testkit.App {
	t.Helper()
	app := g.App(t, nil)
	_, err := g.Store.UpdateApp(t.Context(), app.ID, func(a *gatehouse.App) error { a.Description = "An app for tests."; return nil })
	require.NoError(t, err)
	return app
}

func TestSystemAdminOpensAnAppToGroupsOnItsForm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, bob := as(t, g, g.Admin(t, "ada")), g.User(t, "bob")
		app, staff, guests := described(t, g), g.Group(t, "Staff"), g.Group(t, "Guests", bob)
		tokens := g.Redeem(t, app, g.SignedIn(t, bob).Code(t, app))
		action, form := openForm(t, admin, app)
		require.Equal(t, "all", form.Get("access"))
		require.Empty(t, form["groups"])

		form.Set("access", "groups")
		page := admin.post(action, form)
		require.Equal(t, http.StatusBadRequest, page.Status)
		require.Contains(t, page.Page(t).Find("#groups-error").Text(), "Choose at least one group")
		require.False(t, stored(t, g, app.ID).IsRestricted)

		form["groups"] = []string{staff.ID, guests.ID}
		require.Equal(t, http.StatusSeeOther, admin.post(action, form).Status)
		require.True(t, stored(t, g, app.ID).IsRestricted)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status, "bob is a guest")
		text := admin.get(appPages + "/" + app.ID).Page(t).Find("main").Text()
		require.Contains(t, text, "Staff")
		require.Contains(t, text, "Guests")

		action, form = openForm(t, admin, app)
		require.ElementsMatch(t, []string{staff.ID, guests.ID}, form["groups"])
		form["groups"] = []string{staff.ID}
		form.Set("name", "Renamed")
		require.Equal(t, http.StatusSeeOther, admin.post(action, form).Status)
		require.Equal(t, "Renamed", stored(t, g, app.ID).Name)
		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)

		action, form = openForm(t, admin, app)
		form.Set("access", "all")
		require.Equal(t, http.StatusSeeOther, admin.post(action, form).Status)
		require.False(t, stored(t, g, app.ID).IsRestricted)
		require.NotEmpty(t, g.SignedIn(t, bob).Code(t, app))
	})
}

// Attack by accident: save a form that was opened before the app was restricted, and open
// the app to all users again.
func TestOldFormDoesNotUndoARestriction(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		app, staff, guests := described(t, g), g.Group(t, "Staff"), g.Group(t, "Guests")
		action, form := openForm(t, admin, app)
		g.Restrict(t, app, staff)
		form.Set("name", "Renamed")
		require.Equal(t, http.StatusSeeOther, admin.post(action, form).Status)
		require.Equal(t, "Renamed", stored(t, g, app.ID).Name)
		require.True(t, stored(t, g, app.ID).IsRestricted, "the user did not change who can use the app")

		action, form = openForm(t, admin, app)
		g.Restrict(t, app, guests)
		form.Set("access", "all")
		page := admin.post(action, form)
		require.Equal(t, http.StatusConflict, page.Status)
		require.Contains(t, page.Page(t).Find("#access-error").Text(), "Another System Admin changed who can use the app")
		require.True(t, stored(t, g, app.ID).IsRestricted)
		action, form = formOf(t, page)
		require.Equal(t, http.StatusSeeOther, admin.post(action, form).Status, "the second time overwrites the change")
		require.False(t, stored(t, g, app.ID).IsRestricted)
	})
}

func TestAccessToAnAppIsForSystemAdmins(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		bob := as(t, g, g.User(t, "bob"))
		app, staff := described(t, g), g.Group(t, "Staff")
		require.NoError(t, g.Store.DeleteApp(t.Context(), app.ID))
		app.App.CreatorID, app.App.Description = bob.browser.User.ID, "An app for tests."
		require.NoError(t, g.Store.CreateApp(t.Context(), app.App))
		require.NoError(t, g.Store.SetAppAccess(t.Context(), app.ID, gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{staff.ID}}, time.Now()))

		action, form := openForm(t, bob, app)
		require.NotContains(t, form, "access")
		require.NotContains(t, bob.get(action).Body, "Staff", "a creator does not see the groups of others in the form")
		form.Set("name", "Renamed")
		require.Equal(t, http.StatusSeeOther, bob.post(action, form).Status)
		require.Equal(t, "Renamed", stored(t, g, app.ID).Name)
		require.True(t, stored(t, g, app.ID).IsRestricted)

		action, form = openForm(t, bob, app)
		form.Set("access", "all")
		require.Equal(t, http.StatusForbidden, bob.post(action, form).Status)
		require.True(t, stored(t, g, app.ID).IsRestricted)
	})
}
