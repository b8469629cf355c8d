package nodes_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// racers is the number of racing requests on all nodes together.
const racers = 64

// race sends the form racers times at the same moment, to all nodes in turn.
func race(t *testing.T, nodes []*testkit.Gateway, form url.Values) []testkit.TokenAnswer {
	t.Helper()
	answers, start := make([]testkit.TokenAnswer, racers), make(chan struct{})
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			<-start
			answers[i] = nodes[i%len(nodes)].Token(t, form)
		})
	}
	close(start)
	wg.Wait()
	return answers
}

func TestRacingRedemptionsOnThreeNodesRevokeTheGrant(t *testing.T) {
	nodes := testkit.StartNodes(t, testdb.Postgres(t), 3)
	user, app := nodes[0].User(t, "racer"), nodes[0].App(t, nil)
	b := nodes[0].SignedIn(t, user)
	for range 3 {
		code := b.Code(t, app)
		var won []testkit.TokenAnswer
		for _, a := range race(t, nodes, testkit.RedeemForm(app, code)) {
			if a.Status == http.StatusOK {
				won = append(won, a)
				continue
			}
			require.Equal(t, "invalid_grant", a.Error, a.Raw)
		}
		require.Len(t, won, 1)
		// The other requests are replays of the code, so the tokens are revoked
		// (RFC 6749 §4.1.2).
		requireMe(t, nodes, won[0].AccessToken, "")
		require.Equal(t, "invalid_grant", nodes[2].Token(t, testkit.RefreshForm(app, won[0].RefreshToken)).Error)
	}
}

func TestRacingRefreshesOnThreeNodesGetTheSameSuccessor(t *testing.T) {
	nodes := testkit.StartNodes(t, testdb.Postgres(t), 3)
	user, app := nodes[0].User(t, "refresher"), nodes[0].App(t, nil)
	got := nodes[1].Redeem(t, app, nodes[0].SignedIn(t, user).Code(t, app))
	for range 3 {
		answers := race(t, nodes, testkit.RefreshForm(app, got.RefreshToken))
		for _, a := range answers {
			require.Equal(t, http.StatusOK, a.Status, a.Raw)
			require.Equal(t, answers[0].RefreshToken, a.RefreshToken)
		}
		requireMe(t, nodes, answers[0].AccessToken, user.ID)
		requireMe(t, nodes, answers[racers-1].AccessToken, user.ID)
		got = answers[0]
	}
}
