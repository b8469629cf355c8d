package registration_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

func TestCreateApp(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		user := g.Admin(t, "ada")
		admin := as(t, g, user)

		app := admin.app(http.StatusCreated, "POST", apps, valid(nil))
		require.True(t, gatehouse.ValidID(app.ID))
		require.Len(t, app.ClientSecret, 26)
		require.Equal(t, user.ID, app.CreatorID)
		require.Positive(t, app.CreateAt)
		require.Equal(t, app.CreateAt, app.UpdateAt)
		require.Equal(t, "Acme Notes", app.Name)
		require.Equal(t, "Shared notes.", app.Description)
		require.Equal(t, "https://app.example.com/icon.png", app.IconURL)
		require.Equal(t, []string{testkit.RedirectURI}, app.CallbackURLs)
		require.Equal(t, "https://app.example.com", app.Homepage)
		require.False(t, app.IsTrusted)
		require.True(t, gatehouse.SecretMatches(app.ClientSecret, stored(t, g, app.ID).SecretHash))

		again := admin.app(http.StatusCreated, "POST", apps, valid(nil))
		require.NotEqual(t, app.ID, again.ID, "names don't have to be unique")
		require.NotEqual(t, app.ClientSecret, again.ClientSecret)

		public := admin.call("POST", apps, valid(object{"is_public": true, "callback_urls": []string{"com.example.app:/cb", "http://127.0.0.1/cb"}}))
		require.Equal(t, http.StatusCreated, public.Status, public.Body)
		require.Contains(t, public.Body, `"client_secret":""`)
		require.NotContains(t, public.Body, "is_public")
		require.NotContains(t, public.Body, "is_dynamically_registered")
		require.Equal(t, "no-store", public.Header.Get("Cache-Control"))

		ignored := admin.app(http.StatusCreated, "POST", apps, valid(object{
			"id": app.ID, "creator_id": gatehouse.NewID(), "client_secret": "chosen", "mattermost_app_id": "x", "is_dynamically_registered": true,
			"create_at": 1, "update_at": 1, "secret_hash": "x", "unknown": []int{1}, "grant_types": "y",
		}))
		require.NotEqual(t, app.ID, ignored.ID)
		require.Equal(t, user.ID, ignored.CreatorID)
		require.NotEqual(t, "chosen", ignored.ClientSecret)
		require.Empty(t, ignored.MattermostAppID)
		require.False(t, ignored.IsDynamicallyRegistered)
		require.Greater(t, ignored.CreateAt, int64(1))

		require.True(t, admin.app(http.StatusCreated, "POST", apps, valid(object{"is_trusted": true})).IsTrusted)
		letUsersRegister(t, g)
		bob := as(t, g, g.User(t, "bob"))
		downgraded := bob.app(http.StatusCreated, "POST", apps, valid(object{"is_trusted": true}))
		require.False(t, downgraded.IsTrusted, "without an error")
		require.False(t, stored(t, g, downgraded.ID).IsTrusted)
	})
}

func TestCreateAppChecksInTheContractsOrder(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, bob := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob"))
		const badBody = "api.context.invalid_body_param.app_error"
		for _, body := range []any{"", "garbage", `{"name":`, "[]", "null", `"name"`, object{"name": 5}, object{"callback_urls": "https://x.example/cb"}, `{"name":"a"} trailing`} {
			message := admin.refused(400, badBody, "POST", apps, body)
			require.Contains(t, message, "oauth_app")
			bob.refused(400, badBody, "POST", apps, body)
			signedOut(t, g).refused(401, "api.context.session_expired.app_error", "POST", apps, body)
		}
		bob.refused(403, forbids, "POST", apps, valid(nil))
		bob.refused(403, forbids, "POST", apps, object{})
		admin.refused(413, "api.context.request_body_too_large.app_error", "POST", apps, valid(object{"name": strings.Repeat("x", 301_000)}))

		turnOff(t, g)
		admin.refused(400, badBody, "POST", apps, "garbage")
		bob.refused(403, forbids, "POST", apps, valid(nil))
		admin.refused(501, "api.oauth.register_oauth_app.turn_off.app_error", "POST", apps, object{})
		require.Empty(t, admin.all(), "nothing was registered")
	})
}

// all returns all apps.
func (c *caller) all() []gatehouse.App {
	c.t.Helper()
	list, err := c.g.Store.Apps(c.t.Context(), gatehouse.AppQuery{Limit: 1000})
	require.NoError(c.t, err)
	return list
}

func TestFieldsFollowTheContractsRules(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		long := func(prefix string, n int) string { return prefix + strings.Repeat("x", n-len(prefix)) }
		cases := []struct {
			name    string
			changes object
			invalid string // "" = 201
		}{
			{"missing name", object{"name": nil}, "name"},
			{"empty name", object{"name": ""}, "name"},
			{"name of 64 bytes", object{"name": strings.Repeat("x", 64)}, ""},
			{"name of 65 bytes", object{"name": strings.Repeat("x", 65)}, "name"},
			{"NUL in the name", object{"name": "a\x00b"}, "name"},
			{"NUL in the description", object{"description": "a\x00b"}, "description"},
			{"name of 33 characters with 66 bytes", object{"name": strings.Repeat("ä", 33)}, "name"},
			{"missing callback URLs", object{"callback_urls": nil}, "callback"},
			{"null callback URLs", object{"callback_urls": []string(nil)}, "callback"},
			{"empty list of callback URLs", object{"callback_urls": []string{}}, "callback"},
			{"empty callback URL", object{"callback_urls": []string{"https://x.example/cb", ""}}, "callback"},
			{"callback URL without a host", object{"callback_urls": []string{"http:///cb"}}, "callback"},
			{"relative callback URL", object{"callback_urls": []string{"/cb"}}, "callback"},
			{"uppercase scheme", object{"callback_urls": []string{"HTTPS://x.example/cb"}}, "callback"},
			{"script as callback URL", object{"callback_urls": []string{"javascript:alert(1)"}}, "callback"},
			{"private-use scheme of a confidential app", object{"callback_urls": []string{"com.example.app:/cb"}}, "callback"},
			{"private-use scheme of a public app", object{"callback_urls": []string{"com.example.app:/cb"}, "is_public": true}, ""},
			{"wildcard in the host of a callback URL", object{"callback_urls": []string{"https://*.example.com/cb"}}, "callback"},
			{"port 99999 in a callback URL", object{"callback_urls": []string{"https://x.example:99999/cb"}}, "callback"},
			{"private-use scheme with nothing behind it", object{"callback_urls": []string{"cursor://"}, "is_public": true}, "callback"},
			{"scheme of the operating system", object{"callback_urls": []string{"ms-msdt:/id"}, "is_public": true}, "callback"},
			{"script as callback URL of a public app", object{"callback_urls": []string{"javascript:alert(1)"}, "is_public": true}, "callback"},
			{"fragment in a callback URL", object{"callback_urls": []string{"https://x.example/cb#f"}}, "callback"},
			{"user information in a callback URL", object{"callback_urls": []string{"https://good.example@evil.example/cb"}}, "callback"},
			{"callback URL with http, IP address, port and query", object{"callback_urls": []string{"http://192.0.2.1:8080/cb?a=b"}}, ""},
			{"1024 bytes of callback URLs", object{"callback_urls": []string{long("https://x.example/", 1022)}}, ""},
			{"1025 bytes of callback URLs", object{"callback_urls": []string{long("https://x.example/", 1023)}}, "callback"},
			{"1025 bytes of callback URLs with the separator", object{"callback_urls": []string{long("https://x.example/", 511), long("https://y.example/", 511)}}, "callback"},
			{"missing homepage", object{"homepage": nil}, "homepage"},
			{"homepage of 256 bytes", object{"homepage": long("https://x.example/", 256)}, ""},
			{"homepage of 257 bytes", object{"homepage": long("https://x.example/", 257)}, "homepage"},
			{"script as homepage", object{"homepage": "javascript:alert(1)"}, "homepage"},
			{"homepage without a scheme", object{"homepage": "x.example"}, "homepage"},
			{"missing description", object{"description": nil}, ""},
			{"description of 512 characters", object{"description": strings.Repeat("ä", 512)}, ""},
			{"description of 513 characters", object{"description": strings.Repeat("x", 513)}, "description"},
			{"missing icon URL", object{"icon_url": nil}, ""},
			{"icon URL of 512 bytes", object{"icon_url": long("https://x.example/", 512)}, ""},
			{"icon URL of 513 bytes", object{"icon_url": long("https://x.example/", 513)}, "icon_url"},
			{"data URL as icon", object{"icon_url": "data:image/png;base64,AAAA"}, "icon_url"},

			{"the name is checked first", object{"name": "", "callback_urls": nil, "homepage": "", "description": strings.Repeat("x", 513), "icon_url": "x"}, "name"},
			{"the callback URLs are checked second", object{"callback_urls": nil, "homepage": "", "description": strings.Repeat("x", 513), "icon_url": "x"}, "callback"},
			{"the homepage is checked third", object{"homepage": "", "description": strings.Repeat("x", 513), "icon_url": "x"}, "homepage"},
			{"the description is checked fourth", object{"description": strings.Repeat("x", 513), "icon_url": "x"}, "description"},
		}
		edited := admin.app(http.StatusCreated, "POST", apps, valid(nil))
		editedPublic := admin.app(http.StatusCreated, "POST", apps, valid(object{"is_public": true}))
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				id := edited.ID
				if tc.changes["is_public"] == true {
					id = editedPublic.ID
				}
				update := valid(tc.changes)
				update["id"] = id
				c := &caller{t: t, g: g, browser: admin.browser}
				if tc.invalid == "" {
					c.app(http.StatusCreated, "POST", apps, valid(tc.changes))
					c.app(http.StatusOK, "PUT", apps+"/"+id, update)
					return
				}
				before := stored(t, g, id)
				c.refused(400, "model.oauth.is_valid."+tc.invalid+".app_error", "POST", apps, valid(tc.changes))
				c.refused(400, "model.oauth.is_valid."+tc.invalid+".app_error", "PUT", apps+"/"+id, update)
				require.Equal(t, before, stored(t, g, id))
			})
		}
	})
}
