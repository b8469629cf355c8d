package registration_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/server"
	"gatehouse/storage"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

func pagesOf(id string) []string {
	return []string{appPages, appPages + "/add", appPages + "/" + id, appPages + "/" + id + "/edit", appPages + "/" + id + "/regenerate", appPages + "/" + id + "/delete"}
}

// formsOf returns the pages that take a form.
func formsOf(id string) []string {
	return []string{appPages + "/add", appPages + "/" + id + "/edit", appPages + "/" + id + "/regenerate", appPages + "/" + id + "/delete"}
}

func TestPermissionsOfThePages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, bob := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob"))
		app := g.App(t, nil)
		token := actingFor(t, g, admin.browser.User)
		for _, path := range pagesOf(app.ID) {
			require.Equal(t, 200, admin.get(path).Status, path)

			a := signedOut(t, g).get(path + "?a=b%2Fc")
			require.Equal(t, http.StatusSeeOther, a.Status, path)
			require.Equal(t, "/login?redirect_to="+url.QueryEscape(path+"?a=b%2Fc"), a.Location, "the return URL is the page")

			r, err := http.NewRequest(http.MethodGet, g.URL+path, nil)
			require.NoError(t, err)
			r.Header.Set("Authorization", "Bearer "+token.bearer)
			require.Equal(t, http.StatusSeeOther, signedOut(t, g).browser.Do(t, r).Status, "an access token does not open pages")

			a = bob.get(path)
			require.Equal(t, 403, a.Status, path)
			require.Contains(t, a.Body, "Ask a System Admin")
			require.Equal(t, "bob", a.Page(t).Find(".whoami bdi").Text(), "the page has the user's menu")
		}
		for _, path := range formsOf(app.ID) {
			require.Equal(t, http.StatusSeeOther, signedOut(t, g).post(path, typed()).Status, path)
			require.Equal(t, 403, bob.post(path, typed()).Status, path)
		}
		require.Equal(t, app.App.SecretHash, stored(t, g, app.ID).SecretHash)
		require.Equal(t, app.App.Name, stored(t, g, app.ID).Name)

		// A user who may register apps sees only their own apps.
		letUsersRegister(t, g)
		own := bob.post(appPages+"/add", typed("name=Bob's")).Page(t).Find("#client-id").Text()
		require.Equal(t, []string{"Bob's"}, titles(bob.get(appPages).Page(t)))
		require.Len(t, titles(admin.get(appPages).Page(t)), 3)
		for _, path := range pagesOf(app.ID)[2:] {
			require.Equal(t, 403, bob.get(path).Status, path)
			require.Contains(t, bob.get(path).Body, "You don&#39;t have permission to manage this app.")
		}
		for _, path := range formsOf(app.ID)[1:] {
			require.Equal(t, 403, bob.post(path, typed()).Status, path)
		}
		require.Equal(t, app.App.Name, stored(t, g, app.ID).Name)
		for _, path := range pagesOf(own) {
			require.Equal(t, 200, bob.get(path).Status, path)
		}
		for _, id := range []string{gatehouse.NewID(), "x", strings.Repeat("a", 100)} {
			for _, path := range pagesOf(id)[2:] {
				require.Equal(t, 404, admin.get(path).Status, path)
			}
			for _, path := range formsOf(id)[1:] {
				require.Equal(t, 404, admin.post(path, typed()).Status, path)
			}
		}
	})
}

func titles(page *goquery.Document) []string {
	return page.Find("li.app h2").Map(func(_ int, s *goquery.Selection) string { return strings.TrimSpace(s.Text()) })
}

func TestPagesSayThatTheProviderIsOff(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		admin, bob := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob"))
		own := bob.post(appPages+"/add", typed()).Page(t).Find("#client-id").Text()
		before := stored(t, g, own)
		turnOff(t, g)
		for _, path := range pagesOf(own) {
			a := admin.get(path)
			require.Equal(t, 501, a.Status, path)
			require.Equal(t, "OAuth 2.0 applications are turned off", heading(t, a))
			require.Equal(t, "/console", a.Page(t).Find("main a.button").AttrOr("href", ""))
			a = bob.get(path)
			require.Equal(t, 501, a.Status, path)
			require.Zero(t, a.Page(t).Find(`a[href="/console"]`).Length())
			require.Zero(t, a.Page(t).Find(`nav a[href="`+appPages+`"]`).Length(), "the menu has no entry (C 4.1)")
		}
		for _, path := range formsOf(own) {
			require.Equal(t, 501, bob.post(path, typed()).Status, path)
		}
		require.Equal(t, before, stored(t, g, own))
		require.Len(t, admin.all(), 1)
	})
}

func TestFormErrorsAreShownAtTheirFieldsAndInputIsKept(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		app := g.App(t, nil)
		wrong := typed("is_trusted=true", "is_public=true", "name=", "description=  ", "homepage=app.example.com", "icon_url=ftp://x.example/i.png", "callback_urls=https://x.example/cb\nhttps://x.example/#f")
		for path, public := range map[string]bool{appPages + "/add": true, appPages + "/" + app.ID + "/edit": false} {
			a := admin.post(path, wrong)
			require.Equal(t, 400, a.Status, path)
			page := a.Page(t)
			require.Equal(t, 5, page.Find("#problems li").Length(), page.Find("#problems").Text())
			for _, field := range []string{"name", "description", "homepage", "icon_url", "callback_urls"} {
				require.Equal(t, 1, page.Find("#"+field+"-error").Length(), field)
				require.Equal(t, "true", page.Find("#"+field).AttrOr("aria-invalid", ""), field)
			}
			require.Contains(t, page.Find("#callback_urls-error").Text(), `"https://x.example/#f": The redirect URI has a fragment`)
			_, form := formOf(t, a)
			for _, field := range []string{"name", "description", "homepage", "icon_url", "callback_urls", "is_trusted"} {
				require.Equal(t, wrong.Get(field), form.Get(field), field)
			}
			if public {
				require.Equal(t, "true", form.Get("is_public"))
			}
		}
		for uri, says := range map[string]string{"https://*.example.com/cb": "Wildcards are not supported", "https://x.example:99999/cb": "65535", "cursor://": "needs a host", "smb://host/x": "not allowed"} {
			a := admin.post(appPages+"/add", typed("is_public=true", "callback_urls="+uri))
			require.Equal(t, 400, a.Status, uri)
			require.Contains(t, a.Page(t).Find("#callback_urls-error").Text(), says, uri)
		}
		require.Equal(t, app.App.Name, stored(t, g, app.ID).Name)
		require.Len(t, admin.all(), 1)
		long := admin.post(appPages+"/add", typed("name="+strings.Repeat("ä", 33)))
		require.Contains(t, long.Page(t).Find("#name-error").Text(), "64 bytes")
		require.Equal(t, 413, admin.post(appPages+"/add", typed("description="+strings.Repeat("x", 70_000))).Status)
		r, err := http.NewRequest(http.MethodPost, g.URL+appPages+"/add", strings.NewReader("name=%zz"))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		require.Equal(t, 400, admin.browser.Follow(t, admin.browser.Do(t, r)).Status)

		// A self-registered app needs no description and no homepage.
		dynamic := gatehouse.App{ID: gatehouse.NewID(), Name: "d", RedirectURIs: []string{testkit.RedirectURI}, IsPublic: true, IsDynamicallyRegistered: true, TokenEndpointAuthMethod: "none"}
		require.NoError(t, g.Store.CreateApp(context.Background(), dynamic))
		require.Equal(t, http.StatusSeeOther, admin.post(appPages+"/"+dynamic.ID+"/edit", typed("name=e", "description=", "homepage=")).Status)
		require.Equal(t, "e", stored(t, g, dynamic.ID).Name)
	})
}

// What was typed into any field of the form is shown again.
func TestEveryFieldOfTheFormIsKept(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		app, one, two := g.App(t, nil), g.Group(t, "One"), g.Group(t, "Two")
		for _, path := range []string{appPages + "/add", appPages + "/" + app.ID + "/edit"} {
			action, form := formOf(t, admin.get(path))
			for name := range form {
				switch name {
				case "is_trusted", "is_public", "id_token_signed_response_alg", "form", "version", "user_id", "access", "access_version": // choices and hidden fields
				default:
					form.Set(name, "not valid: "+name)
				}
			}
			form.Set("is_trusted", "true")
			form.Set("name", strings.Repeat("x", 65))
			if form.Has("access") {
				form.Set("access", "groups")
				form["groups"] = []string{one.ID, two.ID}
			}
			refused := admin.post(action, form)
			require.Equal(t, http.StatusBadRequest, refused.Status)
			_, again := formOf(t, refused)
			require.Equal(t, form, again, path)
		}
	})
}

// A forged field of the form changes nothing (C 2.10).
func TestTrustedFieldIsForSystemAdmins(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		admin, bob := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob"))
		require.Zero(t, bob.get(appPages+"/add").Page(t).Find(`[name=is_trusted]`).Length())
		require.Equal(t, 2, admin.get(appPages+"/add").Page(t).Find(`[name=is_trusted]`).Length())

		id := bob.post(appPages+"/add", typed("is_trusted=true")).Page(t).Find("#client-id").Text()
		require.False(t, stored(t, g, id).IsTrusted)
		edit := appPages + "/" + id + "/edit"
		require.Zero(t, bob.get(edit).Page(t).Find(`[name=is_trusted]`).Length())
		require.Equal(t, http.StatusSeeOther, bob.post(edit, typed("is_trusted=true")).Status)
		require.False(t, stored(t, g, id).IsTrusted)
		require.Equal(t, http.StatusSeeOther, admin.post(edit, typed("is_trusted=true")).Status)
		require.True(t, stored(t, g, id).IsTrusted)
		for _, forged := range []string{"is_trusted=false", "name=New name"} {
			require.Equal(t, http.StatusSeeOther, bob.post(edit, typed(forged)).Status)
			require.True(t, stored(t, g, id).IsTrusted, "the flag is unchanged")
		}
		require.Contains(t, bob.get(appPages+"/"+id).Page(t).Find(".tags").Text(), "Trusted")
		require.True(t, admin.app(200, "POST", apps+"/"+id+"/regen_secret", nil).IsTrusted)
	})
}

// Links, forms and redirects stay below the path of the site URL.
func TestPagesStayBelowTheBasePath(t *testing.T) {
	store, err := storage.Open(t.Context(), storage.Options{URL: testdb.SQLite(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	site := httptest.NewUnstartedServer(nil)
	siteURL := &url.URL{Scheme: "http", Host: site.Listener.Addr().String(), Path: "/sso"}
	log := slog.New(slog.DiscardHandler)
	gateway, err := server.NewGateway(server.GatewayConfig{SiteURL: siteURL, Secrets: [][]byte{[]byte("a secret of this test, 32 bytes or more")}, Store: store, Log: log})
	require.NoError(t, err)
	site.Config.Handler = gateway.Handler
	site.Start()
	t.Cleanup(site.Close)
	g := &testkit.Gateway{URL: siteURL.String(), Store: store, Apps: registration.NewService(registration.ServiceConfig{Store: store, Log: log})}
	g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "true")

	require.Equal(t, "/sso/login?redirect_to="+url.QueryEscape("/sso"+appPages), signedOut(t, g).get(appPages).Location)
	admin := as(t, g, g.Admin(t, "ada"))
	created := admin.post(appPages+"/add", typed())
	id := created.Page(t).Find("#client-id").Text()
	require.Contains(t, created.Body, siteURL.String()+"/oauth/access_token")
	for _, path := range pagesOf(id) {
		a := admin.get(path)
		require.Equal(t, 200, a.Status, path)
		a.Page(t).Find("a[href],form[action]").Each(func(_ int, s *goquery.Selection) {
			to := s.AttrOr("href", s.AttrOr("action", ""))
			if strings.HasPrefix(to, "/") {
				require.True(t, strings.HasPrefix(to, "/sso/"), to)
			}
		})
	}
	edited := admin.post(appPages+"/"+id+"/edit", typed("name=New"))
	require.Equal(t, "/sso"+appPages, edited.Location)
	require.Contains(t, edited.Header.Get("Set-Cookie"), "Path=/sso/;")
}
