package e2e_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"gatehouse/test/testdb"
)

// databaseCommands are all commands that read or change the rows of a database.
func databaseCommands() [][]string {
	id := strings.Repeat("a", 26)
	return [][]string{
		{"user", "list"}, {"user", "create", "--username", "ana", "--email", "ana@example.com"}, {"user", "promote", "ana"}, {"user", "demote", "ana"},
		{"user", "deactivate", "ana"}, {"user", "activate", "ana"}, {"user", "set-password", "ana"},
		{"app", "list"}, {"app", "show", id}, {"app", "create", "--name", "A", "--callback-url", "https://a.example.com/cb"},
		{"app", "regenerate-secret", id}, {"app", "delete", id}, {"app", "update", id, "--name", "B"},
		{"user", "show", "ana"}, {"user", "update", "ana", "--username", "ben"}, {"user", "delete", "ana", "--yes"},
		{"settings", "list"}, {"settings", "get", "enable_implicit_grant"}, {"settings", "set", "enable_implicit_grant", "false"}, {"settings", "unset", "enable_implicit_grant"},
		{"keys", "list"}, {"keys", "rotate"},
	}
}

// openSQL opens a database without the store.
func openSQL(t *testing.T, databaseURL string) *sql.DB {
	t.Helper()
	driver, source := "pgx", databaseURL
	if path, isSQLite := strings.CutPrefix(databaseURL, "sqlite:"); isSQLite {
		driver, source = "sqlite", path
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// tablesOf returns the names of the tables of a database.
func tablesOf(t *testing.T, databaseURL string) []string {
	t.Helper()
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
	if strings.HasPrefix(databaseURL, "sqlite:") {
		query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
	}
	rows, err := openSQL(t, databaseURL).QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	names := []string{}
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

func TestCommandsDoNotCreateASQLiteDatabase(t *testing.T) {
	dir := t.TempDir()
	env := []string{"GATEHOUSE_DATABASE_URL=sqlite:" + filepath.Join(dir, "gatehouse.db")}
	for _, args := range append(databaseCommands(), []string{"backup", filepath.Join(dir, "backup.db")}, []string{"migrate", "down", "--yes"}) {
		stderr := runFails(t, env, args...)
		require.Contains(t, stderr, "gatehouse.db does not exist; GATEHOUSE_DATABASE_URL sets its path, and `gatehouse migrate` or `gatehouse serve` creates it", args)
		require.Equal(t, 1, strings.Count(stderr, "gatehouse: "), stderr)
	}
	require.Regexp(t, `00001_initial\.sql +no\n`, run(t, env, "migrate", "status"))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestCommandsLeaveAnEmptySQLiteFileUnchanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	env := []string{"GATEHOUSE_DATABASE_URL=sqlite:" + path}
	for _, args := range databaseCommands() {
		require.Contains(t, runFails(t, env, args...), "the database is not migrated; run `gatehouse migrate`", args)
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, content)
}

func TestCommandsDoNotMigrate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := []string{"GATEHOUSE_DATABASE_URL=" + databaseURL}
		if strings.HasPrefix(databaseURL, "postgres") { // It exists and is empty.
			for _, args := range databaseCommands() {
				stderr := runFails(t, env, args...)
				require.Contains(t, stderr, "the database is not migrated; run `gatehouse migrate`, or start `gatehouse serve`, which migrates it", args)
				require.Equal(t, 1, strings.Count(stderr, "gatehouse: "), stderr)
			}
			require.Contains(t, run(t, env, "migrate", "status"), "00001_initial.sql")
			require.Empty(t, tablesOf(t, databaseURL), "no command created a table")
		}

		run(t, env, "migrate")
		current := tablesOf(t, databaseURL)
		run(t, env, "user", "create", "--username", "ana", "--email", "ana@example.com")
		run(t, env, "migrate", "down", "--yes")
		behind := run(t, env, "migrate", "status")
		require.Contains(t, behind, "  no\n")
		for _, args := range databaseCommands() {
			stderr := runFails(t, env, args...)
			require.Regexp(t, "the database is at migration [0-9]+, but this version of Gatehouse needs migration [0-9]+; make a backup and run `gatehouse migrate`", stderr, args)
			require.Equal(t, 1, strings.Count(stderr, "gatehouse: "), stderr)
		}
		require.Equal(t, behind, run(t, env, "migrate", "status"))
		if strings.HasPrefix(databaseURL, "sqlite") { // The backup before a migration.
			run(t, env, "backup", filepath.Join(t.TempDir(), "backup.db"))
			require.Equal(t, behind, run(t, env, "migrate", "status"))
		}

		run(t, env, "migrate")
		require.Equal(t, current, tablesOf(t, databaseURL))
		require.Contains(t, run(t, env, "user", "list"), "ana")
	})
}

// During an upgrade, commands of the previous version run beside a database that the new
// version has migrated.
func TestCommandsAcceptADatabaseOfANewerVersion(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := []string{"GATEHOUSE_DATABASE_URL=" + databaseURL}
		run(t, env, "migrate")
		_, err := openSQL(t, databaseURL).ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		require.NoError(t, err)
		run(t, env, "user", "create", "--username", "ana", "--email", "ana@example.com")
		require.Contains(t, run(t, env, "user", "list"), "ana")
	})
}
