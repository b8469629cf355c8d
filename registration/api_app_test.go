package registration_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

const (
	notFound   = "app.oauth.get_app.find.app_error"
	turnedOff  = "api.oauth.allow_oauth.turn_off.app_error"
	badParam   = "api.context.invalid_url_param.app_error"
	badBody    = "api.context.invalid_body_param.app_error"
	noSession  = "api.context.session_expired.app_error"
	noListHere = "api.command.admin_only.app_error"
)

func TestGetAppAndInfo(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		admin, bob, eve := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob")), as(t, g, g.User(t, "eve"))
		app := bob.app(http.StatusCreated, "POST", apps, valid(nil))
		path := apps + "/" + app.ID
		seen := app
		seen.ClientSecret = "" // only the creation shows it
		require.Equal(t, seen, bob.app(http.StatusOK, "GET", path, nil))
		require.Equal(t, seen, admin.app(http.StatusOK, "GET", path, nil))
		eve.refused(403, forbids, "GET", path, nil)
		require.Equal(t, seen, eve.app(http.StatusOK, "GET", path+"/info", nil), "all members except the secret")
		require.Equal(t, seen, actingFor(t, g, eve.browser.User).app(http.StatusOK, "GET", path+"/info", nil))

		self := g.App(t, nil) // creator "": only users with manage_system_wide_oauth may manage it
		admin.app(http.StatusOK, "GET", apps+"/"+self.ID, nil)
		bob.refused(403, forbids, "GET", apps+"/"+self.ID, nil)
	})
}

func TestUpdateReplacesEveryField(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		app := admin.app(http.StatusCreated, "POST", apps, valid(object{"is_trusted": true}))
		path := apps + "/" + app.ID
		before := stored(t, g, app.ID)

		updated := admin.app(http.StatusOK, "PUT", path, object{
			"id": app.ID, "name": "New", "callback_urls": []string{"https://new.example/cb", "https://new.example/cb2"}, "homepage": "https://new.example",
			"mattermost_app_id": "com.example", "is_public": true,
			"creator_id": gatehouse.NewID(), "client_secret": "x", "create_at": 1, "update_at": 1, "is_dynamically_registered": true,
		})
		require.Equal(t, "New", updated.Name)
		require.Equal(t, []string{"https://new.example/cb", "https://new.example/cb2"}, updated.CallbackURLs)
		require.Empty(t, updated.Description, "a missing member empties the field")
		require.Empty(t, updated.IconURL)
		require.False(t, updated.IsTrusted)
		require.Equal(t, "com.example", updated.MattermostAppID)
		require.Equal(t, app.CreatorID, updated.CreatorID)
		require.Equal(t, app.CreateAt, updated.CreateAt)
		require.GreaterOrEqual(t, updated.UpdateAt, app.UpdateAt)
		require.Empty(t, updated.ClientSecret)
		after := stored(t, g, app.ID)
		require.Equal(t, before.SecretHash, after.SecretHash)
		require.False(t, after.IsPublic)
		require.False(t, after.IsDynamicallyRegistered)
		require.Equal(t, before.TokenEndpointAuthMethod, after.TokenEndpointAuthMethod)

		public := admin.app(http.StatusCreated, "POST", apps, valid(object{"is_public": true}))
		body := valid(object{"id": public.ID, "is_public": false})
		require.Empty(t, admin.app(http.StatusOK, "PUT", apps+"/"+public.ID, body).ClientSecret)
		require.True(t, stored(t, g, public.ID).IsPublic)

		for _, body := range []any{"", "garbage", "null", "[]"} {
			require.Contains(t, admin.refused(400, badBody, "PUT", path, body), "oauth_app")
		}
		for _, id := range []any{"", "x", public.ID, strings.ToUpper(app.ID), nil} {
			require.Contains(t, admin.refused(400, badBody, "PUT", path, valid(object{"id": id})), "app_id")
		}
	})
}

// A user without manage_system can neither set nor remove the flag (C 2.10).
func TestOnlySystemAdminsChangeTheTrustedFlag(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		admin, bob := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob"))
		app := bob.app(http.StatusCreated, "POST", apps, valid(object{"is_trusted": true}))
		path := apps + "/" + app.ID
		put := func(c *caller, trusted any) bool {
			return c.app(http.StatusOK, "PUT", path, valid(object{"id": app.ID, "is_trusted": trusted})).IsTrusted
		}
		require.False(t, app.IsTrusted)
		require.False(t, put(bob, true))
		require.False(t, stored(t, g, app.ID).IsTrusted)
		require.True(t, put(admin, true))
		require.True(t, put(bob, false), "the stored value is kept, without an error")
		require.True(t, put(bob, nil))
		require.True(t, put(bob, true))
		require.True(t, stored(t, g, app.ID).IsTrusted)
		require.False(t, put(admin, nil), "the request replaces every field")
	})
}

func TestRegenerateSecret(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		bob, eve := as(t, g, g.User(t, "bob")), as(t, g, g.User(t, "eve"))
		app := bob.app(http.StatusCreated, "POST", apps, valid(nil))
		old := testkit.App{App: stored(t, g, app.ID), Secret: app.ClientSecret}
		tokens := g.Redeem(t, old, eve.browser.Code(t, old))
		pending := eve.browser.Code(t, old)

		eve.refused(403, forbids, "POST", apps+"/"+app.ID+"/regen_secret", nil)
		answer := bob.call("POST", apps+"/"+app.ID+"/regen_secret", nil)
		require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		again := bob.app(http.StatusOK, "POST", apps+"/"+app.ID+"/regen_secret", nil)
		require.Len(t, again.ClientSecret, 26)
		require.NotEqual(t, app.ClientSecret, again.ClientSecret)
		require.NotContains(t, answer.Body, again.ClientSecret)

		require.Equal(t, 401, g.Token(t, testkit.RedeemForm(old, pending)).Status, "the old secret stops working immediately")
		fresh := testkit.App{App: old.App, Secret: again.ClientSecret}
		g.Redeem(t, fresh, pending)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, 200, status, "tokens keep working")
		require.Equal(t, 200, g.Token(t, testkit.RefreshForm(fresh, tokens.RefreshToken)).Status)

		public := bob.app(http.StatusCreated, "POST", apps, valid(object{"is_public": true}))
		require.Contains(t, bob.refused(400, "api.oauth.regenerate_secret.public_client.app_error", "POST", apps+"/"+public.ID+"/regen_secret", nil), "invalid_request")
	})
}

func TestDeletingAnAppRevokesItForAllUsers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		bob, eve := as(t, g, g.User(t, "bob")), as(t, g, g.User(t, "eve"))
		app := bob.app(http.StatusCreated, "POST", apps, valid(nil))
		client := testkit.App{App: stored(t, g, app.ID), Secret: app.ClientSecret}
		tokens := g.Redeem(t, client, eve.browser.Code(t, client))

		eve.refused(403, forbids, "DELETE", apps+"/"+app.ID, nil)
		require.JSONEq(t, `{"status":"OK"}`, bob.call("DELETE", apps+"/"+app.ID, nil).Body)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, 401, status)
		require.Equal(t, 401, g.Token(t, testkit.RefreshForm(client, tokens.RefreshToken)).Status)
		require.Empty(t, eve.apps("/api/v4/users/me/oauth/apps/authorized"))
		bob.refused(404, notFound, "DELETE", apps+"/"+app.ID, nil)
		bob.refused(404, notFound, "GET", apps+"/"+app.ID, nil)
		bob.refused(404, notFound, "GET", apps+"/"+app.ID+"/info", nil)
		bob.refused(404, notFound, "POST", apps+"/"+app.ID+"/regen_secret", nil)
		bob.refused(404, notFound, "PUT", apps+"/"+app.ID, valid(object{"id": app.ID}))
	})
}

func TestConcurrentUpdatesAndDeletesAreSerialized(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		for range 3 {
			app := admin.app(http.StatusCreated, "POST", apps, valid(nil))
			path := apps + "/" + app.ID
			var wg sync.WaitGroup
			statuses := make([]int, 12)
			for i := range statuses {
				wg.Go(func() {
					switch i % 3 {
					case 0:
						statuses[i] = admin.call("PUT", path, valid(object{"id": app.ID})).Status
					case 1:
						statuses[i] = admin.call("POST", path+"/regen_secret", nil).Status
					default:
						statuses[i] = admin.call("DELETE", path, nil).Status
					}
				})
			}
			wg.Wait()
			deleted := 0
			for i, status := range statuses {
				require.Contains(t, []int{200, 400, 404}, status, "%v", statuses)
				if i%3 == 2 && status == 200 {
					deleted++
				}
			}
			require.Equal(t, 1, deleted, "%v", statuses)
			admin.refused(404, notFound, "GET", path, nil)
		}
	})
}

// If the app is deleted between the check and the change, the error is update_app.find (C 1.10).
func TestServiceReturnsNotFoundForADeletedApp(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ctx := t.Context()
		gone := gatehouse.NewID()
		_, err := g.Apps.Update(ctx, gone, "", func(*gatehouse.App) error { return nil })
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		_, _, err = g.Apps.RegenerateSecret(ctx, gone, "")
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		require.ErrorIs(t, g.Apps.Delete(ctx, gone, ""), gatehouse.ErrNotFound)
		taken := g.App(t, nil)
		_, _, err = g.Apps.Create(ctx, registration.NewApp{ID: taken.ID, Name: "x", Homepage: "https://x.example", RedirectURIs: []string{testkit.RedirectURI}}, "")
		require.ErrorIs(t, err, gatehouse.ErrConflict)
	})
}
