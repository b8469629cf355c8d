package registration_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// lifetimesOfTokens returns the lifetimes of the tokens that an app gets, in seconds: the
// members expires_in, and exp - iat of the introspection of both tokens.
func lifetimesOfTokens(t *testing.T, g *testkit.Gateway, app testkit.App, user *caller) (expiresIn, access, refresh int64) {
	t.Helper()
	tokens := g.Redeem(t, app, user.browser.Code(t, app))
	introspect := func(token string) int64 {
		form := url.Values{"token": {token}, "client_id": {app.ID}, "client_secret": {app.Secret}}
		r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/introspect", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a := signedOut(t, g).browser.Do(t, r)
		var answer struct {
			Active   bool
			Exp, Iat int64
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &answer), a.Body)
		require.True(t, answer.Active, a.Body)
		return answer.Exp - answer.Iat
	}
	return tokens.ExpiresIn, introspect(tokens.AccessToken), introspect(tokens.RefreshToken)
}

func TestLifetimesOfAnAppAreSetByTheAPI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, eve := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "eve"))
		created := admin.app(http.StatusCreated, "POST", apps, valid(object{"access_token_lifetime_seconds": 300, "refresh_token_lifetime_seconds": 7200}))
		require.EqualValues(t, 300, created.AccessTokenLifetimeSeconds)
		require.EqualValues(t, 7200, created.RefreshTokenLifetimeSeconds)
		path := apps + "/" + created.ID
		app := testkit.App{App: stored(t, g, created.ID), Secret: created.ClientSecret}
		require.Equal(t, 5*time.Minute, app.AccessTokenLifetime)
		require.Equal(t, 2*time.Hour, app.RefreshTokenLifetime)
		expiresIn, access, refresh := lifetimesOfTokens(t, g, app, eve)
		require.Equal(t, []int64{300, 300, 7200}, []int64{expiresIn, access, refresh})

		// The contract's clients do not send the members, which keeps their values.
		same := admin.app(http.StatusOK, "PUT", path, valid(object{"id": created.ID, "name": "New"}))
		require.EqualValues(t, 300, same.AccessTokenLifetimeSeconds)
		require.EqualValues(t, 7200, same.RefreshTokenLifetimeSeconds)
		longer := admin.app(http.StatusOK, "PUT", path, valid(object{"id": created.ID, "access_token_lifetime_seconds": 60, "refresh_token_lifetime_seconds": 31_622_400}))
		require.EqualValues(t, 60, longer.AccessTokenLifetimeSeconds)
		require.EqualValues(t, 31_622_400, longer.RefreshTokenLifetimeSeconds)
		reset := admin.call("PUT", path, valid(object{"id": created.ID, "access_token_lifetime_seconds": 0, "refresh_token_lifetime_seconds": 0}))
		require.Equal(t, http.StatusOK, reset.Status, reset.Body)
		require.NotContains(t, reset.Body, "lifetime")
		expiresIn, access, refresh = lifetimesOfTokens(t, g, app, eve)
		require.Equal(t, []int64{3600, 3600, 30 * 24 * 3600}, []int64{expiresIn, access, refresh}, "the settings apply")

		events, err := g.Store.AuditEvents(t.Context(), "", 100)
		require.NoError(t, err)
		var details []string
		for _, e := range events {
			details = append(details, e.Detail)
		}
		require.Contains(t, details, "The access token lifetime changed from 5m0s to 1m0s.")
		require.Contains(t, details, "The refresh token lifetime changed from 8784h0m0s to the setting.")
	})
}

func TestLifetimesAreLimited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		app := admin.app(http.StatusCreated, "POST", apps, valid(nil))
		for _, name := range []string{"access_token_lifetime", "refresh_token_lifetime"} {
			for _, seconds := range []any{-1, 1, 59, 31_622_401, int64(1) << 62, -(int64(1) << 62)} {
				body := valid(object{"id": app.ID, name + "_seconds": seconds})
				for method, path := range map[string]string{"POST": apps, "PUT": apps + "/" + app.ID} {
					message := admin.refused(400, "model.oauth.is_valid."+name+".app_error", method, path, body)
					require.Contains(t, message, "lifetime must be between one minute and one year")
				}
			}
			for _, malformed := range []any{"30m", 1.5, []int{60}, true, "9999999999999999999999"} {
				admin.refused(400, badBody, "POST", apps, valid(object{name + "_seconds": malformed}))
			}
		}
		require.Zero(t, stored(t, g, app.ID).AccessTokenLifetime)
		require.Zero(t, stored(t, g, app.ID).RefreshTokenLifetime)

		message := admin.refused(400, "model.oauth.is_valid.refresh_token_lifetime.app_error", "POST", apps, valid(object{"is_public": true, "refresh_token_lifetime_seconds": 3600}))
		require.Contains(t, message, "A public app gets no refresh tokens")
		public := admin.app(http.StatusCreated, "POST", apps, valid(object{"is_public": true, "access_token_lifetime_seconds": 600}))
		client := testkit.App{App: stored(t, g, public.ID)}
		require.EqualValues(t, 600, g.Redeem(t, client, admin.browser.Code(t, client)).ExpiresIn)
	})
}

// Attack: a user who may register apps makes the tokens of their own app outlast the
// settings, or undoes the short lifetime that a System Admin gave the app.
func TestOnlySystemAdminsSetLifetimes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		admin, bob := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob"))
		for _, name := range []string{"access_token_lifetime_seconds", "refresh_token_lifetime_seconds"} {
			require.Contains(t, bob.refused(403, forbids, "POST", apps, valid(object{name: 600})), "Only System Admins can set the token lifetimes")
		}
		app := bob.app(http.StatusCreated, "POST", apps, valid(object{"access_token_lifetime_seconds": 0}))
		path := apps + "/" + app.ID
		admin.app(http.StatusOK, "PUT", path, valid(object{"id": app.ID, "access_token_lifetime_seconds": 120, "refresh_token_lifetime_seconds": 240}))
		kept := func() {
			t.Helper()
			require.Equal(t, 2*time.Minute, stored(t, g, app.ID).AccessTokenLifetime)
			require.Equal(t, 4*time.Minute, stored(t, g, app.ID).RefreshTokenLifetime)
		}
		for _, seconds := range []int{0, 60, 180, 31_622_400} {
			bob.refused(403, forbids, "PUT", path, valid(object{"id": app.ID, "access_token_lifetime_seconds": seconds}))
			bob.refused(403, forbids, "PUT", path, valid(object{"id": app.ID, "refresh_token_lifetime_seconds": seconds}))
			kept()
		}
		bob.app(http.StatusOK, "PUT", path, valid(object{"id": app.ID, "name": "The same lifetimes", "access_token_lifetime_seconds": 120, "refresh_token_lifetime_seconds": 240}))
		bob.app(http.StatusOK, "PUT", path, valid(object{"id": app.ID, "name": "No lifetimes"}))
		kept()

		page := appPages + "/" + app.ID + "/edit"
		action, form := fillIn(t, bob.get(page), "name=By the page")
		require.NotContains(t, form, "access_token_lifetime")
		require.Equal(t, http.StatusSeeOther, bob.post(action, form).Status)
		kept()
		require.Equal(t, "By the page", stored(t, g, app.ID).Name)
		action, form = fillIn(t, bob.get(page), "access_token_lifetime=720h")
		require.Equal(t, http.StatusForbidden, bob.post(action, form).Status)
		form.Set("access_token_lifetime", "")
		require.Equal(t, http.StatusForbidden, bob.post(action, form).Status)
		require.Equal(t, http.StatusForbidden, bob.post(appPages+"/add", typed("access_token_lifetime=720h")).Status)
		kept()
	})
}

func TestLifetimesOfAnAppAreSetByThePages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, eve := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "eve"))
		action, form := fillIn(t, admin.get(appPages+"/add"), "name=Notes", "description=Notes.", "homepage=https://app.example.com", "callback_urls="+testkit.RedirectURI,
			"access_token_lifetime= 30m ", "refresh_token_lifetime=an hour")
		wrong := admin.post(action, form)
		require.Equal(t, http.StatusBadRequest, wrong.Status)
		require.Contains(t, wrong.Page(t).Find("#refresh_token_lifetime-error").Text(), `"an hour" is not valid. Use a duration from one minute to one year`)
		require.Equal(t, "an hour", wrong.Page(t).Find("#refresh_token_lifetime").AttrOr("value", ""), "the input is kept")
		form.Set("refresh_token_lifetime", "48h")
		created := admin.post(action, form)
		require.Equal(t, http.StatusOK, created.Status, created.Body)
		id := created.Page(t).Find("#client-id").Text()
		app := testkit.App{App: stored(t, g, id), Secret: created.Page(t).Find("#client-secret").Text()}
		expiresIn, access, refresh := lifetimesOfTokens(t, g, app, eve)
		require.Equal(t, []int64{1800, 1800, 48 * 3600}, []int64{expiresIn, access, refresh})
		facts := admin.get(appPages + "/" + id).Page(t).Find("dl.facts").Text()
		require.Contains(t, facts, "30 minutes")
		require.Contains(t, facts, "2 days after the last use")
		require.Equal(t, http.StatusSeeOther, admin.post(action, form).Status, "the same form again registers nothing")

		edit := appPages + "/" + id + "/edit"
		action, form = formOf(t, admin.get(edit))
		require.Equal(t, "30m", form.Get("access_token_lifetime"))
		require.Equal(t, "48h", form.Get("refresh_token_lifetime"))
		require.Equal(t, http.StatusSeeOther, admin.post(action, form).Status)
		require.Equal(t, 48*time.Hour, stored(t, g, id).RefreshTokenLifetime, "the unchanged form changes nothing")
		for _, typed := range []string{"59s", "30", "-1h", "9000h", "1h30", "90.5s"} {
			form.Set("access_token_lifetime", typed)
			require.Equal(t, http.StatusBadRequest, admin.post(action, form).Status, typed)
		}
		form.Set("access_token_lifetime", "")
		form.Set("refresh_token_lifetime", "  ")
		require.Equal(t, http.StatusSeeOther, admin.post(action, form).Status)
		require.Zero(t, stored(t, g, id).AccessTokenLifetime)
		require.Zero(t, stored(t, g, id).RefreshTokenLifetime)

		// A form of another session that was loaded before does not undo the change.
		require.Equal(t, http.StatusConflict, admin.post(action, url.Values{"version": form["version"], "name": {"Notes"}, "description": {"Notes."}, "homepage": {"https://app.example.com"},
			"callback_urls": {testkit.RedirectURI}, "access_token_lifetime": {"30m"}}).Status)
		require.Zero(t, stored(t, g, id).AccessTokenLifetime)

		public := admin.app(http.StatusCreated, "POST", apps, valid(object{"is_public": true}))
		_, form = formOf(t, admin.get(appPages+"/"+public.ID+"/edit"))
		require.Contains(t, form, "access_token_lifetime")
		require.NotContains(t, form, "refresh_token_lifetime")
	})
}

// A self-registered client cannot choose its lifetimes.
func TestRegistrationIgnoresLifetimes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		a := signedOut(t, g).call("POST", apps+"/register", object{"client_name": "x", "redirect_uris": []string{testkit.RedirectURI}, "access_token_lifetime_seconds": 60, "refresh_token_lifetime_seconds": 60})
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		var client struct {
			ID string `json:"client_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &client))
		require.Zero(t, stored(t, g, client.ID).AccessTokenLifetime)
		require.Zero(t, stored(t, g, client.ID).RefreshTokenLifetime)
	})
}
