package attacks_test

import (
	"context"
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

// Attack: register an app with more rights than a self-registered app has: with
// another creator, as trusted, with a chosen id or secret.
func TestSelfRegisteredAppGetsNoExtraRights(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		root, victim := g.Admin(t, "root"), g.App(t, nil)
		body := fmt.Sprintf(`{
			"redirect_uris":["https://evil.example/cb"], "client_id":%q, "client_secret":"mine", "client_id_issued_at":1, "client_secret_expires_at":1,
			"id":%q, "creator_id":%q, "is_trusted":true, "trusted":true, "is_public":false, "is_dynamically_registered":false, "secret_hash":"x", "mattermost_app_id":"x",
			"access_token_lifetime":999999999, "software_statement":"eyJhbGciOiJub25lIn0.eyJpc190cnVzdGVkIjp0cnVlfQ.", "registration_access_token":"x", "jwks_uri":"http://127.0.0.1:1/x",
			"sector_identifier_uri":"http://127.0.0.1:1/x", "request_uris":["http://127.0.0.1:1/x"], "logo_uri":"http://127.0.0.1:1/x", "IS_TRUSTED":true, "Client_Name":"x"}`, victim.ID, victim.ID, root.ID)
		a := sendFrom(t, g.SignedIn(t, root), g, http.MethodPost, "/api/v4/oauth/apps/register", body, "Content-Type", "application/json") // an admin's session cookie has no effect
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		var client struct {
			ID     string `json:"client_id"`
			Secret string `json:"client_secret"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &client))
		require.NotEqual(t, victim.ID, client.ID)
		require.NotEqual(t, "mine", client.Secret)
		app, err := g.Store.App(t.Context(), client.ID)
		require.NoError(t, err)
		require.Empty(t, app.CreatorID)
		require.False(t, app.IsTrusted)
		require.True(t, app.IsDynamicallyRegistered)
		require.Zero(t, app.AccessTokenLifetime)
		require.Empty(t, app.IconURL)
		require.Equal(t, "Dynamically Registered Client", app.Name)
		for _, member := range []string{"software_statement", "jwks_uri", "is_trusted", "creator_id", "registration_access_token"} {
			require.NotContains(t, a.Body, member)
		}
		// Users are asked for consent, and its tokens manage no app.
		b := g.SignedIn(t, g.User(t, "ada"))
		own := testkit.App{App: app, Secret: client.Secret}
		page := b.Authorize(t, own, "redirect_uri=https://evil.example/cb")
		require.Equal(t, http.StatusOK, page.Status)
		tokens := g.Redeem(t, own, b.Decide(t, page, "allow").Code(), "redirect_uri=https://evil.example/cb")
		for _, path := range []string{"/api/v4/oauth/apps/" + app.ID, "/api/v4/oauth/apps/register"} {
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				a := send(t, g, method, path, `{"id":"`+app.ID+`","name":"x","callback_urls":["https://evil.example/cb"],"is_trusted":true}`, "Authorization", "Bearer "+tokens.AccessToken)
				require.Contains(t, []int{400, 403, 405}, a.Status, "%s %s: %s", method, path, a.Body)
			}
		}
		after, err := g.Store.App(t.Context(), client.ID)
		require.NoError(t, err)
		require.True(t, after.UpdateAt.After(app.UpdateAt), "the authorization request keeps the app from being deleted as unused")
		after.UpdateAt = app.UpdateAt
		require.Equal(t, app, after, "nothing else has changed")
	})
}

// Attack: fill the database by registering apps, or by requests that are refused.
func TestRegistrationsInALoopAreDeleted(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		many := make([]string, 2000)
		for i := range many {
			many[i] = fmt.Sprintf("https://x.example/%d", i)
		}
		uris, err := json.Marshal(many)
		require.NoError(t, err)
		for _, body := range []string{
			`{"redirect_uris":` + string(uris) + `}`,
			`{"redirect_uris":["https://x.example/` + strings.Repeat("a", 60_000) + `"]}`,
			`{"redirect_uris":["https://x.example/cb"],"client_name":"` + strings.Repeat("a", 60_000) + `"}`,
			`{"redirect_uris":["https://x.example/cb"],"x":` + strings.Repeat("[", 60_000) + `}`,
			`{"redirect_uris":["https://x.example/cb"],"x":"` + strings.Repeat("a", 290_000) + `"}`,
			`{"redirect_uris":["https://x.example/cb"],"scope":"` + strings.Repeat("a ", 30_000) + `b"}`,
			`{"redirect_uris":["https://x.example/cb"],"grant_types":[` + strings.Repeat(`"x",`, 15_000) + `"y"]}`,
		} {
			a := send(t, g, http.MethodPost, "/api/v4/oauth/apps/register", body)
			require.Contains(t, []int{400, 413}, a.Status, "%.100s", a.Body)
			require.Less(t, len(a.Body), 1000)
		}
		apps, err := g.Store.Apps(t.Context(), gatehouse.AppQuery{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, apps)
		events, err := g.Store.AuditEvents(t.Context(), "", 100)
		require.NoError(t, err)
		for _, e := range events {
			require.LessOrEqual(t, len(e.Detail), 512)
		}
		for range 50 {
			require.Equal(t, http.StatusCreated, send(t, g, http.MethodPost, "/api/v4/oauth/apps/register", `{"redirect_uris":["https://x.example/cb"]}`).Status)
		}
		later := time.Now().Add(8 * 24 * time.Hour)
		_, err = g.Store.Reap(context.Background(), later, 1000)
		require.NoError(t, err)
		apps, err = g.Store.Apps(t.Context(), gatehouse.AppQuery{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, apps)
	})
}

// Attack: fill the audit trail by requests that are refused. The trail keeps the
// first refusals of an address or a user, and those of other users.
func TestRefusalsDoNotFillTheAuditTrail(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		app := g.App(t, nil)
		b, other := g.SignedIn(t, g.User(t, "ada")), g.SignedIn(t, g.User(t, "bob"))
		bearer := "Bearer " + grant(t, g, b, app).AccessToken
		before := trail(t, g)
		for range 120 {
			a := send(t, g, http.MethodPost, "/api/v4/oauth/apps", `{}`, "Authorization", bearer)
			require.Equal(t, http.StatusForbidden, a.Status)
			a = send(t, g, http.MethodPost, "/api/v4/oauth/apps/register", `{}`)
			require.Equal(t, http.StatusBadRequest, a.Status)
		}
		grown := trail(t, g) - before
		require.GreaterOrEqual(t, grown, 100)
		require.LessOrEqual(t, grown, 110)
		sendFrom(t, other, g, http.MethodPost, "/api/v4/oauth/apps", `{}`, "X-Requested-With", "XMLHttpRequest")
		require.Greater(t, trail(t, g)-before, grown, "the first refusal of another user is kept")
	})
}

// Attack: the same, and close the connection before the response.
func TestClosedConnectionsDoNotFillTheAuditTrail(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		before := trail(t, g)
		gone, hangUp := context.WithCancel(web.WithClient(t.Context(), web.Client{IP: "192.0.2.1"}))
		hangUp()
		for range 120 {
			g.Apps.AuditRefusal(gone, gatehouse.AuditCreateApp, "", "", "No.")
		}
		require.Equal(t, 50+1, trail(t, g)-before, "one event says that others are left out")
	})
}

// Attack: request new scopes again and again, so that the consent grows.
func TestRememberedScopesAreBounded(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		var tokens testkit.TokenAnswer
		for i := range 60 {
			scope := fmt.Sprintf("%d-%s", i, strings.Repeat("s", 120))
			tokens = g.Redeem(t, app, b.Code(t, app, "scope="+scope))
			require.Equal(t, scope, tokens.Scope)
		}
		consent, err := g.Store.Consent(t.Context(), b.User.ID, app.ID)
		require.NoError(t, err)
		require.LessOrEqual(t, len(strings.Join(consent.Scopes, " ")), 4096)
		require.Contains(t, consent.Scopes, tokens.Scope, "the last scope is remembered")
	})
}

func trail(t *testing.T, g *testkit.Gateway) int {
	t.Helper()
	events, err := g.Store.AuditEvents(t.Context(), "", 1000)
	require.NoError(t, err)
	return len(events)
}
