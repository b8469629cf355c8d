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

// tcpProxy forwards a TCP port to a PostgreSQL server until it is cut.
type tcpProxy struct {
	target  string // the path of a Unix socket, or an address
	network string
	address string

	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

// startProxy starts a proxy to the database and returns it with the URL of the database
// through the proxy.
func startProxy(t *testing.T, databaseURL string) (*tcpProxy, string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	p := &tcpProxy{network: "tcp", target: u.Host, address: "127.0.0.1:0"}
	if dir := u.Query().Get("host"); strings.HasPrefix(dir, "/") {
		p.network, p.target = "unix", filepath.Join(dir, ".s.PGSQL.5432")
	}
	p.listen(t)
	t.Cleanup(p.cut)
	u.Host = p.listener.Addr().String()
	u.RawQuery = url.Values{"sslmode": {"disable"}}.Encode()
	return p, u.String()
}

// listen starts the proxy, and restarts it on the same port after a cut.
func (p *tcpProxy) listen(t *testing.T) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", p.address)
	require.NoError(t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener, p.address = l, l.Addr().String()
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial(p.network, p.target) //nolint:noctx // the connection ends with the proxy
			if err != nil {
				_ = near.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, near, far)
			p.mu.Unlock()
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
}

// cut closes the port and every connection.
func (p *tcpProxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

func TestRequestsGet503WhileTheDatabaseIsUnreachable(t *testing.T) {
	direct := testdb.Postgres(t)
	proxy, databaseURL := startProxy(t, direct)
	p := serve(t, withAdmin(databaseURL)...)
	app := newApp(t, direct)
	b := newBrowser(t)
	code := b.authorize(t, at(app, p).AuthCodeURL("x"), admin)
	token, err := at(app, p).Exchange(t.Context(), code)
	require.NoError(t, err)
	waiting := b.authorize(t, at(app, p).AuthCodeURL("x"), admin)

	proxy.cut()
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

	proxy.listen(t)
	require.Eventually(t, func() bool {
		answer, _, _ := status(t, p.url+"/readyz")
		return answer == http.StatusOK
	}, waitTimeout, 50*time.Millisecond, "the gateway recovers without a restart")
	requireMe(t, p, token.AccessToken, http.StatusOK)
	_, err = at(app, p).Exchange(t.Context(), waiting)
	require.NoError(t, err, "the failed attempt did not use up the code")
}

func requireMeUnavailable(t *testing.T, p *process, accessToken string) {
	t.Helper()
	answer, _, err := me(t.Context(), p, accessToken)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, answer, "a 401 would make the client discard its token")
}

func TestOneOfSeveralNodesThatStartTogetherCreatesTheFirstSystemAdmin(t *testing.T) {
	databaseURL := testdb.Postgres(t)
	nodes := make([]*process, 3)
	for i := range nodes {
		nodes[i] = launch(t, append(withAdmin(databaseURL), "GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_LOG_FORMAT=json"), "serve")
	}
	for _, p := range nodes {
		p.awaitLine(t, p.log, "gatehouse is running")
	}
	created := 0
	for _, p := range nodes {
		created += strings.Count(p.log.String(), "created the first System Admin")
	}
	require.Equal(t, 1, created)
}

func TestOnlyTheOwnerCanReadTheSQLiteFiles(t *testing.T) {
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
