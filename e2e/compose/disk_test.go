package compose_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// disk is a file system of limited size. The container "at" has a shell, and the file
// system is at /disk there.
type disk struct{ at string }

// fill fills the disk.
func (d disk) fill(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { // the database may have freed some blocks meanwhile
		_, _ = trySh(t, `docker exec "$1" sh -c 'cat /dev/zero >>/disk/filler'`, d.at)
		return d.room(t) == 0
	}, patience, time.Millisecond)
}

func (d disk) free(t *testing.T) {
	t.Helper()
	docker(t, "exec", d.at, "rm", "-f", "/disk/filler")
}

// room returns the number of free blocks.
func (d disk) room(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(docker(t, "exec", d.at, "stat", "-f", "-c", "%a", "/disk"))
	require.NoError(t, err)
	return n
}

// On a full disk, PostgreSQL refuses statements that need room. If its write-ahead log
// has no room, it stops, and does not start until there is room.
func TestFullDiskOfPostgreSQLUnderLoadIs503UntilThereIsRoom(t *testing.T) {
	for _, c := range []struct {
		name, user string
		write      func(t *testing.T)
	}{
		{"for rows", "fullrows", func(*testing.T) {}},
		{"for its log", "fulllog", func(t *testing.T) {
			require.Eventually(t, func() bool {
				_, err := trySh(t, `compose exec -T postgres psql -qAt -h /var/run/postgresql -U gatehouse -d gatehouse -c "SELECT pg_logical_emit_message(true, 'x', repeat('x', 8000000))"`)
				return err != nil
			}, patience, time.Millisecond)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := disk{container(t, "ballast")}
			t.Cleanup(func() { d.free(t); restored(t) })
			l := startLoad(t, c.user)
			held := l.app.mustRedeem(t, direct(t, 0), l.codeOfNewUser(t))

			d.fill(t)
			c.write(t)
			l.awaitRefusals(t, 40)
			l.requireKeepsTokens(t, held)
			t.Logf("PostgreSQL is %s", docker(t, "inspect", "-f", "{{.State.Status}}, restarted {{.RestartCount}} times", container(t, "postgres")))

			d.free(t)
			l.await(t, 100)
			l.finish(t)
			l.requireOnlyRetryLater(t)
			l.requireNothingLost(t)
			requireMe(t, http.StatusOK, held.Access)
		})
	}
}

// requireKeepsTokens requires that each node accepts a valid token, or answers 503
// with Retry-After.
func (l *load) requireKeepsTokens(t *testing.T, held tokens) {
	t.Helper()
	good := 0
	for _, via := range l.ask {
		if status, err := me(t.Context(), via, held.Access); err != nil {
			require.ErrorIs(t, err, errNotNow, "not 401: the client must keep its token")
		} else {
			require.Equal(t, http.StatusOK, status)
			good++
		}
	}
	t.Logf("%d of %d nodes accept a valid token", good, len(l.ask))
}

func TestFullDiskOfSQLiteUnderLoadIs503UntilThereIsRoom(t *testing.T) {
	const name, volume = "gatehouse-test-sqlite", "gatehouse-test-sqlite"
	remove := func() {
		_, _ = trySh(t, `docker rm --force "$1" "$1-ballast" || true; docker volume rm "$2"`, name, volume)
	}
	remove() // what a killed run left
	t.Cleanup(remove)
	docker(t, "volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=32m,uid=65532,gid=65532,mode=0700", volume)
	d := disk{docker(t, "run", "-d", "--name", name+"-ballast", "--network", "none", "--entrypoint", "sleep", "--volume", volume+":/disk", toolbox(t), "infinity")}
	docker(t, "run", "-d", "--name", name, "--read-only", "--cap-drop", "ALL", "--memory", "256m", "--publish", "127.0.0.1::8065", "--volume", volume+":/var/lib/gatehouse",
		"--env", "GATEHOUSE_SITE_URL="+site(), "--env", "GATEHOUSE_DATABASE_URL=sqlite:gatehouse.db", os.Getenv("GATEHOUSE_IMAGE"))
	run := func(t *testing.T, args ...string) string {
		t.Helper()
		return docker(t, append([]string{"exec", name, "gatehouse"}, args...)...)
	}
	_, port, _ := strings.Cut(docker(t, "port", name, "8065/tcp"), ":")
	via := directTo(t, "127.0.0.1:"+port)
	require.Eventually(t, func() bool {
		a, err := newBrowser(t).get(t.Context(), via, "/readyz")
		return err == nil && a.StatusCode == http.StatusOK
	}, patience, 100*time.Millisecond)
	run(t, "settings", "set", "enable_oauth_service_provider", "true")

	l := startLoadAt(t, "full", run, via, []route{via})
	b := newBrowser(t)
	command(run).newUser(t, "holder")
	b.signIn(t, via, "holder", password)
	held := l.app.mustRedeem(t, via, b.mustCode(t, via, l.app))

	d.fill(t)
	l.awaitRefusals(t, 40)
	status, err := me(t.Context(), via, held.Access)
	require.NoError(t, err, "reading needs no room")
	require.Equal(t, http.StatusOK, status)

	d.free(t)
	l.await(t, 100)
	l.finish(t)
	l.requireOnlyRetryLater(t)
	l.requireNothingLost(t)
	require.Equal(t, "running 0", docker(t, "inspect", "-f", "{{.State.Status}} {{.RestartCount}}", name), "the container was not restarted")
}
