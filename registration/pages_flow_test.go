package registration_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// typed returns the form of an app, with changes such as "name=Acme".
func typed(changes ...string) url.Values {
	form := url.Values{
		"is_public": {"false"}, "name": {"Acme Notes"}, "description": {"Shared notes."}, "homepage": {"https://app.example.com"},
		"icon_url": {""}, "callback_urls": {testkit.RedirectURI},
	}
	for _, c := range changes {
		name, value, _ := strings.Cut(c, "=")
		form.Set(name, value)
	}
	return form
}

// fillIn returns a page's form with the input of a user.
func fillIn(t *testing.T, page testkit.Answer, changes ...string) (action string, form url.Values) {
	t.Helper()
	action, form = formOf(t, page)
	for _, c := range changes {
		name, value, _ := strings.Cut(c, "=")
		form.Set(name, value)
	}
	return action, form
}

func heading(t *testing.T, a testkit.Answer) string {
	t.Helper()
	return strings.TrimSpace(a.Page(t).Find("h1").Text())
}

func notice(t *testing.T, a testkit.Answer) string {
	t.Helper()
	return strings.TrimSpace(a.Page(t).Find(".notice.good").Text())
}

// The pages of an app list the endpoints of OpenID Connect, and its values for an app that
// asks for a provider, unless OpenID Connect is turned off.
func TestAppPageListsTheEndpointsOfOpenIDConnect(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, admin := g.App(t, nil), as(t, g, g.Admin(t, "ada"))
		for _, on := range []bool{true, false} {
			g.Set(t, gatehouse.SettingEnableOpenIDConnect, strconv.FormatBool(on))
			text := admin.get(appPages + "/" + app.ID).Page(t).Find("main").Text()
			require.Contains(t, text, g.URL+"/oauth/authorize")
			for _, url := range []string{"/.well-known/openid-configuration", "/oauth/userinfo", "/oauth/jwks", "/oauth/logout"} {
				require.Equal(t, on, strings.Contains(text, g.URL+url), url)
			}
			require.Equal(t, on, strings.Contains(text, "Scopes         openid profile email"))
		}
	})
}

// This registers an app, copies its secret, edits it, regenerates the secret and deletes the app.
func TestPagesFromRegistrationToDeletion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		bob, eve := as(t, g, g.User(t, "bob")), as(t, g, g.User(t, "eve"))

		empty := bob.get(appPages)
		require.Equal(t, http.StatusOK, empty.Status)
		require.Contains(t, empty.Body, "There are no applications yet")
		require.Equal(t, appPages+"/add", empty.Page(t).Find(".head a.primary").AttrOr("href", ""))

		action, form := fillIn(t, bob.get(appPages+"/add"), "name= Acme Notes ", "description=Shared notes.", "homepage=https://app.example.com",
			"icon_url=https://app.example.com/i.png", "callback_urls=\r\n  "+testkit.RedirectURI+"  \r\n\r\nhttp://localhost:3000/cb\r\n")
		require.Equal(t, appPages+"/add", action)
		created := bob.post(action, form)
		require.Equal(t, http.StatusOK, created.Status, created.Body)
		require.Equal(t, "no-store", created.Header.Get("Cache-Control"))
		page := created.Page(t)
		id, secret := page.Find("#client-id").Text(), page.Find("#client-secret").Text()
		require.True(t, gatehouse.ValidID(id))
		require.Len(t, secret, 26)
		require.Contains(t, page.Find("main").Text(), "Copy the secret now.")
		app := stored(t, g, id)
		require.Equal(t, "Acme Notes", app.Name)
		require.Equal(t, []string{testkit.RedirectURI, "http://localhost:3000/cb"}, app.RedirectURIs)
		require.Equal(t, bob.browser.User.ID, app.CreatorID)
		for _, title := range []string{"OpenID Connect", "Auth.js", "golang.org/x/oauth2", "curl", "Zapier", "MCP client"} {
			require.Contains(t, page.Find("details.snippet summary").Text(), title)
		}
		require.GreaterOrEqual(t, strings.Count(created.Body, secret), 7, "every snippet has the secret")

		// The copied credentials work.
		client := testkit.App{App: app, Secret: secret}
		g.Redeem(t, client, eve.browser.Code(t, client))

		shown := bob.get(appPages + "/" + id)
		require.Equal(t, "Acme Notes", heading(t, shown))
		require.NotContains(t, shown.Body, secret)
		require.Contains(t, shown.Page(t).Find("main").Text(), "1 user")
		list := bob.get(appPages)
		require.Contains(t, list.Page(t).Find("li.app").Text(), "bob")
		require.Contains(t, list.Page(t).Find("li.app").Text(), "1 user")

		// An edit that does not change the callback URLs needs no confirmation.
		action, form = fillIn(t, bob.get(appPages+"/"+id+"/edit"), "name=Acme Notes 2")
		require.Equal(t, "https://app.example.com/cb\nhttp://localhost:3000/cb", form.Get("callback_urls"))
		require.NotContains(t, form, "is_public", "the field is disabled")
		require.NotContains(t, form, "is_trusted", "the field is not shown")
		edited := bob.post(action, form)
		require.Equal(t, http.StatusSeeOther, edited.Status, edited.Body)
		require.Equal(t, appPages, edited.Location)
		list = bob.get(edited.Location)
		require.Equal(t, "The application was updated.", notice(t, list))
		require.Empty(t, notice(t, bob.get(appPages)), "the notice is shown once")
		require.Equal(t, "Acme Notes 2", stored(t, g, id).Name)

		// A change of the callback URLs needs a confirmation, which works without JavaScript.
		action, form = fillIn(t, bob.get(appPages+"/"+id+"/edit"), "callback_urls="+testkit.RedirectURI)
		asked := bob.post(action, form)
		require.Equal(t, http.StatusOK, asked.Status)
		require.Contains(t, asked.Page(t).Find(".notice.warn").Text(), "Confirm the new callback URLs")
		require.Len(t, stored(t, g, id).RedirectURIs, 2, "nothing is saved yet")
		action, form = fillIn(t, asked, "confirm_callbacks=true")
		require.Equal(t, testkit.RedirectURI, form.Get("callback_urls"), "the input is kept")
		require.Equal(t, http.StatusSeeOther, bob.post(action, form).Status)
		require.Equal(t, []string{testkit.RedirectURI}, stored(t, g, id).RedirectURIs)
		require.Contains(t, asked.Page(t).Find(".notice.warn").Text(), "All users must allow the app again.")
		tokens := g.Redeem(t, client, eve.browser.Code(t, client))

		// A new secret needs a confirmation.
		question := bob.get(appPages + "/" + id + "/regenerate")
		require.Contains(t, question.Page(t).Find("main").Text(), "1 user")
		require.Equal(t, app.SecretHash, stored(t, g, id).SecretHash, "the confirmation page changes nothing")
		action, form = fillIn(t, question)
		regenerated := bob.post(action, form)
		require.Equal(t, http.StatusOK, regenerated.Status)
		require.Equal(t, "no-store", regenerated.Header.Get("Cache-Control"))
		newSecret := regenerated.Page(t).Find("#client-secret").Text()
		require.Len(t, newSecret, 26)
		require.NotEqual(t, secret, newSecret)
		require.NotContains(t, regenerated.Body, secret)
		require.Equal(t, 401, g.Token(t, testkit.RefreshForm(client, tokens.RefreshToken)).Status, "the old secret stops working")

		// The deletion needs a confirmation.
		question = bob.get(appPages + "/" + id + "/delete")
		require.Contains(t, question.Page(t).Find("main").Text(), "1 user authorized this app")
		action, form = fillIn(t, question)
		deleted := bob.post(action, form)
		require.Equal(t, appPages, deleted.Location)
		require.Equal(t, "The application was deleted.", notice(t, bob.get(deleted.Location)))
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, 401, status)
		require.Equal(t, 404, bob.get(appPages+"/"+id).Status)
		require.Equal(t, 404, bob.post(action, form).Status)
	})
}

func TestPagesOfAPublicAppShowNoSecret(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		created := admin.post(appPages+"/add", typed("is_public=true", "callback_urls=com.example.app:/cb"))
		require.Equal(t, http.StatusOK, created.Status, created.Body)
		page := created.Page(t)
		require.Zero(t, page.Find("#client-secret").Length())
		require.NotContains(t, page.Find("details.snippet").Text(), "clientSecret")
		require.NotContains(t, page.Find("details.snippet").Text(), "ClientSecret")
		require.NotContains(t, page.Find("details.snippet").Text(), "client_secret=")
		require.NotContains(t, page.Find("details.snippet").Text(), "Zapier")
		require.Contains(t, page.Find("details.snippet").Text(), "code_verifier")
		id := page.Find("#client-id").Text()
		require.True(t, stored(t, g, id).IsPublic)
		shown := admin.get(appPages + "/" + id).Page(t)
		require.Zero(t, shown.Find(`a[href$="/regenerate"]`).Length())
		require.Contains(t, shown.Find("main").Text(), "This app gets no refresh token.")
		for _, a := range []testkit.Answer{admin.get(appPages + "/" + id + "/regenerate"), admin.post(appPages+"/"+id+"/regenerate", nil)} {
			require.Equal(t, 400, a.Status)
			require.Contains(t, a.Body, "it has no secret to regenerate")
		}
		// The type never changes.
		_, form := fillIn(t, admin.get(appPages+"/"+id+"/edit"), "is_public=false")
		require.Equal(t, http.StatusSeeOther, admin.post(appPages+"/"+id+"/edit", form).Status)
		require.True(t, stored(t, g, id).IsPublic)
	})
}

func TestFormSentTwiceActsOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		action, form := fillIn(t, admin.get(appPages+"/add"), "name=Once", "description=x", "homepage=https://x.example", "callback_urls="+testkit.RedirectURI)
		created := admin.post(action, form)
		id, secret := created.Page(t).Find("#client-id").Text(), created.Page(t).Find("#client-secret").Text()

		again := admin.post(action, form) // the page was reloaded
		require.Equal(t, http.StatusSeeOther, again.Status)
		require.Equal(t, appPages+"/"+id, again.Location)
		shown := admin.get(again.Location)
		require.Contains(t, notice(t, shown), "registered once")
		require.NotContains(t, shown.Body, secret)
		require.Len(t, admin.all(), 1)
		require.True(t, gatehouse.SecretMatches(secret, stored(t, g, id).SecretHash), "the secret that was shown works")

		// The same form with other input does not register an app.
		form.Set("name", "Another")
		differs := admin.post(action, form)
		require.Equal(t, http.StatusConflict, differs.Status)
		require.Contains(t, differs.Body, "This form was already sent")
		_, form = formOf(t, differs)
		require.Equal(t, "Another", form.Get("name"))
		require.Equal(t, http.StatusOK, admin.post(action, form).Status)
		require.Len(t, admin.all(), 2)

		// The same form id of another user registers another app.
		letUsersRegister(t, g)
		require.Equal(t, http.StatusOK, as(t, g, g.User(t, "bob")).post(action, form).Status)

		action, form = formOf(t, admin.get(appPages+"/"+id+"/regenerate"))
		first := admin.post(action, form).Page(t).Find("#client-secret").Text()
		again = admin.post(action, form)
		require.Equal(t, appPages+"/"+id, again.Location)
		require.Contains(t, notice(t, admin.get(again.Location)), "wasn't changed again")
		require.True(t, gatehouse.SecretMatches(first, stored(t, g, id).SecretHash))
	})
}

func TestEditOfAChangedAppIsRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		app := g.App(t, nil)
		path := appPages + "/" + app.ID + "/edit"
		_, mine := fillIn(t, admin.get(path), "name=Mine", "description=x")
		_, theirs := fillIn(t, admin.get(path), "name=Theirs", "description=x")
		require.Equal(t, http.StatusSeeOther, admin.post(path, theirs).Status)
		conflict := admin.post(path, mine)
		require.Equal(t, http.StatusConflict, conflict.Status)
		require.Contains(t, conflict.Page(t).Find("#problems").Text(), "This app was changed while you were editing it")
		require.Equal(t, "Theirs", stored(t, g, app.ID).Name)
		_, mine = formOf(t, conflict)
		require.Equal(t, "Mine", mine.Get("name"), "the input is kept")
		require.Equal(t, http.StatusSeeOther, admin.post(path, mine).Status, "sending the form again overwrites the other change")
		require.Equal(t, "Mine", stored(t, g, app.ID).Name)

		// A new secret does not change the version of the form.
		_, mine = fillIn(t, admin.get(path), "name=Mine 2")
		admin.app(http.StatusOK, "POST", apps+"/"+app.ID+"/regen_secret", nil)
		require.Equal(t, http.StatusSeeOther, admin.post(path, mine).Status)
	})
}

// No later page and no later response contains the secret.
func TestSecretsAreShownOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		byAPI := admin.app(http.StatusCreated, "POST", apps, valid(nil))
		byAPIAgain := admin.app(http.StatusOK, "POST", apps+"/"+byAPI.ID+"/regen_secret", nil)
		page := admin.post(appPages+"/add", typed()).Page(t)
		byPage := page.Find("#client-id").Text()
		action, form := formOf(t, admin.get(appPages+"/"+byPage+"/regenerate"))
		again := admin.post(action, form).Page(t).Find("#client-secret").Text()
		secrets := []string{byAPI.ClientSecret, byAPIAgain.ClientSecret, page.Find("#client-secret").Text(), again}
		for _, id := range []string{byAPI.ID, byPage} {
			admin.browser.Code(t, testkit.App{App: stored(t, g, id)})
			secrets = append(secrets, stored(t, g, id).SecretHash)
		}
		var answers []testkit.Answer
		for _, id := range []string{byAPI.ID, byPage} {
			for _, path := range []string{"", "/edit", "/regenerate", "/delete"} {
				answers = append(answers, admin.get(appPages+"/"+id+path))
			}
			answers = append(answers,
				admin.call("GET", apps+"/"+id, nil), admin.call("GET", apps+"/"+id+"/info", nil),
				admin.call("PUT", apps+"/"+id, valid(object{"id": id})), admin.call("PUT", apps+"/"+id, object{"id": id}),
				admin.post(appPages+"/"+id+"/edit", typed("name=")))
		}
		answers = append(answers, admin.get(appPages), admin.call("GET", apps, nil), admin.call("GET", "/api/v4/users/me/oauth/apps/authorized", nil))
		for _, a := range answers {
			for _, secret := range secrets {
				require.NotEmpty(t, secret)
				require.NotContains(t, a.Body, secret)
			}
		}
	})
}
