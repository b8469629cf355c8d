package compose_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dropTo drops all packets from the network of a container to an address, or stops
// dropping them. It adds an ARP entry that gives the address to a machine that does
// not exist. It needs only Perl, which the images have.
const dropTo = `use Socket;
my ($do, $ip) = @ARGV;
socket(my $s, AF_INET, SOCK_DGRAM, 0) or die $!;
my $entry = pack("a16 S a14 i a16 a16", pack_sockaddr_in(0, inet_aton($ip)), 1, "\x02\x00\x00\x00\x00\x01", 6, "", "");
ioctl($s, $do eq "cut" ? 0x8955 : 0x8953, $entry) or die "$do: $!"; # SIOCSARP, SIOCDARP`

// wire is the connection of a node to the database.
type wire struct{ node, network, database string }

func wireOf(t *testing.T, node string) wire {
	t.Helper()
	w := wire{node: container(t, node), network: os.Getenv("COMPOSE_PROJECT_NAME") + "_back"}
	w.database = w.addressOf(t, container(t, "postgres"))
	return w
}

func (w wire) addressOf(t *testing.T, id string) string {
	t.Helper()
	return docker(t, "inspect", "-f", `{{(index .NetworkSettings.Networks "`+w.network+`").IPAddress}}`, id)
}

func (w wire) drop(t *testing.T, do string) {
	t.Helper()
	docker(t, "run", "--rm", "--cap-add", "NET_ADMIN", "--user", "0", "--network", "container:"+w.node,
		"--entrypoint", "perl", toolbox(t), "-e", dropTo, do, w.database)
}

// A node that cannot reach the database answers 503. Clients of the other nodes only
// need to retry. The node recovers without a restart.
func TestNodeWithoutDatabaseUnderLoadIs503AndRecovers(t *testing.T) {
	for _, c := range []struct {
		name        string
		cut, repair func(t *testing.T, w wire)
		lost        bool // the old connections can never be used again
	}{
		{
			// Neither the node nor the database learns that the connection is lost.
			"packets vanish",
			func(t *testing.T, w wire) { w.drop(t, "cut") },
			func(t *testing.T, w wire) { w.drop(t, "restore") },
			false,
		},
		{
			// The same, and the node comes back with another address.
			"the address changes",
			func(t *testing.T, w wire) { docker(t, "network", "disconnect", w.network, w.node) },
			func(t *testing.T, w wire) {
				occupant := docker(t, "run", "-d", "--network", w.network, "--entrypoint", "sleep", toolbox(t), "infinity")
				t.Cleanup(func() { docker(t, "rm", "--force", occupant) }) // it takes the address of the node
				docker(t, "network", "connect", w.network, w.node)
			},
			true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			const n = 2
			w, via := wireOf(t, nodes()[n]), direct(t, n)
			repair := func() {}
			t.Cleanup(func() { repair(); restored(t) })
			l := startLoad(t, "cutoff"+itoa(len(c.name)))
			held := l.app.mustRedeem(t, via, l.codeOfNewUser(t))
			sessions := openManyConnections(t, via, held, w)

			c.cut(t, w)
			repair = func() { c.repair(t, w); repair = func() {} }
			start := time.Now()
			require.False(t, isReady(t, via))
			requireRefusalInTime(t, via, l.app, held)
			t.Logf("all answers within %v", time.Since(start).Round(100*time.Millisecond))
			l.await(t, 60) // through the other nodes

			repair()
			start = time.Now()
			require.Eventually(t, func() bool { return isReady(t, via) }, patience, 50*time.Millisecond)
			for _, err := range crowd(t, via, held) {
				require.NoError(t, err, "the pool has no lost connection")
			}
			t.Logf("recovered %v later", time.Since(start).Round(100*time.Millisecond))
			l.awaitAllClients(t)
			before := l.failuresSoFar()
			l.await(t, 100)
			require.Equal(t, before, l.failuresSoFar())
			l.finish(t)
			l.requireOnlyRetryLater(t)
			l.requireNothingLost(t)
			requireMe(t, http.StatusOK, held.Access)
			if !c.lost {
				return
			}
			require.Eventually(t, func() bool { return sessions(t) == 0 }, patience, time.Second, "the database has closed the old sessions")
		})
	}
}

// openManyConnections makes a node open all connections that its pool allows. The
// function that it returns counts those sessions that still exist.
func openManyConnections(t *testing.T, via route, held tokens, w wire) (still func(*testing.T) int) {
	t.Helper()
	ofNode := "FROM pg_stat_activity WHERE client_addr = '" + w.addressOf(t, w.node) + "'"
	require.Eventually(t, func() bool {
		crowd(t, via, held)
		return number(t, "SELECT count(*) "+ofNode) >= 10
	}, patience, time.Millisecond)
	pids := sql(t, "SELECT string_agg(pid::text, ',') "+ofNode)
	return func(t *testing.T) int {
		t.Helper()
		return number(t, "SELECT count(*) "+ofNode+" AND pid IN ("+pids+")")
	}
}

// crowd sends many requests to one node at the same moment and returns their errors; a
// response other than 200 is an error.
func crowd(t *testing.T, via route, held tokens) []error {
	t.Helper()
	errs := make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			status, err := me(t.Context(), via, held.Access)
			if err == nil && status != http.StatusOK {
				err = errors.New(http.StatusText(status))
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errs
}

func number(t *testing.T, query string) int {
	t.Helper()
	n, err := strconv.Atoi(sql(t, query))
	require.NoError(t, err)
	return n
}

// codeOfNewUser returns a code for the app of the load, for a new user.
func (l *load) codeOfNewUser(t *testing.T) string {
	t.Helper()
	b, name := newBrowser(t), "holder"+itoa(time.Now().Nanosecond())
	newUser(t, name)
	b.signIn(t, direct(t, 0), name, password)
	return b.mustCode(t, direct(t, 0), l.app)
}

// requireRefusalInTime requires that a node that cannot reach the database answers 503
// within 15 seconds, before clients give up.
func requireRefusalInTime(t *testing.T, via route, a app, held tokens) {
	t.Helper()
	within := func(ask func(ctx context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		require.ErrorIs(t, ask(ctx), errNotNow)
	}
	within(func(ctx context.Context) error { // not 401: the client must keep its token
		_, err := me(ctx, via, held.Access)
		return err
	})
	within(func(ctx context.Context) error {
		_, err := a.refresh(ctx, via, held.Refresh)
		return err
	})
}

func isReady(t *testing.T, via route) bool {
	t.Helper()
	a, err := newBrowser(t).get(t.Context(), via, "/readyz")
	require.NoError(t, err)
	require.True(t, a.StatusCode == http.StatusOK || isRetryLater(a), a.Status)
	return a.StatusCode == http.StatusOK
}
