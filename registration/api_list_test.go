package registration_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

func names(list []web.AppJSON) []string {
	n := make([]string, len(list))
	for i, app := range list {
		n[i] = app.Name
	}
	return n
}

func TestListApps(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		admin, bob, eve := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob")), as(t, g, g.User(t, "eve"))
		require.Empty(t, admin.apps(apps))

		register := func(c *caller, name string) web.AppJSON {
			return c.app(http.StatusCreated, "POST", apps, valid(object{"name": name}))
		}
		register(admin, "delta")
		register(bob, "Bravo")
		register(bob, "alpha")
		g.App(t, func(n *registration.NewApp) { n.Name = "charlie" }) // creator ""

		require.Equal(t, []string{"alpha", "Bravo", "charlie", "delta"}, names(admin.apps(apps)), "the apps of all users, by name")
		require.Equal(t, []string{"alpha", "Bravo"}, names(bob.apps(apps)), "only the user's own apps")
		require.Empty(t, eve.apps(apps))
		for _, app := range admin.apps(apps) {
			require.Empty(t, app.ClientSecret)
		}

		for query, want := range map[string][]string{
			"?page=0&per_page=2":                    {"alpha", "Bravo"},
			"?page=1&per_page=2":                    {"charlie", "delta"},
			"?page=2&per_page=2":                    {},
			"?page=1&per_page=3":                    {"delta"},
			"?page=-1&per_page=-5":                  {"alpha", "Bravo", "charlie", "delta"},
			"?page=x&per_page=y":                    {"alpha", "Bravo", "charlie", "delta"},
			"?per_page=0":                           {},
			"?per_page=500":                         {"alpha", "Bravo", "charlie", "delta"},
			"?page=9223372036854775807&per_page=2":  {},
			"?page=99999999999999999999&per_page=1": {"alpha"},
		} {
			require.Equal(t, want, names(admin.apps(apps+query)), query)
		}
		require.Equal(t, []string{"Bravo"}, names(bob.apps(apps+"?page=1&per_page=1")))

		g.Set(t, gatehouse.SettingEnableUserAppRegistration, "false")
		bob.refused(403, "api.command.admin_only.app_error", "GET", apps, nil)
		signedOut(t, g).refused(401, "api.context.session_expired.app_error", "GET", apps, nil)
		turnOff(t, g)
		bob.refused(403, "api.command.admin_only.app_error", "GET", apps, nil)
		admin.refused(501, "api.oauth.allow_oauth.turn_off.app_error", "GET", apps, nil)
	})
}

func TestPagesOfTheAppListHave60AppsAndAtMost200(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		for i := range 205 {
			now := time.Now()
			require.NoError(t, g.Store.CreateApp(context.Background(), gatehouse.App{
				ID: gatehouse.NewID(), Name: fmt.Sprintf("app %03d", i), Homepage: "https://x.example",
				RedirectURIs: []string{testkit.RedirectURI}, CreateAt: now, UpdateAt: now,
			}))
		}
		require.Len(t, admin.apps(apps), 60)
		require.Len(t, admin.apps(apps+"?per_page=1000"), 200)
		require.Len(t, admin.apps(apps+"?page=1&per_page=1000"), 5)
		require.Equal(t, "app 060", admin.apps(apps + "?page=1")[0].Name)

		// The HTML page shows 50 apps.
		list := admin.get(appPages).Page(t)
		require.Equal(t, 50, list.Find("li.app").Length())
		require.Equal(t, "app 000", list.Find("li.app h2").First().Text())
		next := list.Find("a[rel=next]").AttrOr("href", "")
		require.Equal(t, appPages+"?page=2", next)
		last := admin.get(appPages + "?page=5").Page(t)
		require.Equal(t, 5, last.Find("li.app").Length())
		require.Zero(t, last.Find("a[rel=next]").Length())
		require.Equal(t, 1, last.Find("a[rel=prev]").Length())
		search := admin.get(appPages + "?search=APP+1").Page(t)
		require.Equal(t, 50, search.Find("li.app").Length())
		require.Contains(t, search.Find("a[rel=next]").AttrOr("href", ""), "search=APP")
		require.Equal(t, 1, admin.get(appPages+"?search=204").Page(t).Find("li.app").Length())
		for _, page := range []string{"0", "-1", "x", "99999999999999999999"} {
			require.Equal(t, 50, admin.get(appPages+"?page="+page).Page(t).Find("li.app").Length(), page)
		}
		none := admin.get(appPages + "?search=%25")
		require.Zero(t, none.Page(t).Find("li.app").Length())
		require.Contains(t, none.Page(t).Find("main").Text(), "No application matches “%”")
	})
}

// This compares the app object byte for byte (C 1.7).
func TestAppObjectMatchesTheContract(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		at := time.UnixMilli(1767225600000)
		confidential := gatehouse.App{
			ID: "ccccccccccccccccccccccccca", CreatorID: "uuuuuuuuuuuuuuuuuuuuuuuuuu", SecretHash: gatehouse.HashSecret("secret"), Name: "Acme <Notes>",
			Description: "Ünïcode & “quotes”", Homepage: "https://app.example.com/?a=b&c=d", IconURL: "https://app.example.com/i.png",
			RedirectURIs: []string{"https://app.example.com/cb", "http://localhost:3000/cb"}, IsTrusted: true, MattermostAppID: "com.example",
			TokenEndpointAuthMethod: gatehouse.AuthMethodPost, CreateAt: at, UpdateAt: at.Add(time.Second),
		}
		dynamic := gatehouse.App{
			ID: "ccccccccccccccccccccccccco", Name: "d", RedirectURIs: []string{"com.example.app:/cb"}, IsPublic: true, IsDynamicallyRegistered: true,
			TokenEndpointAuthMethod: gatehouse.AuthMethodNone, CreateAt: at, UpdateAt: at,
		}
		require.NoError(t, g.Store.CreateApp(context.Background(), confidential))
		require.NoError(t, g.Store.CreateApp(context.Background(), dynamic))
		const goldenConfidential = `{"id":"ccccccccccccccccccccccccca","creator_id":"uuuuuuuuuuuuuuuuuuuuuuuuuu","create_at":1767225600000,"update_at":1767225601000,"client_secret":"","name":"Acme \u003cNotes\u003e","description":"Ünïcode \u0026 “quotes”","icon_url":"https://app.example.com/i.png","callback_urls":["https://app.example.com/cb","http://localhost:3000/cb"],"homepage":"https://app.example.com/?a=b\u0026c=d","is_trusted":true,"mattermost_app_id":"com.example"}`
		const goldenDynamic = `{"id":"ccccccccccccccccccccccccco","creator_id":"","create_at":1767225600000,"update_at":1767225600000,"client_secret":"","name":"d","description":"","icon_url":"","callback_urls":["com.example.app:/cb"],"homepage":"","is_trusted":false,"mattermost_app_id":"","is_dynamically_registered":true}`
		for _, path := range []string{"", "/info"} {
			require.Equal(t, goldenConfidential+"\n", admin.call("GET", apps+"/"+confidential.ID+path, nil).Body)
			require.Equal(t, goldenDynamic+"\n", admin.call("GET", apps+"/"+dynamic.ID+path, nil).Body)
		}
		require.Equal(t, "["+goldenConfidential+","+goldenDynamic+"]\n", admin.call("GET", apps, nil).Body)
	})
}
