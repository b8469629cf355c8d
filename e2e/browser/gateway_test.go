package browser_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
	"gatehouse/test/loopback"
	"gatehouse/test/testdb"
)

// The users of the gateway: ada is a System Admin, bob is not.
var (
	ada = user{name: "ada", email: "ada@example.com", password: "ada-the-admin"}
	bob = user{name: "bob", email: "bob@example.com", password: "bob-the-user"}
)

type user struct{ name, email, password string }

// gateway is a running `gatehouse serve`.
type gateway struct {
	url         string // the site URL
	address     string // host and port that it listens on
	environment []string
	log         *lockedBuffer
}

// registered is an app as `gatehouse app create --json` prints it.
type registered struct {
	ID     string `json:"id"`
	Secret string `json:"client_secret"`
}

// prepare returns a gateway that is not running and has no users.
func prepare(t *testing.T) *gateway {
	t.Helper()
	return prepareAt(t, "127.0.0.1")
}

// prepareAt is prepare for a gateway that browsers reach under a host name.
func prepareAt(t *testing.T, host string) *gateway {
	t.Helper()
	address := loopback.Reserve(t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	g := &gateway{url: "http://" + net.JoinHostPort(host, port), address: address, log: new(lockedBuffer)}
	g.environment = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GATEHOUSE_LOG_FORMAT=json",
		"GATEHOUSE_LISTEN=" + address, "GATEHOUSE_SITE_URL=" + g.url, "GATEHOUSE_DATABASE_URL=" + testdb.SQLite(t),
		"GATEHOUSE_SECRET=only for tests, and at least 32 bytes long",
	}
	return g
}

// start starts a gateway with its users, with the provider on, and with other settings
// on. It stops at the end of the test. A running gateway would use a setting of a command
// only after a second.
func start(t *testing.T, settings ...string) *gateway {
	t.Helper()
	g := prepare(t)
	g.command(t, "migrate")
	g.command(t, "user", "create", "--username", ada.name, "--email", ada.email, "--password", ada.password, "--admin")
	g.command(t, "user", "create", "--username", bob.name, "--email", bob.email, "--password", bob.password)
	for _, key := range append(settings, "enable_oauth_service_provider") {
		g.command(t, "settings", "set", key, "true")
	}
	g.serve(t)
	return g
}

// serve runs `gatehouse serve` until the end of the test.
func (g *gateway) serve(t *testing.T) {
	t.Helper()
	cmd := exec.Command(binary, "serve")
	cmd.Env, cmd.Stdout, cmd.Stderr = g.environment, g.log, g.log
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, <-ended, "the gateway stops cleanly")
		if t.Failed() {
			t.Logf("log of the gateway:\n%s", g.log)
		}
	})
	g.awaitReady(t, ended)
}

// setUpLink returns the link that a gateway without users writes to its log.
func (g *gateway) setUpLink(t *testing.T) string {
	t.Helper()
	for line := range strings.Lines(g.log.String()) {
		var said struct {
			Link string `json:"set_up_link"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &said), line)
		if said.Link != "" {
			return said.Link
		}
	}
	require.FailNow(t, "there is no set-up link", g.log.String())
	return ""
}

func (g *gateway) awaitReady(t *testing.T, ended chan error) {
	t.Helper()
	deadline := time.After(drive.Patience)
	for poll := time.NewTicker(20 * time.Millisecond); ; {
		if res, err := http.Get("http://" + g.address + "/readyz"); err == nil {
			require.NoError(t, res.Body.Close())
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			require.FailNow(t, "the gateway ended", "%v\n%s", err, g.log)
		case <-deadline:
			require.FailNow(t, "the gateway does not start", g.log.String())
		case <-poll.C:
		}
	}
}

// app registers an app with `gatehouse app create`.
func (g *gateway) app(t *testing.T, flags ...string) registered {
	t.Helper()
	var a registered
	require.NoError(t, json.Unmarshal(g.command(t, append([]string{"app", "create", "--json"}, flags...)...), &a))
	return a
}

// command runs a command of the binary and returns its output.
func (g *gateway) command(t *testing.T, arguments ...string) []byte {
	t.Helper()
	cmd := exec.Command(binary, arguments...) //nolint:gosec // the binary that the tests built
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = g.environment, &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "gatehouse %s: %s%s", strings.Join(arguments, " "), out, stderr.String())
	return out
}

// authorize returns the URL of an authorization request. The parameters are names and
// values in turn.
func (g *gateway) authorize(a registered, parameters ...string) string {
	query := url.Values{"response_type": {"code"}, "client_id": {a.ID}, "state": {"a state"}}
	for i := 0; i+1 < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	return g.url + "/oauth/authorize?" + query.Encode()
}

// tab opens a tab for the gateway and for the apps to which it redirects.
func (g *gateway) tab(t *testing.T, noScript bool, apps ...*client) *drive.Tab {
	t.Helper()
	o := drive.Options{Site: g.url, NoScript: noScript}
	for _, a := range apps {
		o.Visits = append(o.Visits, a.host(), a.otherHost())
	}
	return chromium.Tab(t, o)
}

// signIn signs a user in. The tab shows the sign-in page.
func signIn(tab *drive.Tab, u user) {
	tab.Fill("Username or email", u.name)
	tab.Fill("Password", u.password)
	tab.Press("Sign in")
}

// lockedBuffer holds the output of a process, which the test reads meanwhile.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
