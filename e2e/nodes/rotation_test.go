package nodes_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// family is a user and the tokens of one authorization.
type family struct {
	user   gatehouse.User
	tokens testkit.TokenAnswer
}

// deploy/rotate-secret.sh restarts the nodes three times. After the first time they
// open with the new secret, after the second they seal with it, and after the third
// they no longer open with the old one. Nodes of two successive kinds always run
// together.
func TestSecretIsRotatedNodeByNodeWithoutLosingTokens(t *testing.T) {
	before, after := []byte("the secret before, 32 bytes or more"), []byte("the secret after, 32 bytes or more!")
	rounds := testkit.StartNodesWith(t, testdb.Postgres(t), [][]byte{before}, [][]byte{before, after}, [][]byte{after, before}, [][]byte{after})
	app := rounds[0].App(t, nil)
	refresh := func(node *testkit.Gateway, f family) family {
		f.tokens = node.Token(t, testkit.RefreshForm(app, f.tokens.RefreshToken))
		require.Equal(t, http.StatusOK, f.tokens.Status, f.tokens.Raw)
		return f
	}
	var held []family
	for i := range 2 {
		together := rounds[i : i+2]
		for j, node := range together { // one node seals the code, the other redeems it
			user := node.User(t, fmt.Sprintf("user-%d-%d", i, j))
			held = append(held, family{user, together[1-j].Redeem(t, app, node.SignedIn(t, user).Code(t, app))})
		}
		for k, f := range held {
			requireMe(t, together, f.tokens.AccessToken, f.user.ID)
			held[k] = refresh(together[k%2], f)
		}
	}
	// A client that refreshes once while both secrets open keeps its tokens.
	for _, f := range held {
		f = refresh(rounds[3], refresh(rounds[2], f))
		requireMe(t, rounds[2:], f.tokens.AccessToken, f.user.ID)
	}
}

// The nodes must learn the new secret before one of them seals with it, because a
// node refuses codes and tokens that are sealed with a secret that it does not know.
func TestNodeRefusesTokensSealedWithAnUnknownSecret(t *testing.T) {
	before, after := []byte("the secret before, 32 bytes or more"), []byte("the secret after, 32 bytes or more!")
	nodes := testkit.StartNodesWith(t, testdb.Postgres(t), [][]byte{before}, [][]byte{after, before})
	user, app := nodes[0].User(t, "early"), nodes[0].App(t, nil)
	got := nodes[1].Redeem(t, app, nodes[1].SignedIn(t, user).Code(t, app))
	requireMe(t, nodes[:1], got.AccessToken, "")
	require.Equal(t, "invalid_grant", nodes[0].Token(t, testkit.RefreshForm(app, got.RefreshToken)).Error)
	requireMe(t, nodes[1:], got.AccessToken, user.ID)
}
