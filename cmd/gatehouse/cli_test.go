package main

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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
		require.Empty(t, registration.CheckAll(demoApp(s, "", "http://localhost:8066")), s.Name)
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
