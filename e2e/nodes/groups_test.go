package nodes_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// Attack: authorize, redeem and refresh on all nodes while the user leaves the group, and
// keep a code or a token that works.
func TestLeavingAGroupDuringRequestsOnThreeNodesLeavesNothing(t *testing.T) {
	nodes := testkit.StartNodes(t, testdb.Postgres(t), 3)
	user := nodes[0].User(t, "leaver")
	b := nodes[0].SignedIn(t, user)
	for range 3 {
		app := nodes[0].App(t, nil)
		group := nodes[0].Group(t, "group of "+app.ID, user)
		nodes[0].Restrict(t, app, group)
		first := nodes[1].Redeem(t, app, b.Code(t, app))
		var codes []string
		for range 8 {
			codes = append(codes, b.Code(t, app))
		}

		var mu sync.Mutex
		tokens := []testkit.TokenAnswer{first}
		keep := func(a testkit.TokenAnswer) {
			mu.Lock()
			defer mu.Unlock()
			if a.Status == http.StatusOK {
				tokens = append(tokens, a)
			}
		}
		var wg sync.WaitGroup
		begin := make(chan struct{})
		at := func(do func()) {
			wg.Go(func() {
				<-begin
				do()
			})
		}
		for i := range 8 {
			node := nodes[i%len(nodes)]
			at(func() { keep(node.Token(t, testkit.RedeemForm(app, codes[i]))) })
			at(func() { keep(node.Token(t, testkit.RefreshForm(app, first.RefreshToken))) })
			at(func() {
				answer := b.At(node).Authorize(t, app)
				mu.Lock()
				defer mu.Unlock()
				codes = append(codes, answer.Code())
			})
		}
		at(func() {
			require.NoError(t, nodes[0].Store.RemoveGroupMember(t.Context(), group.ID, user.ID, time.Now()))
		})
		close(begin)
		wg.Wait()

		for _, a := range tokens {
			requireMe(t, nodes, a.AccessToken, "")
			require.Equal(t, "invalid_grant", nodes[2].Token(t, testkit.RefreshForm(app, a.RefreshToken)).Error)
		}
		for _, code := range codes {
			if code != "" {
				require.Equal(t, "invalid_grant", nodes[1].Token(t, testkit.RedeemForm(app, code)).Error)
			}
		}
		for _, node := range nodes {
			answer := b.At(node).Authorize(t, app)
			if answer.Status == http.StatusOK { // a node that has the app in its cache asks, and then refuses
				answer = b.At(node).Decide(t, answer, "allow")
			}
			require.Equal(t, http.StatusForbidden, answer.Status, answer.Body)
		}
	}
}
