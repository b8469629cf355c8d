package compose_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is the limit of every wait. A test that passes never needs all of it.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv("GATEHOUSE_STACK") == "" {
		fmt.Fprintln(os.Stderr, "These tests need the stack. Run: make compose-test")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// nodes returns the services of the nodes.
func nodes() []string { return []string{"gateway-1", "gateway-2", "gateway-3"} }

// sh runs a script in the root of the repository and returns its output. The script can
// use the functions of deploy/compose.sh: `compose` and `await_healthy SERVICE`.
func sh(t *testing.T, script string, args ...string) string {
	t.Helper()
	out, err := trySh(t, script, args...)
	require.NoError(t, err, "%s %v", script, args)
	return out
}

// trySh is sh for a script that may fail.
func trySh(t *testing.T, script string, args ...string) (string, error) {
	t.Helper()
	// Cleanups run scripts after the context of the test has ended.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "bash", append([]string{"-euc", ". deploy/compose.sh; " + script, "test"}, args...)...)
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s%s", err, out, stderr.String())
	}
	return strings.TrimSpace(string(out)), err
}

// container returns the id of the container of a service.
func container(t *testing.T, service string) string {
	t.Helper()
	id := sh(t, `compose ps -aq "$1"`, service)
	require.NotEmpty(t, id, service)
	return id
}

// toolbox returns the name of an image that has a shell and the usual programs: the
// image of nginx, which the stack needs anyway.
func toolbox(t *testing.T) string {
	t.Helper()
	return docker(t, "inspect", "-f", "{{.Config.Image}}", container(t, "proxy"))
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	return sh(t, `docker "$@"`, args...)
}

// command runs a command of gatehouse in a container.
type command func(t *testing.T, args ...string) string

// gatehouse runs a command of gatehouse in the container of the first node.
func gatehouse(t *testing.T, args ...string) string {
	t.Helper()
	return sh(t, `compose exec -T gateway-1 gatehouse "$@"`, args...)
}

// sql runs a query in the database of the gateway.
func sql(t *testing.T, query string) string {
	t.Helper()
	return sh(t, `compose exec -T postgres psql -qAt -h /var/run/postgresql -U gatehouse -d gatehouse -c "$1"`, query)
}

// restored starts all containers again, waits until they are healthy, and turns the
// provider on.
func restored(t *testing.T) {
	t.Helper()
	sh(t, `compose up -d --no-build; for s in postgres proxy gateway-1 gateway-2 gateway-3; do await_healthy $s; done`)
	gatehouse(t, "settings", "set", "enable_oauth_service_provider", "true")
}
