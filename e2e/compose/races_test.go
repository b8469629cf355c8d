package compose_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// racers is the number of racing requests on all nodes together.
const racers = 64

// race sends racers requests at the same moment, to all nodes in turn, and returns the
// responses.
func race(t *testing.T, send func(via route) (tokens, error)) []tokens {
	t.Helper()
	routes, start := directs(t), make(chan struct{})
	got, errs := make([]tokens, racers), make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			<-start
			got[i], errs[i] = send(routes[i%len(routes)])
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return got
}

func TestRacingRedemptionsOnThreeNodesRevokeTheGrant(t *testing.T) {
	newUser(t, "racer")
	a, b := newApp(t), newBrowser(t)
	b.signIn(t, direct(t, 0), "racer", password)
	for range 5 {
		code := b.mustCode(t, direct(t, 1), a)
		var won []tokens
		for _, got := range race(t, func(via route) (tokens, error) { return a.redeem(t.Context(), via, code) }) {
			if got.status == http.StatusOK {
				won = append(won, got)
				continue
			}
			require.Equal(t, "invalid_grant", got.Error)
		}
		require.Len(t, won, 1)
		// The other requests are replays of the code, so the tokens are revoked
		// (RFC 6749 §4.1.2).
		requireMe(t, http.StatusUnauthorized, won[0].Access)
		a.requireUnusable(t, direct(t, 2), won[0].Refresh)
	}
}

func TestRacingRefreshesOnThreeNodesGetTheSameSuccessor(t *testing.T) {
	newUser(t, "refresher")
	a, b := newApp(t), newBrowser(t)
	b.signIn(t, direct(t, 0), "refresher", password)
	token := a.mustRedeem(t, direct(t, 0), b.mustCode(t, direct(t, 1), a)).Refresh
	for range 5 {
		got := race(t, func(via route) (tokens, error) { return a.refresh(t.Context(), via, token) })
		for _, g := range got {
			require.Equal(t, http.StatusOK, g.status, g)
			require.Equal(t, got[0].Refresh, g.Refresh)
		}
		requireMe(t, http.StatusOK, got[0].Access)
		requireMe(t, http.StatusOK, got[racers-1].Access)
		token = got[0].Refresh
	}
}
