package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/doctor"
)

// findings runs `gatehouse doctor --json` and returns the exit status and the ids of the
// rules that are broken.
func findings(t *testing.T, environ []string, args ...string) (status int, broken []string, r doctor.Report) {
	t.Helper()
	status, stdout, stderr := runCommand(t, environ, append([]string{"doctor", "--json"}, args...)...)
	require.NoError(t, json.Unmarshal([]byte(stdout), &r), stderr)
	broken = []string{}
	for _, f := range r.Findings {
		if f.Level != doctor.OK && !slices.Contains(broken, f.ID) {
			broken = append(broken, f.ID)
		}
	}
	require.Len(t, r.Findings, r.Summary.Errors+r.Summary.Warnings+r.Summary.OK)
	return status, broken, r
}

func TestDoctorRefusesAWrongCommandLine(t *testing.T) {
	for hint, args := range map[string][]string{
		"URL is missing":                   {},
		"use only one of URL and --config": {"--config", "https://sso.example.com"},
		"too many arguments":               {"https://sso.example.com", "https://other.example.com"},
		"such as https://sso.example.com":  {"sso.example.com"},
		"remove the user":                  {"https://ada:secret@sso.example.com"},
		"the query and the fragment":       {"https://sso.example.com/?x=1"},
		"--timeout must be more than 0":    {"https://sso.example.com", "--timeout", "0s"},
		"unknown flag":                     {"--register"},
		"URL must be the issuer":           {"ftp://sso.example.com"},
	} {
		status, stdout, stderr := runCommand(t, nil, append([]string{"doctor"}, args...)...)
		require.Equal(t, exitUsage, status, stderr)
		require.Empty(t, stdout)
		require.Contains(t, stderr, hint)
	}
}

func TestDoctorExitsWithStatus1IfThereAreErrors(t *testing.T) {
	site := httptest.NewServer(http.NotFoundHandler())
	status, broken, _ := findings(t, nil, site.URL)
	require.Equal(t, exitFailure, status)
	require.Equal(t, []string{"metadata.found"}, broken)
	site.Close()

	const nowhere = "http://127.0.0.1:1" // no program listens there
	status, broken, _ = findings(t, nil, nowhere)
	require.Equal(t, exitFailure, status)
	require.Equal(t, []string{"server.connection"}, broken)
	status, stdout, stderr := runCommand(t, nil, "doctor", nowhere)
	require.Equal(t, exitFailure, status)
	require.Contains(t, stdout, "error    server.connection (RFC 8414 §3.1)\n")
	require.Contains(t, stdout, "\n1 error, 0 warnings, 0 checks passed.\n")
	require.Contains(t, stderr, "did not pass: 1 error, 0 warnings, 0 checks passed")
}

func TestWarningsCountAsErrorsWithStrict(t *testing.T) {
	environ := []string{"GATEHOUSE_DATABASE_URL=sqlite:" + t.TempDir() + "/gatehouse.db"}
	status, broken, _ := findings(t, environ, "--config")
	require.Equal(t, exitOK, status)
	require.Equal(t, []string{"config.new-database"}, broken)
	status, broken, _ = findings(t, environ, "--config", "--strict")
	require.Equal(t, exitFailure, status)
	require.Equal(t, []string{"config.new-database"}, broken)
}

// Attack: control the terminal of the operator with what a server answers.
func TestDoctorPrintsNoControlCharacters(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"issuer":"https://x\u001b[2J\u202e\nFake line","token_endpoint":"https://x\u0007\u009b"}`))
	}))
	defer site.Close()
	for _, args := range [][]string{{"doctor", site.URL}, {"doctor", site.URL, "--json"}} {
		_, stdout, stderr := runCommand(t, nil, args...)
		for line := range strings.SplitSeq(stdout+stderr, "\n") {
			require.NotContains(t, line, "\x1b")
			require.False(t, strings.HasPrefix(strings.TrimSpace(line), "Fake line"))
			require.False(t, strings.ContainsFunc(line, isInvisible), "%q", line)
		}
	}
}
