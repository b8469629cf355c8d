package provider_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// requireNoAccess checks that an answer is the page for a user who may not use the app.
func requireNoAccess(t *testing.T, answer testkit.Answer) {
	t.Helper()
	require.Equal(t, http.StatusForbidden, answer.Status, answer.Body)
	require.Empty(t, answer.Location, "nothing is sent to the app")
	text := answer.Page(t).Text()
	require.Contains(t, text, "You can't use this app")
	require.Contains(t, text, "Ask a System Admin")
	require.Contains(t, text, "Sign in as another user")
}

func TestUserWithoutTheGroupSeesAPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada, ben := g.User(t, "ada"), g.User(t, "ben")
		group := g.Group(t, "Admins", ada)
		for name, app := range map[string]testkit.App{
			"app":         g.App(t, nil),
			"trusted app": g.App(t, func(n *registration.NewApp) { n.IsTrusted = true }),
			"public app":  g.PublicApp(t),
		} {
			g.Restrict(t, app, group)
			require.NotEmpty(t, g.SignedIn(t, ada).Code(t, app), name)
			outside := g.SignedIn(t, ben)
			requireNoAccess(t, outside.Authorize(t, app, "state=secret"))
			requireNoAccess(t, outside.Authorize(t, app, "prompt=consent"))

			answer := outside.Authorize(t, app, "state=s", "prompt=none")
			require.Equal(t, http.StatusFound, answer.Status, name)
			require.Equal(t, "access_denied", answer.Query.Get("error"))
			require.Equal(t, "s", answer.Query.Get("state"))
			require.Empty(t, answer.Code())
		}
	})
}

// An app that registered itself could send users to any site with its redirect URI, so the
// error stays here (RFC 9700 §4.11.2).
func TestRefusedUserOfASelfRegisteredAppIsNotRedirected(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.PublicApp(t)
		self := app.App
		self.ID, self.IsDynamicallyRegistered = gatehouse.NewID(), true
		require.NoError(t, g.Store.CreateApp(t.Context(), self))
		app.App = self
		b := g.SignedIn(t, g.User(t, "ada"))
		require.Equal(t, http.StatusOK, b.Authorize(t, app).Status, "self-registered apps are open to all users")
		g.Restrict(t, app, g.Group(t, "Admins"))
		for _, prompt := range []string{"none", "consent"} {
			answer := b.Authorize(t, app, "prompt="+prompt)
			require.Equal(t, http.StatusForbidden, answer.Status)
			require.Empty(t, answer.Location)
		}
	})
}

// The JSON form answers with an error of the contract's form.
func TestJSONRequestOfAUserWithoutTheGroupIsForbidden(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		g.Restrict(t, app, g.Group(t, "Admins"))
		b := g.SignedIn(t, g.User(t, "ada"))
		body, err := json.Marshal(map[string]string{"response_type": "code", "client_id": app.ID, "redirect_uri": testkit.RedirectURI, "state": "s", "scope": "user"})
		require.NoError(t, err)
		r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/authorize", strings.NewReader(string(body)))
		require.NoError(t, err)
		r.Header.Set("X-Requested-With", "XMLHttpRequest")
		answer := b.Do(t, r)
		require.Equal(t, http.StatusForbidden, answer.Status, answer.Body)
		require.Contains(t, answer.Body, `"api.oauth.authorize_oauth.no_access.app_error"`)
		require.NotContains(t, answer.Body, "redirect")
	})
}

// Codes, refresh tokens and access tokens end with the access, on every node, and a consent
// page that was open cannot bring it back.
func TestLosingAccessEndsCodesAndTokensOnEveryNode(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		nodes := testkit.StartNodes(t, databaseURL, 2)
		here, there := nodes[0], nodes[1]
		ada := here.User(t, "ada")
		for name, lose := range map[string]func(app testkit.App, group gatehouse.Group) error{
			"the user leaves the group": func(_ testkit.App, group gatehouse.Group) error {
				return here.Store.RemoveGroupMember(t.Context(), group.ID, ada.ID, time.Now())
			},
			"the group is deleted": func(_ testkit.App, group gatehouse.Group) error {
				return here.Store.DeleteGroup(t.Context(), group.ID, time.Now())
			},
			"the app gets another group": func(app testkit.App, _ gatehouse.Group) error {
				other := here.Group(t, "other of "+app.ID)
				return here.Store.SetAppAccess(t.Context(), app.ID, gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{other.ID}}, time.Now())
			},
		} {
			t.Run(name, func(t *testing.T) {
				app := here.App(t, nil)
				group := here.Group(t, "group of "+app.ID, ada)
				here.Restrict(t, app, group)
				b := here.SignedIn(t, ada)
				tokens := there.Redeem(t, app, b.Code(t, app))
				code := b.Code(t, app)
				status, id := there.Me(t, tokens.AccessToken)
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, ada.ID, id)
				open := b.At(there).Authorize(t, app, "scope=user files")
				require.Equal(t, http.StatusOK, open.Status)

				require.NoError(t, lose(app, group))
				status, _ = there.Me(t, tokens.AccessToken)
				require.Equal(t, http.StatusUnauthorized, status)
				require.Equal(t, "invalid_grant", there.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Error)
				require.Equal(t, "invalid_grant", there.Token(t, testkit.RedeemForm(app, code)).Error)
				requireNoAccess(t, b.At(there).Decide(t, open, "allow"))
			})
		}
	})
}

// Attack: authorize on a node that has the app in its cache as open to all users.
func TestCachedAppLetsNoExcludedUserIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		nodes := testkit.StartNodes(t, databaseURL, 2)
		here, there := nodes[0], nodes[1]
		ada, group := here.User(t, "ada"), here.Group(t, "Admins")
		for _, trusted := range []bool{true, false} {
			app := here.App(t, func(n *registration.NewApp) { n.IsTrusted = trusted })
			b := here.SignedIn(t, ada).At(there)
			_, err := there.Store.App(t.Context(), app.ID)
			require.NoError(t, err)
			here.Restrict(t, app, group)
			answer := b.Authorize(t, app)
			if answer.Status == http.StatusOK { // the cached app is open to all users
				answer = b.Decide(t, answer, "allow")
			}
			requireNoAccess(t, answer)
		}
	})
}
