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

// events are the names of the events in the audit log.
func events(t *testing.T, databaseURL string) []string {
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

func fails(t *testing.T, env []string, args ...string) string {
	t.Helper()
	p := launch(t, env, args...)
	require.NotZero(t, p.await(t), "%s", p.stdout)
	return p.log.String()
}

// A restored database knows nothing of the refreshes after the backup. Their
// tokens are not honoured, and nobody takes them for stolen ones either: what the
// backup knows goes on.
func TestTokensThatAreNewerThanARestoredBackupAreRefusedAndTheOthersWork(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	env := withAdmin(databaseURL)
	p := serve(t, env...)
	app := newApp(t, databaseURL)
	old, err := at(app, p).Exchange(t.Context(), newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), admin))
	require.NoError(t, err)
	backup := filepath.Join(t.TempDir(), "backup.db")
	require.Contains(t, run(t, env, "backup", backup), "does not contain the secret", "while the gateway runs")
	fresh, err := refresh(t.Context(), at(app, p), old)
	require.NoError(t, err)
	unknown, err := at(app, p).Exchange(t.Context(), newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), admin))
	require.NoError(t, err)

	require.Contains(t, fails(t, env, "restore", backup, "--force"), "a gateway or another command uses")
	requireMe(t, p, fresh.AccessToken, http.StatusOK)
	require.Zero(t, p.stop(t))
	run(t, env, "restore", backup, "--force")

	p = serve(t, env...)
	for _, late := range []*oauth2.Token{fresh, unknown} {
		requireMe(t, p, late.AccessToken, http.StatusUnauthorized)
		_, err = refresh(t.Context(), at(app, p), late)
		require.ErrorContains(t, err, "invalid_grant")
	}
	requireMe(t, p, old.AccessToken, http.StatusOK)
	again, err := refresh(t.Context(), at(app, p), old)
	require.NoError(t, err, "the grant was not revoked")
	requireMe(t, p, again.AccessToken, http.StatusOK)
	require.NotContains(t, events(t, databaseURL), gatehouse.AuditRefreshTokenReused)
}

func TestADamagedDatabaseStopsTheStartAndSaysWhatToDo(t *testing.T) {
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
		copy(content[i:], "scratched, as by a disk that fails")
	}
	require.NoError(t, os.WriteFile(path, content, 0o600))
	said := fails(t, env, "serve")
	require.Contains(t, said, "is damaged")
	require.Contains(t, said, "gatehouse restore FILE --force")

	run(t, env, "restore", backup, "--force")
	requireMe(t, serve(t, env...), token.AccessToken, http.StatusOK)
}

// What the commands say about PostgreSQL is run as it is said.
func TestPostgreSQLIsBackedUpAndRestoredByTheCommandsThatAreNamed(t *testing.T) {
	databaseURL := testdb.Postgres(t)
	env := withAdmin(databaseURL)
	p := serve(t, env...)
	app := newApp(t, databaseURL)
	token, err := at(app, p).Exchange(t.Context(), newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), admin))
	require.NoError(t, err)

	backup := filepath.Join(t.TempDir(), "it's a backup")
	paste(t, fails(t, env, "backup", backup), "pg_dump")
	run(t, env, "app", "delete", app.ClientID)
	requireMe(t, p, token.AccessToken, http.StatusUnauthorized)
	require.Zero(t, p.stop(t))
	paste(t, fails(t, env, "restore", backup), "pg_restore")
	requireMe(t, serve(t, env...), token.AccessToken, http.StatusOK)
}

// paste runs the line of what was said that begins with a program.
func paste(t *testing.T, said, program string) {
	t.Helper()
	_, line, found := strings.Cut(said, "\n  "+program+" ")
	require.True(t, found, said)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", program+" "+strings.TrimSpace(line)).CombinedOutput() //nolint:gosec // our own words
	require.NoError(t, err, string(out))
}
