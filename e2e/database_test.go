package e2e_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse/test/testdb"
)

// wire is a TCP port that leads to a PostgreSQL server, and can be cut.
type wire struct {
	target  string // a Unix socket or an address
	network string
	address string

	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

// wireTo makes a wire to the database and returns its URL through the wire.
func wireTo(t *testing.T, databaseURL string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	w := &wire{network: "tcp", target: u.Host, address: "127.0.0.1:0"}
	if dir := u.Query().Get("host"); strings.HasPrefix(dir, "/") {
		w.network, w.target = "unix", filepath.Join(dir, ".s.PGSQL.5432")
	}
	w.mend(t)
	t.Cleanup(w.cut)
	u.Host = w.listener.Addr().String()
	u.RawQuery = url.Values{"sslmode": {"disable"}}.Encode()
	return w, u.String()
}

func (w *wire) mend(t *testing.T) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", w.address)
	require.NoError(t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener, w.address = l, l.Addr().String()
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial(w.network, w.target) //nolint:noctx // it lives as long as the wire
			if err != nil {
				_ = near.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, near, far)
			w.mu.Unlock()
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.listener.Close()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

func TestADatabaseThatGoesAwayIs503UntilItIsBack(t *testing.T) {
	direct := testdb.Postgres(t)
	w, databaseURL := wireTo(t, direct)
	p := serve(t, withAdmin(databaseURL)...)
	app := newApp(t, direct)
	b := newBrowser(t)
	code := b.authorize(t, at(app, p).AuthCodeURL("x"), admin)
	token, err := at(app, p).Exchange(t.Context(), code)
	require.NoError(t, err)
	waiting := b.authorize(t, at(app, p).AuthCodeURL("x"), admin)

	w.cut()
	answer, header, body := status(t, p.url+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, answer, body)
	require.NotEmpty(t, header.Get("Retry-After"))
	answer, _, _ = status(t, p.url+"/healthz")
	require.Equal(t, http.StatusOK, answer)

	_, err = at(app, p).Exchange(t.Context(), waiting)
	var refused *oauth2.RetrieveError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusServiceUnavailable, refused.Response.StatusCode)
	require.Equal(t, "temporarily_unavailable", refused.ErrorCode)
	require.NotEmpty(t, refused.Response.Header.Get("Retry-After"))
	requireMeUnavailable(t, p, token.AccessToken)
	page := newBrowser(t).get(t, p.url+"/login")
	page = newBrowser(t).signIn(t, page, admin)
	require.Equal(t, http.StatusServiceUnavailable, page.status)
	require.Contains(t, page.Text(), "try again")

	w.mend(t)
	require.Eventually(t, func() bool {
		answer, _, _ := status(t, p.url+"/readyz")
		return answer == http.StatusOK
	}, patience, 50*time.Millisecond, "it recovers by itself")
	requireMe(t, p, token.AccessToken, http.StatusOK)
	_, err = at(app, p).Exchange(t.Context(), waiting)
	require.NoError(t, err, "the failed try did not use up the code")
}

func requireMeUnavailable(t *testing.T, p *process, accessToken string) {
	t.Helper()
	answer, _, err := me(t.Context(), p, accessToken)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, answer, "not 401: the client must keep its token")
}

func TestADatabaseIsMigratedByOneOfSeveralNodesThatStartTogether(t *testing.T) {
	databaseURL := testdb.Postgres(t)
	nodes := make([]*process, 3)
	for i := range nodes {
		nodes[i] = launch(t, append(withAdmin(databaseURL), "GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_LOG_FORMAT=json"), "serve")
	}
	for _, p := range nodes {
		p.awaitLine(t, p.log, "gatehouse is running")
	}
	made := 0
	for _, p := range nodes {
		made += strings.Count(p.log.String(), "created the first System Admin")
	}
	require.Equal(t, 1, made)
}

func TestTheSQLiteFilesAreNobodyElses(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	p := serve(t, "GATEHOUSE_DATABASE_URL="+databaseURL)
	dir := filepath.Dir(strings.TrimPrefix(databaseURL, "sqlite:"))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), e.Name())
	}
	require.Zero(t, p.stop(t))
}
