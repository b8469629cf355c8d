package consent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

func list(t *testing.T, g *testkit.Gateway, b *testkit.Browser, user, query, bearer string) testkit.Answer {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, g.URL+"/api/v4/users/"+user+"/oauth/apps/authorized"+query, nil)
	require.NoError(t, err)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	return b.Do(t, r)
}

func names(t *testing.T, a testkit.Answer) []string {
	t.Helper()
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.True(t, strings.HasPrefix(a.Body, "["), a.Body)
	var apps []web.AppJSON
	require.NoError(t, json.Unmarshal([]byte(a.Body), &apps))
	n := []string{}
	for _, app := range apps {
		require.Empty(t, app.ClientSecret)
		require.Equal(t, []string{testkit.RedirectURI}, app.CallbackURLs)
		n = append(n, app.Name)
	}
	return n
}

func requireID(t *testing.T, a testkit.Answer, status int, id string) {
	t.Helper()
	require.Equal(t, status, a.Status, a.Body)
	require.Contains(t, a.Body, `"id":"`+id+`"`)
}

// C 1.12: each rule of the list of authorized apps.
func TestListAuthorizedApps(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		bob, eve, ada := g.User(t, "bob"), g.User(t, "eve"), g.Admin(t, "ada")
		browser, evesBrowser, adminsBrowser := g.SignedIn(t, bob), g.SignedIn(t, eve), g.SignedIn(t, ada)
		require.Empty(t, names(t, list(t, g, browser, "me", "", "")))

		var token string
		for _, name := range []string{"delta", "Bravo", "alpha"} {
			app := g.App(t, func(n *registration.NewApp) { n.Name = name })
			token = g.Redeem(t, app, browser.Code(t, app)).AccessToken
		}
		g.App(t, func(n *registration.NewApp) { n.Name = "never authorised" })
		all := []string{"alpha", "Bravo", "delta"}
		require.Equal(t, all, names(t, list(t, g, browser, "me", "", "")))
		require.Equal(t, all, names(t, list(t, g, browser, bob.ID, "", "")))
		require.Equal(t, all, names(t, list(t, g, g.NewBrowser(t), "me", "", token)), "the contract allows access tokens")
		require.Equal(t, all, names(t, list(t, g, adminsBrowser, bob.ID, "", "")))
		require.Empty(t, names(t, list(t, g, evesBrowser, "me", "", "")))
		require.Empty(t, names(t, list(t, g, adminsBrowser, gatehouse.NewID(), "", "")), "an unknown user has no apps")

		require.Equal(t, []string{"Bravo"}, names(t, list(t, g, browser, "me", "?page=1&per_page=1", "")))
		require.Equal(t, all, names(t, list(t, g, browser, "me", "?page=x&per_page=-1", "")))
		require.Empty(t, names(t, list(t, g, browser, "me", "?per_page=0", "")))
		require.Empty(t, names(t, list(t, g, browser, "me", "?page=9223372036854775807", "")))

		const forbidden = "api.context.permissions.app_error"
		requireID(t, list(t, g, evesBrowser, bob.ID, "", ""), 403, forbidden)
		requireID(t, list(t, g, g.NewBrowser(t), eve.ID, "", token), 403, forbidden)
		requireID(t, list(t, g, g.NewBrowser(t), "me", "", ""), 401, "api.context.session_expired.app_error")
		requireID(t, list(t, g, browser, "x", "", ""), 400, "api.context.invalid_url_param.app_error")
		require.Equal(t, 404, list(t, g, browser, "m-e", "", "").Status)

		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		requireID(t, list(t, g, browser, "x", "", ""), 400, "api.context.invalid_url_param.app_error")
		requireID(t, list(t, g, evesBrowser, bob.ID, "", ""), 403, forbidden)
		requireID(t, list(t, g, browser, "me", "", ""), 501, "api.oauth.allow_oauth.turn_off.app_error")
	})
}

func TestAuthorizedAppsArePagedBy60(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		bob := g.User(t, "bob")
		browser := g.SignedIn(t, bob)
		for i := range 61 {
			app := g.App(t, func(n *registration.NewApp) { n.Name = fmt.Sprintf("app %02d", i) })
			_, err := g.Store.RecordConsent(t.Context(), bob.ID, app.ID, []string{"user"}, nil, time.Now())
			require.NoError(t, err)
		}
		require.Len(t, names(t, list(t, g, browser, "me", "", "")), 60)
		require.Equal(t, []string{"app 60"}, names(t, list(t, g, browser, "me", "?page=1", "")))
	})
}
