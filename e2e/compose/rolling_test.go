package compose_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRollingRestartUnderLoadFailsNoRequest(t *testing.T) {
	l := startLoad(t, "rolling")
	sh(t, `deploy/roll.sh`)
	l.await(t, 20)
	l.finish(t)
	require.Empty(t, l.failures)
	l.requireNothingLost(t)
}

func TestSecretRotationUnderLoadLosesNoToken(t *testing.T) {
	newUser(t, "rotates")
	a, b := newApp(t), newBrowser(t)
	b.signIn(t, direct(t, 0), "rotates", password)
	old := a.mustRedeem(t, direct(t, 0), b.mustCode(t, direct(t, 0), a))
	waiting, never := b.mustCode(t, direct(t, 1), a), b.mustCode(t, direct(t, 2), a)

	l := startLoad(t, "rotation")
	sh(t, `deploy/rotate-secret.sh start`)
	l.await(t, 20)
	l.finish(t)
	require.Empty(t, l.failures)
	l.requireNothingLost(t)

	requireMe(t, http.StatusOK, old.Access)
	a.mustRedeem(t, direct(t, 2), waiting)
	fresh := a.mustRefresh(t, direct(t, 1), old.Refresh)
	requireMe(t, http.StatusOK, fresh.Access)

	sh(t, `deploy/rotate-secret.sh finish`)
	requireMe(t, http.StatusUnauthorized, old.Access)
	requireMe(t, http.StatusOK, fresh.Access)
	again := a.mustRefresh(t, direct(t, 0), fresh.Refresh)
	for _, via := range directs(t) {
		got, err := a.redeem(t.Context(), via, never)
		require.NoError(t, err)
		require.Equal(t, "invalid_grant", got.Error)
		a.requireUnusable(t, via, old.Refresh)
	}
	requireMe(t, http.StatusOK, again.Access)
}
