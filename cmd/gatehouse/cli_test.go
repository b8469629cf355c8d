package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registration"
)

// runCommand runs gatehouse in this process.
func runCommand(t *testing.T, environ []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, environ, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// migrate creates the database of a test.
func migrate(t *testing.T, environ []string) {
	t.Helper()
	status, _, stderr := runCommand(t, environ, "migrate")
	require.Equal(t, exitOK, status, stderr)
}

func TestInvalidCommandLineExitsWithStatus2(t *testing.T) {
	cases := []struct {
		args []string
		hint string
	}{
		{[]string{"serv"}, `did you mean "gatehouse serve"?`},
		{[]string{"user"}, "sub-command"},
		{[]string{"user", "creat"}, `did you mean "gatehouse user create"?`},
		{[]string{"user", "create"}, "--username and --email"},
		{[]string{"user", "create", "--user", "x"}, "unknown flag"},
		{[]string{"user", "create", "x"}, "too many arguments"},
		{[]string{"user", "promote"}, "USER"},
		{[]string{"user", "create", "--username", "x", "--email", "x@example.com", "--password", "x", "--password-file", "x"}, "password"},
		{[]string{"app", "create", "--name", "x"}, "--callback-url"},
		{[]string{"app", "show"}, "CLIENT-ID"},
		{[]string{"settings", "set", "x"}, "VALUE"},
		{[]string{"migrate", "down"}, "--yes"},
		{[]string{"demo", "--listen", "0.0.0.0:8065"}, "this computer"},
		{[]string{"demo", "--client-listen", ":8066"}, "this computer"},
		{[]string{"demo", "--ephemeral", "--listen", ":0"}, "this computer"},
		{[]string{"demo", "--ephemeral", "--database", "sqlite:x.db"}, "only one of --ephemeral and --database"},
		{[]string{"demo", "--ephemeral", "--client-listen", "127.0.0.1:0"}, "only one of --ephemeral and --client-listen"},
		{[]string{"demo", "--ephemeral", "--callback-url", "javascript:alert(1)"}, "--callback-url: "},
		{[]string{"demo", "--callback-url", "http://localhost/cb"}, "needs --ephemeral"},
		{[]string{"version", "--colour"}, "unknown flag"},
	}
	for _, tc := range cases {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			status, stdout, stderr := runCommand(t, nil, tc.args...)
			require.Equal(t, exitUsage, status, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, tc.hint)
			require.Contains(t, stderr, "--help")
		})
	}
}

func TestHelpExitsWithStatus0(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"help"}, {"user", "--help"}, {"help", "environment"}} {
		status, stdout, stderr := runCommand(t, nil, args...)
		require.Equal(t, exitOK, status)
		require.NotEmpty(t, stdout)
		require.Empty(t, stderr)
	}
}

func TestErrorIsOneLineWithoutUsage(t *testing.T) {
	environ := []string{"GATEHOUSE_DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "no", "such", "directory", "gatehouse.db")}
	status, stdout, stderr := runCommand(t, environ, "user", "list")
	require.Equal(t, exitFailure, status)
	require.Empty(t, stdout)
	require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	require.NotContains(t, stderr, "Usage:")
}

func TestAppsOfTheDemoFollowTheRulesOfRegistration(t *testing.T) {
	for _, s := range demoScenarios() {
		require.Empty(t, registration.CheckAll(demoApp(s, "http://localhost:8066")), s.Name)
		require.Len(t, s.ClientID, 26)
	}
}

func TestHealthcheckRequestsReadyzFromTheListener(t *testing.T) {
	status := http.StatusOK
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
	}))
	address := gateway.Listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	for _, listen := range []string{address, "0.0.0.0:" + port, ":" + port} {
		exit, _, stderr := runCommand(t, []string{"GATEHOUSE_LISTEN=" + listen}, "healthcheck")
		require.Equal(t, exitOK, exit, stderr)
	}
	status = http.StatusServiceUnavailable
	exit, _, stderr := runCommand(t, []string{"GATEHOUSE_LISTEN=" + address}, "healthcheck")
	require.Equal(t, exitFailure, exit)
	require.Contains(t, stderr, "not ready")

	gateway.Close()
	exit, _, stderr = runCommand(t, []string{"GATEHOUSE_LISTEN=" + address}, "healthcheck")
	require.Equal(t, exitFailure, exit)
	require.Contains(t, stderr, "does not answer")
}

// Attack: control the operator's terminal with the names and texts that users choose.
func TestOutputShowsControlCharactersAsEscapes(t *testing.T) {
	environ := []string{"GATEHOUSE_DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")}
	migrate(t, environ)
	hostile := "A\x1b]0;title\x07\x1b[2J\u009b31m\u202eevil\u200b\r\n\tFake row\x7f é 漢 ok"
	status, stdout, stderr := runCommand(t, environ, "app", "create", "--name", hostile, "--description", hostile, "--callback-url", "https://app.example.com/cb")
	require.Equal(t, exitOK, status, stderr)
	id := clientID(t, stdout)
	outputs := map[string]string{"create": stdout}
	for _, args := range [][]string{{"app", "list"}, {"app", "list", "--json"}, {"app", "show", id}, {"app", "show", id, "--json"}, {"app", "regenerate-secret", id}, {"app", "delete", id}} {
		status, stdout, stderr := runCommand(t, environ, args...)
		require.Equal(t, exitOK, status, stderr)
		outputs[strings.Join(args, " ")] = stdout
	}
	_, _, stderr = runCommand(t, environ, "user", "show", "x\x1b[2J\u202e")
	outputs["an error"] = stderr
	_, _, stderr = runCommand(t, environ, "user", "x\x1b[2J\u202e")
	outputs["a usage error"] = stderr
	for name, output := range outputs {
		for _, r := range strings.ReplaceAll(output, "\n", "") {
			require.True(t, strconv.IsGraphic(r), "%s has %q", name, r)
		}
		require.NotContains(t, output, "\nFake row", name)
		require.NotContains(t, output, "\n\tFake row", name)
	}
	require.Contains(t, outputs["app list"], `A\x1b]0;title\a\x1b[2J\u009b31m\u202eevil\u200b\r\n\tFake row\x7f é 漢 ok`)
	var list []struct{ Name string }
	require.NoError(t, json.Unmarshal([]byte(outputs["app list --json"]), &list))
	require.Equal(t, hostile, list[0].Name, "JSON keeps the value")
}

func clientID(t *testing.T, output string) string {
	t.Helper()
	for line := range strings.SplitSeq(output, "\n") {
		if id, ok := strings.CutPrefix(line, "Client ID"); ok {
			return strings.TrimSpace(id)
		}
	}
	require.Fail(t, "no client id", output)
	return ""
}
