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

// patience bounds every wait: it is only ever used up by a failure.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv("GATEHOUSE_STACK") == "" {
		fmt.Fprintln(os.Stderr, "These tests need the stack. Run: make compose-test")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// nodes are the gateways' services.
func nodes() []string { return []string{"gateway-1", "gateway-2", "gateway-3"} }

// sh runs a script at the root of the project with what the deploy scripts use:
// `compose` and `await_healthy SERVICE`.
func sh(t *testing.T, script string, args ...string) string {
	t.Helper()
	out, err := trySh(t, script, args...)
	require.NoError(t, err, "%s %v", script, args)
	return out
}

func trySh(t *testing.T, script string, args ...string) (string, error) {
	t.Helper()
	// Not with the test's context: what a test leaves behind is mended after that has ended.
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

// container is the id of a service's container.
func container(t *testing.T, service string) string {
	t.Helper()
	id := sh(t, `compose ps -aq "$1"`, service)
	require.NotEmpty(t, id, service)
	return id
}

// toolbox is an image that has a shell and the like, and is there already.
func toolbox(t *testing.T) string {
	t.Helper()
	return docker(t, "inspect", "-f", "{{.Config.Image}}", container(t, "proxy"))
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	return sh(t, `docker "$@"`, args...)
}

// command runs a sub-command of gatehouse somewhere.
type command func(t *testing.T, args ...string) string

// gatehouse runs a sub-command in the container of the first node.
func gatehouse(t *testing.T, args ...string) string {
	t.Helper()
	return sh(t, `compose exec -T gateway-1 gatehouse "$@"`, args...)
}

// sql asks the database.
func sql(t *testing.T, query string) string {
	t.Helper()
	return sh(t, `compose exec -T postgres psql -qAt -h /var/run/postgresql -U gatehouse -d gatehouse -c "$1"`, query)
}

// restored makes the stack whole again, whatever a test did to it.
func restored(t *testing.T) {
	t.Helper()
	sh(t, `compose up -d --no-build; for s in postgres proxy gateway-1 gateway-2 gateway-3; do await_healthy $s; done`)
	gatehouse(t, "settings", "set", "enable_oauth_service_provider", "true")
}
