package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/loopback"
	"gatehouse/test/testdb"
)

// deployment is a configuration of the gateway.
type deployment struct {
	name         string
	database     func(testing.TB) string
	path         string // of the site URL
	registration bool   // clients may register themselves
}

// The users of the gateway.
var (
	ada = user{name: "ada", email: "ada@example.com", password: "ada-the-admin"} // System Admin
	bob = user{name: "bob", email: "bob@example.com", password: "bob-the-user"}
)

type user struct{ name, email, password string }

// gateway is a running `gatehouse serve`.
type gateway struct {
	url            string // site URL
	binary         string
	environment    []string
	log            *lockedBuffer
	resourceServer app // an app that may introspect every token
}

// app is an app as `gatehouse app create --json` prints it.
type app struct {
	ID     string `json:"id"`
	Secret string `json:"client_secret"`
}

// start sets up a gateway with its commands and starts it.
func start(t *testing.T, d deployment) *gateway {
	t.Helper()
	address := loopback.Reserve(t)
	g := &gateway{url: "http://" + address + d.path, binary: binary(t), log: new(lockedBuffer)}
	g.environment = append(withoutSettings(os.Environ()),
		"GATEHOUSE_LISTEN="+address,
		"GATEHOUSE_SITE_URL="+g.url,
		"GATEHOUSE_DATABASE_URL="+d.database(t),
		"GATEHOUSE_SECRET=only for tests, and at least 32 bytes long",
		"GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER=true",
		"GATEHOUSE_LOG_FORMAT=text",
	)
	if d.registration {
		g.environment = append(g.environment, "GATEHOUSE_ENABLE_DYNAMIC_CLIENT_REGISTRATION=true")
	}
	g.command(t, "migrate")
	g.command(t, "user", "create", "--username", ada.name, "--email", ada.email, "--password", ada.password, "--admin")
	g.command(t, "user", "create", "--username", bob.name, "--email", bob.email, "--password", bob.password)
	g.resourceServer = g.app(t, "--name", "An MCP server", "--callback-url", "https://mcp.example.com/unused")
	g.command(t, "settings", "set", "introspection_client_ids", g.resourceServer.ID)
	g.serve(t)
	return g
}

// app registers an app with `gatehouse app create`.
func (g *gateway) app(t *testing.T, flags ...string) app {
	t.Helper()
	var a app
	require.NoError(t, json.Unmarshal(g.command(t, append([]string{"app", "create", "--json"}, flags...)...), &a))
	return a
}

// command runs a command of the binary and returns its output.
func (g *gateway) command(t *testing.T, arguments ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), g.binary, arguments...) //nolint:gosec // the binary that the tests built
	cmd.Env = g.environment
	out, err := cmd.Output()
	if err != nil {
		stderr := ""
		if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output does not wrap it
			stderr = string(exit.Stderr)
		}
		t.Fatalf("gatehouse %s: %v\n%s%s", strings.Join(arguments, " "), err, out, stderr)
	}
	return out
}

// serve runs gatehouse serve until the test ends.
func (g *gateway) serve(t *testing.T) {
	t.Helper()
	cmd := exec.Command(g.binary, "serve") //nolint:gosec // the binary that the tests built
	cmd.Env, cmd.Stdout, cmd.Stderr = g.environment, g.log, g.log
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, <-ended, "the gateway stops cleanly")
	})

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for poll := time.NewTicker(20 * time.Millisecond); ; {
		if res, err := http.Get(g.url + "/.well-known/oauth-authorization-server"); err == nil {
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusOK, res.StatusCode, "%s", g.log)
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the gateway did not start: %v\n%s", err, g.log)
		case <-ctx.Done():
			t.Fatalf("the gateway did not start within a minute\n%s", g.log)
		case <-poll.C:
		}
	}
}

// binary builds the command in the first call and returns its path.
func binary(t *testing.T) string {
	t.Helper()
	path, err := buildBinary()
	require.NoError(t, err)
	return path
}

var buildBinary = sync.OnceValues(func() (string, error) {
	// `go test` repeats a cached result unless a file that the test read has changed.
	// This test depends on every file of the repository, so it opens every folder.
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "bin") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return build("../..", "./cmd/gatehouse")
})

// built is the folder of the programs that the tests build. TestMain removes it.
var built string

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	var err error
	if built, err = os.MkdirTemp("", "gatehouse-clients-"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(built) }() // A rest in the temporary directory does no harm.
	return m.Run()
}

// build builds the program of a package and returns its path. The package is named
// relative to the folder of its module.
func build(module, pkg string) (string, error) {
	out := filepath.Join(built, filepath.Base(module)+"-"+filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", out, pkg) //nolint:gosec // constants of this package
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", &installError{"go build " + pkg, output, "check that the Go module proxy can be reached, and run: cd " + module + " && go build " + pkg}
	}
	return out, nil
}

// withoutSettings returns the environment without the variables of the gateway.
func withoutSettings(environment []string) []string {
	var kept []string
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "GATEHOUSE_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// sqlite and postgres return the URL of a new database.
var (
	sqlite   = testdb.SQLite
	postgres = testdb.Postgres
)

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
