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

// dropTo makes all packets from a container's network to an address vanish, or no
// longer: it says that the address is at a machine that is not there. What the
// containers hold of tools is enough for it.
const dropTo = `use Socket;
my ($do, $ip) = @ARGV;
socket(my $s, AF_INET, SOCK_DGRAM, 0) or die $!;
my $entry = pack("a16 S a14 i a16 a16", pack_sockaddr_in(0, inet_aton($ip)), 1, "\x02\x00\x00\x00\x00\x01", 6, "", "");
ioctl($s, $do eq "cut" ? 0x8955 : 0x8953, $entry) or die "$do: $!"; # SIOCSARP, SIOCDARP`

// wire is what leads from a node to the database.
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

// Whatever a node was told before, and whichever connections it has: cut off from
// the database it says so, costs the clients of the others nothing but a retry,
// and is whole again by itself.
func TestANodeCutOffFromTheDatabaseUnderLoadSaysSoAndComesBack(t *testing.T) {
	for _, c := range []struct {
		name      string
		cut, mend func(t *testing.T, w wire)
		lost      bool // the connections there were can never be used again
	}{
		{
			// Nothing says that it is gone, neither to the node nor to the database.
			"packets vanish",
			func(t *testing.T, w wire) { w.drop(t, "cut") },
			func(t *testing.T, w wire) { w.drop(t, "mend") },
			false,
		},
		{
			// Nor does anything say so when the node is back, with another address.
			"the network is another",
			func(t *testing.T, w wire) { docker(t, "network", "disconnect", w.network, w.node) },
			func(t *testing.T, w wire) {
				squatter := docker(t, "run", "-d", "--network", w.network, "--entrypoint", "sleep", toolbox(t), "infinity")
				t.Cleanup(func() { docker(t, "rm", "--force", squatter) }) // it has the address
				docker(t, "network", "connect", w.network, w.node)
			},
			true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			const n = 2
			w, via := wireOf(t, nodes()[n]), direct(t, n)
			mend := func() {}
			t.Cleanup(func() { mend(); restored(t) })
			l := startLoad(t, "cutoff"+itoa(len(c.name)))
			held := l.app.mustRedeem(t, via, l.codeOfNobodyElse(t))
			sessions := openManyConnections(t, via, held, w)

			c.cut(t, w)
			mend = func() { c.mend(t, w); mend = func() {} }
			start := time.Now()
			require.False(t, isReady(t, via))
			requireToldInTime(t, via, l.app, held)
			t.Logf("told so within %v", time.Since(start).Round(100*time.Millisecond))
			l.await(t, 60) // the others go on

			mend()
			start = time.Now()
			require.Eventually(t, func() bool { return isReady(t, via) }, patience, 50*time.Millisecond)
			for _, err := range crowd(t, via, held) {
				require.NoError(t, err, "it hands out no connection that is dead")
			}
			t.Logf("whole %v after", time.Since(start).Round(100*time.Millisecond))
			l.awaitEveryone(t)
			before := l.failuresSoFar()
			l.await(t, 100)
			require.Equal(t, before, l.failuresSoFar())
			l.finish(t)
			l.requireHonest(t)
			l.requireNothingLost(t)
			requireMe(t, http.StatusOK, held.Access)
			if !c.lost {
				return
			}
			require.Eventually(t, func() bool { return sessions(t) == 0 }, patience, time.Second, "the database has let go of the sessions of then")
		})
	}
}

// openManyConnections lets a node have all the connections to the database that it
// may, and returns how many of these sessions there still are.
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

// crowd asks one node many times at once; nil is a 200.
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

// codeOfNobodyElse is a code for the load's app, for a person of its own.
func (l *load) codeOfNobodyElse(t *testing.T) string {
	t.Helper()
	b, name := newBrowser(t), "holder"+itoa(time.Now().Nanosecond())
	newUser(t, name)
	b.signIn(t, direct(t, 0), name, password)
	return b.mustCode(t, direct(t, 0), l.app)
}

// requireToldInTime requires that a node that cannot reach the database says so,
// while a client still listens.
func requireToldInTime(t *testing.T, via route, a app, held tokens) {
	t.Helper()
	listen := func(ask func(ctx context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		require.ErrorIs(t, ask(ctx), errNotNow)
	}
	listen(func(ctx context.Context) error { // not 401: the client must keep its token
		_, err := me(ctx, via, held.Access)
		return err
	})
	listen(func(ctx context.Context) error {
		_, err := a.refresh(ctx, via, held.Refresh)
		return err
	})
}

func isReady(t *testing.T, via route) bool {
	t.Helper()
	a, err := newBrowser(t).get(t.Context(), via, "/readyz")
	require.NoError(t, err)
	require.True(t, a.StatusCode == http.StatusOK || honest503(a), a.Status)
	return a.StatusCode == http.StatusOK
}
