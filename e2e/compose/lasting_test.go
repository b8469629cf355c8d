package compose_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// While the database is read-only, like a standby, the gateway accepts tokens and
// refuses requests that write. Afterwards no connection stays read-only.
func TestReadOnlyDatabaseUnderLoadStillAcceptsTokens(t *testing.T) {
	writable := func() {
		adminSQL(t, "ALTER DATABASE gatehouse RESET default_transaction_read_only")
	}
	t.Cleanup(func() { writable(); restored(t) })
	l := startLoad(t, "readonly")
	held := l.app.mustRedeem(t, direct(t, 0), l.codeOfNewUser(t))

	adminSQL(t, "ALTER DATABASE gatehouse SET default_transaction_read_only = on",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'gatehouse'")
	l.awaitRefusals(t, 40)
	for n, via := range directs(t) {
		status, err := me(t.Context(), via, held.Access)
		require.NoError(t, err, nodes()[n])
		require.Equal(t, http.StatusOK, status)
		_, err = l.app.refresh(t.Context(), via, held.Refresh)
		require.ErrorIs(t, err, errNotNow)
		require.True(t, isReady(t, via), "the node is ready, because it can answer requests that only read")
	}

	writable()
	for _, via := range directs(t) {
		require.Eventually(t, func() bool {
			again, err := l.app.refresh(t.Context(), via, held.Refresh)
			if err == nil {
				held = again
			}
			return err == nil && again.status == http.StatusOK
		}, patience, 50*time.Millisecond)
	}
	l.await(t, 100)
	l.finish(t)
	l.requireOnlyRetryLater(t)
	l.requireNothingLost(t)
}

// adminSQL runs statements in the database postgres.
func adminSQL(t *testing.T, statements ...string) {
	t.Helper()
	for _, s := range statements {
		sh(t, `compose exec -T postgres psql -qAt -h /var/run/postgresql -U gatehouse -d postgres -c "$1"`, s)
	}
}

func TestRestartedDatabaseUnderLoadIs503UntilItIsReady(t *testing.T) {
	t.Cleanup(func() { restored(t) })
	l := startLoad(t, "restarted")
	// SIGINT is a fast shutdown. Docker starts the container again.
	docker(t, "exec", "--user", "postgres", container(t, "postgres"), "sh", "-c", "kill -INT $(head -n 1 /var/lib/postgresql/data/postmaster.pid)")
	l.awaitRefusals(t, 1)
	l.await(t, 40)
	l.finish(t)
	l.requireOnlyRetryLater(t)
	l.requireNothingLost(t)
}

// Without deploy/roll.sh, nodes that stop fail no request either: they close idle
// connections first, so that nginx uses another node.
func TestRestartedNodesUnderLoadFailNoRequest(t *testing.T) {
	t.Cleanup(func() { restored(t) })
	l := startLoad(t, "plainly")
	for _, node := range nodes() {
		docker(t, "restart", container(t, node))
		sh(t, `await_healthy "$1"`, node)
		l.await(t, 20)
	}
	l.finish(t)
	require.Empty(t, l.failures)
	l.requireNothingLost(t)
}
