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

// family is what an app holds of one authorization.
type family struct {
	user   gatehouse.User
	tokens testkit.TokenAnswer
}

// Two rounds over the nodes change the secret (deploy/rotate-secret.sh): in the
// first each learns to open what the new one will seal, in the second it seals
// with it. At any time two neighbouring kinds of nodes are there together.
func TestTheSecretIsRotatedNodeByNodeWithNoTokenLost(t *testing.T) {
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
		for j, node := range together { // what one of the two seals the other redeems
			user := node.User(t, fmt.Sprintf("user-%d-%d", i, j))
			held = append(held, family{user, together[1-j].Redeem(t, app, node.SignedIn(t, user).Code(t, app))})
		}
		for k, f := range held {
			requireMe(t, together, f.tokens.AccessToken, f.user.ID)
			held[k] = refresh(together[k%2], f)
		}
	}
	// Who refreshes once while both secrets open does not notice when the old one is forgotten.
	for _, f := range held {
		f = refresh(rounds[3], refresh(rounds[2], f))
		requireMe(t, rounds[2:], f.tokens.AccessToken, f.user.ID)
	}
}

// Why it takes two rounds: a node that does not know the new secret refuses what
// one that does has sealed.
func TestANodeOpensNothingThatWasSealedWithASecretItDoesNotKnow(t *testing.T) {
	before, after := []byte("the secret before, 32 bytes or more"), []byte("the secret after, 32 bytes or more!")
	nodes := testkit.StartNodesWith(t, testdb.Postgres(t), [][]byte{before}, [][]byte{after, before})
	user, app := nodes[0].User(t, "early"), nodes[0].App(t, nil)
	got := nodes[1].Redeem(t, app, nodes[1].SignedIn(t, user).Code(t, app))
	requireMe(t, nodes[:1], got.AccessToken, "")
	require.Equal(t, "invalid_grant", nodes[0].Token(t, testkit.RefreshForm(app, got.RefreshToken)).Error)
	requireMe(t, nodes[1:], got.AccessToken, user.ID)
}
