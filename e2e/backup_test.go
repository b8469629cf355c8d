package e2e_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// auditEvents returns the names of the events in the audit trail.
func auditEvents(t *testing.T, databaseURL string) []string {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{URL: databaseURL})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	list, err := store.AuditEvents(t.Context(), "", 200)
	require.NoError(t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Event)
	}
	return names
}

// runFails runs a command that must fail, and returns its standard error.
func runFails(t *testing.T, env []string, args ...string) string {
	t.Helper()
	p := launch(t, env, args...)
	require.NotZero(t, p.await(t), "%s", p.stdout)
	return p.log.String()
}

// A restored database has no record of the refreshes after the backup. The tokens of
// these refreshes are refused, but they do not count as reuse of a stolen token, so the
// tokens from before the backup keep working.
func TestRestoreRefusesTokensFromAfterTheBackupAndAcceptsOlderOnes(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	env := withAdmin(databaseURL)
	p := serve(t, env...)
	app := newApp(t, databaseURL)
	old, err := at(app, p).Exchange(t.Context(), newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), admin))
	require.NoError(t, err)
	backup := filepath.Join(t.TempDir(), "backup.db")
	require.Contains(t, run(t, env, "backup", backup), "does not contain the secret", "the gateway is running")
	fresh, err := refresh(t.Context(), at(app, p), old)
	require.NoError(t, err)
	unknown, err := at(app, p).Exchange(t.Context(), newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), admin))
	require.NoError(t, err)

	require.Contains(t, runFails(t, env, "restore", backup, "--force"), "a gateway or another command uses")
	requireMe(t, p, fresh.AccessToken, http.StatusOK)
	require.Zero(t, p.stop(t))
	run(t, env, "restore", backup, "--force")

	p = serve(t, env...)
	for _, newer := range []*oauth2.Token{fresh, unknown} {
		requireMe(t, p, newer.AccessToken, http.StatusUnauthorized)
		_, err = refresh(t.Context(), at(app, p), newer)
		require.ErrorContains(t, err, "invalid_grant")
	}
	requireMe(t, p, old.AccessToken, http.StatusOK)
	again, err := refresh(t.Context(), at(app, p), old)
	require.NoError(t, err, "the grant was not revoked")
	requireMe(t, p, again.AccessToken, http.StatusOK)
	require.NotContains(t, auditEvents(t, databaseURL), gatehouse.AuditRefreshTokenReused)
}

func TestGatewayDoesNotStartOnADamagedDatabaseAndNamesTheRestoreCommand(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	env := withAdmin(databaseURL)
	p := serve(t, env...)
	app := newApp(t, databaseURL)
	token, err := at(app, p).Exchange(t.Context(), newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), admin))
	require.NoError(t, err)
	backup := filepath.Join(t.TempDir(), "backup.db")
	run(t, env, "backup", backup)
	require.Zero(t, p.stop(t))

	path := strings.TrimPrefix(databaseURL, "sqlite:")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 4096; i < len(content); i += 4096 {
		copy(content[i:], "overwritten, as if the disk had failed")
	}
	require.NoError(t, os.WriteFile(path, content, 0o600))
	log := runFails(t, env, "serve")
	require.Contains(t, log, "is damaged")
	require.Contains(t, log, "gatehouse restore FILE --force")

	run(t, env, "restore", backup, "--force")
	requireMe(t, serve(t, env...), token.AccessToken, http.StatusOK)
}

// For PostgreSQL, backup and restore print a command. The test runs exactly that command.
func TestPrintedCommandsBackUpAndRestorePostgreSQL(t *testing.T) {
	databaseURL := testdb.Postgres(t)
	env := withAdmin(databaseURL)
	p := serve(t, env...)
	app := newApp(t, databaseURL)
	token, err := at(app, p).Exchange(t.Context(), newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), admin))
	require.NoError(t, err)

	backup := filepath.Join(t.TempDir(), "it's a backup")
	runPrinted(t, runFails(t, env, "backup", backup), "pg_dump")
	run(t, env, "app", "delete", app.ClientID)
	requireMe(t, p, token.AccessToken, http.StatusUnauthorized)
	require.Zero(t, p.stop(t))
	runPrinted(t, runFails(t, env, "restore", backup), "pg_restore")
	requireMe(t, serve(t, env...), token.AccessToken, http.StatusOK)
}

// runPrinted runs the printed command line of a program.
func runPrinted(t *testing.T, printed, program string) {
	t.Helper()
	_, line, found := strings.Cut(printed, "\n  "+program+" ")
	require.True(t, found, printed)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", program+" "+strings.TrimSpace(line)).CombinedOutput() //nolint:gosec // the command of our own binary
	require.NoError(t, err, string(out))
}
