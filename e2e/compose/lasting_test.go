package compose_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A database that can only be read, as a standby is: tokens are looked up, and what
// would have to be written is refused. When it can be written again, no connection
// of the time before is left that thinks otherwise.
func TestAReadOnlyDatabaseUnderLoadServesWhatIsReadAndComesBack(t *testing.T) {
	writable := func() {
		admin(t, "ALTER DATABASE gatehouse RESET default_transaction_read_only")
	}
	t.Cleanup(func() { writable(); restored(t) })
	l := startLoad(t, "readonly")
	held := l.app.mustRedeem(t, direct(t, 0), l.codeOfNobodyElse(t))

	admin(t, "ALTER DATABASE gatehouse SET default_transaction_read_only = on",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'gatehouse'")
	l.awaitRefusals(t, 40)
	for n, via := range directs(t) {
		status, err := me(t.Context(), via, held.Access)
		require.NoError(t, err, nodes()[n])
		require.Equal(t, http.StatusOK, status)
		_, err = l.app.refresh(t.Context(), via, held.Refresh)
		require.ErrorIs(t, err, errNotNow)
		require.True(t, isReady(t, via), "it answers what it can")
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
	l.requireHonest(t)
	l.requireNothingLost(t)
}

// admin runs statements from outside the database of the gateway.
func admin(t *testing.T, statements ...string) {
	t.Helper()
	for _, s := range statements {
		sh(t, `compose exec -T postgres psql -qAt -h /var/run/postgresql -U gatehouse -d postgres -c "$1"`, s)
	}
}

func TestADatabaseThatIsRestartedUnderLoadIs503UntilItIsBack(t *testing.T) {
	t.Cleanup(func() { restored(t) })
	l := startLoad(t, "restarted")
	// Its fast shutdown, whatever the image makes of being stopped; Docker starts it again.
	docker(t, "exec", "--user", "postgres", container(t, "postgres"), "sh", "-c", "kill -INT $(head -n 1 /var/lib/postgresql/data/postmaster.pid)")
	l.awaitRefusals(t, 1)
	l.await(t, 40)
	l.finish(t)
	l.requireHonest(t)
	l.requireNothingLost(t)
}

// Without deploy/roll.sh, too: a node that is told to stop lets nginx go first.
func TestNodesThatAreRestartedUnderLoadFailNoRequest(t *testing.T) {
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
