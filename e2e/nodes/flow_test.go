package nodes_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// requireMe requires that every node accepts an access token for a user. If userID
// is "", it requires that every node refuses the token.
func requireMe(t *testing.T, nodes []*testkit.Gateway, accessToken, userID string) {
	t.Helper()
	for i, node := range nodes {
		status, id := node.Me(t, accessToken)
		if userID == "" {
			require.Equal(t, http.StatusUnauthorized, status, "node %d", i)
			continue
		}
		require.Equal(t, http.StatusOK, status, "node %d", i)
		require.Equal(t, userID, id, "node %d", i)
	}
}

func TestSignInContinuesOnAnotherNode(t *testing.T) {
	nodes := testkit.StartNodes(t, testdb.Postgres(t), 3)
	ann, app := nodes[0].UserWithPassword(t, "ann"), nodes[1].App(t, nil)
	b := nodes[0].NewBrowser(t)

	b.Get(t, "/login")
	in := b.Post(t, "/login", url.Values{"login_id": {"ann"}, "password": {testkit.Password}})
	require.Equal(t, http.StatusSeeOther, in.Status, in.Body)
	page := b.At(nodes[1]).Authorize(t, app)
	require.Equal(t, http.StatusOK, page.Status, "the consent page is shown")
	agreed := b.At(nodes[2]).Decide(t, page, "allow")
	got := nodes[0].Redeem(t, app, agreed.Code())
	requireMe(t, nodes, got.AccessToken, ann.ID)
	for i := range 4 {
		got = nodes[i%3].Token(t, testkit.RefreshForm(app, got.RefreshToken))
		require.Equal(t, http.StatusOK, got.Status, got.Raw)
		requireMe(t, nodes, got.AccessToken, ann.ID)
	}
	require.NotEmpty(t, b.At(nodes[0]).Authorize(t, app).Code(), "the consent is remembered")
}

func TestSettingsApplyOnEveryNodeWithinASecond(t *testing.T) {
	nodes := testkit.StartNodes(t, testdb.Postgres(t), 3)
	app := nodes[0].App(t, nil)
	for _, c := range []struct {
		value  string
		status int
	}{{"false", http.StatusNotImplemented}, {"true", http.StatusBadRequest}} {
		for _, node := range nodes {
			node.Token(t, testkit.RedeemForm(app, "x")) // the node reads the setting into its memory
		}
		nodes[0].Set(t, gatehouse.SettingEnableOAuthServiceProvider, c.value)
		changed := time.Now()
		require.Equal(t, c.status, nodes[0].Token(t, testkit.RedeemForm(app, "x")).Status, "the node that changed the setting applies it immediately")
		for i, node := range nodes {
			require.Eventually(t, func() bool {
				asked := time.Now()
				if node.Token(t, testkit.RedeemForm(app, "x")).Status == c.status {
					return true
				}
				require.Less(t, asked.Sub(changed), time.Second, "node %d", i)
				return false
			}, time.Minute, 20*time.Millisecond)
		}
	}
}

// Attack: guess a password at each node in turn.
func TestFailedSignInsCountOnAllNodesTogether(t *testing.T) {
	nodes := testkit.StartNodes(t, testdb.Postgres(t), 3)
	nodes[0].UserWithPassword(t, "ann")
	b := nodes[0].NewBrowser(t)
	guess := func(n int, password string) int {
		return b.At(nodes[n%3]).Post(t, "/login", url.Values{"login_id": {"ann"}, "password": {password}}).Status
	}
	for n := range 10 {
		require.Equal(t, http.StatusSeeOther, guess(n, testkit.Password), "correct passwords do not count")
	}
	for n := range 10 {
		require.Equal(t, http.StatusUnauthorized, guess(n, "wrong password"))
	}
	for n := range nodes {
		require.Equal(t, http.StatusTooManyRequests, guess(n, testkit.Password), "node %d", n)
	}
}

// The test does not wait: after the response, a revoked token is revoked on all nodes.
func TestRevocationAppliesToAllNodesImmediately(t *testing.T) {
	nodes := testkit.StartNodes(t, testdb.Postgres(t), 3)
	for name, end := range map[string]func(ctx context.Context, user gatehouse.User, app testkit.App) error{
		"the user revokes the app": func(ctx context.Context, user gatehouse.User, app testkit.App) error {
			return nodes[2].Store.DeleteConsent(ctx, user.ID, app.ID, time.Now())
		},
		"the app is deleted": func(ctx context.Context, _ gatehouse.User, app testkit.App) error {
			return nodes[2].Store.DeleteApp(ctx, app.ID)
		},
		"the user is deactivated": func(ctx context.Context, user gatehouse.User, _ testkit.App) error {
			return nodes[2].Store.DeactivateUser(ctx, user.ID, time.Now())
		},
	} {
		t.Run(name, func(t *testing.T) {
			user, app := nodes[0].User(t, "u-"+gatehouse.NewID()[:8]), nodes[0].App(t, nil)
			b := nodes[0].SignedIn(t, user)
			got := nodes[1].Redeem(t, app, b.Code(t, app))
			waiting := b.At(nodes[1]).Code(t, app)
			requireMe(t, nodes, got.AccessToken, user.ID)

			require.NoError(t, end(t.Context(), user, app))
			requireMe(t, nodes, got.AccessToken, "")
			for _, node := range nodes {
				refused := []string{"invalid_grant", "invalid_client"} // a node may know a deleted app for a second, but not its codes and tokens
				require.Contains(t, refused, node.Token(t, testkit.RedeemForm(app, waiting)).Error)
				require.Contains(t, refused, node.Token(t, testkit.RefreshForm(app, got.RefreshToken)).Error)
			}
		})
	}
}
