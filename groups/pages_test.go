package groups_test

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

// notice returns the notice of the page that an answer redirects to.
func notice(t *testing.T, b *testkit.Browser, a testkit.Answer) string {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, a.Status, a.Body)
	return strings.TrimSpace(b.Follow(t, a).Page(t).Find(".notice").Text())
}

func TestPagesOfAGroupFromCreationToDeletion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root, ben := g.SignedIn(t, g.Admin(t, "root")), g.User(t, "ben")
		require.Contains(t, root.Get(t, "/console/groups").Page(t).Find(".empty").Text(), "There are no groups yet.")

		page := root.Post(t, "/console/groups/add", url.Values{"name": {"a,b"}, "description": {"Typed"}})
		require.Equal(t, http.StatusBadRequest, page.Status)
		require.Contains(t, page.Page(t).Find("#name-error").Text(), "It must not have a comma")
		require.Equal(t, "a,b", page.Page(t).Find("#name").AttrOr("value", ""))
		require.Equal(t, "Typed", page.Page(t).Find("#description").AttrOr("value", ""))
		created := root.Post(t, "/console/groups/add", url.Values{"name": {"Admins"}, "description": {"They run it"}})
		require.Contains(t, notice(t, root, created), "The group was created.")
		path := created.Location
		group, err := g.Store.GroupByName(t.Context(), "admins")
		require.NoError(t, err)
		require.Equal(t, "/console/groups/"+group.ID, path)
		require.Equal(t, http.StatusBadRequest, root.Post(t, "/console/groups/add", url.Values{"name": {"ADMINS"}}).Status)

		for login, message := range map[string]string{"": "Enter a username or an email.", "nothing": "No user has this username or email."} {
			page = root.Post(t, path+"/members", url.Values{"login": {login}})
			require.Equal(t, http.StatusBadRequest, page.Status)
			require.Contains(t, page.Page(t).Find("#login-error").Text(), message)
		}
		require.Equal(t, "The user was added.", notice(t, root, root.Post(t, path+"/members", url.Values{"login": {" BEN@example.com "}})))
		page = root.Post(t, path+"/members", url.Values{"login": {"ben"}})
		require.Contains(t, page.Page(t).Find("#login-error").Text(), "This user is already in the group.")
		require.Equal(t, http.StatusSeeOther, root.Get(t, path+"/members").Status, "a reload of the address of a form")
		require.Contains(t, root.Get(t, "/console/users/"+ben.ID).Page(t).Find("main").Text(), "Admins")

		app := g.App(t, nil)
		g.Restrict(t, app, group)
		tokens := g.Redeem(t, app, g.SignedIn(t, ben).Code(t, app))
		require.Contains(t, root.Get(t, path).Page(t).Find("main").Text(), "An app")

		require.Equal(t, "The group was updated.", notice(t, root, root.Post(t, path+"/edit", url.Values{"name": {"Ops"}, "description": {""}})))
		page = root.Post(t, path+"/edit", url.Values{"name": {""}, "description": {"x"}})
		require.Equal(t, http.StatusBadRequest, page.Status)
		require.Equal(t, "x", page.Page(t).Find("#description").AttrOr("value", ""))
		require.Equal(t, "Ops", root.Get(t, path+"/edit").Page(t).Find("#name").AttrOr("value", ""))
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status)

		remove, _ := root.Get(t, path).Page(t).Find(".row a.button").Attr("href")
		require.Contains(t, root.Get(t, remove).Page(t).Find("h1").Text(), "Remove ben from the group Ops?")
		require.Contains(t, notice(t, root, root.Post(t, remove, nil)), "The user was removed.")
		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, http.StatusSeeOther, root.Post(t, remove, nil).Status, "the form was sent twice")

		require.Contains(t, root.Get(t, path+"/delete").Page(t).Find("main").Text(), "1 app is open to this group.")
		require.Equal(t, "The group was deleted.", notice(t, root, root.Post(t, path+"/delete", nil)))
		for _, gone := range []string{path, path + "/edit", path + "/delete", remove, "/console/groups/" + gatehouse.NewID(), "/console/groups/x"} {
			require.Equal(t, http.StatusNotFound, root.Get(t, gone).Status, gone)
		}
		require.Contains(t, root.Get(t, appPage(app)).Page(t).Find("main").Text(), "No user, because all its groups were deleted.")
		trail := root.Get(t, "/console/audit").Page(t).Find("main").Text()
		for _, text := range []string{"Create a group", "Change a group", "Add a user to a group", "Remove a user from a group", "Delete a group"} {
			require.Contains(t, trail, text)
		}
	})
}

func appPage(app testkit.App) string { return "/integrations/oauth2-apps/" + app.ID }

func TestGroupsAndMembersArePagedAndSearched(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		var members []gatehouse.User
		for i := range 60 {
			members = append(members, g.User(t, fmt.Sprintf("user%03d", i)))
			g.Group(t, fmt.Sprintf("Team %03d", i))
		}
		all := g.Group(t, "All", members...)
		seen := func(path, selector string) (texts []string) {
			for path != "" {
				page := root.Get(t, path).Page(t)
				page.Find(selector).Each(func(_ int, s *goquery.Selection) { texts = append(texts, s.Text()) })
				path = page.Find("a[rel=next]").AttrOr("href", "")
			}
			return texts
		}
		require.Len(t, seen("/console/groups", ".rows h2"), 61)
		require.Len(t, seen("/console/groups/"+all.ID, ".rows h3"), 60)
		require.Equal(t, []string{"Team 042"}, seen("/console/groups?search=AM%20042", ".rows h2"))
		require.Empty(t, seen("/console/groups?search=%25", ".rows h2"), "a percent sign is not a wildcard")
		require.Contains(t, root.Get(t, "/console/groups/"+all.ID+"?page=9").Page(t).Find(".empty").Text(), "no members on this page")
	})
}
