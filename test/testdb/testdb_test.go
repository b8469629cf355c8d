package testdb_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

const startAndWait = "GATEHOUSE_TEST_START_AND_WAIT"

func TestMain(m *testing.M) {
	if os.Getenv(startAndWait) != "" { // this is the process that TestServerStopsWithItsProcess kills
		server, err := testdb.StartPostgres(testdb.Fast)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(server.URL)
		select {}
	}
	os.Exit(m.Run())
}

// directory returns the directory of a private server.
func directory(t *testing.T, serverURL string) string {
	t.Helper()
	u, err := url.Parse(serverURL)
	require.NoError(t, err)
	return u.Query().Get("host")
}

func setting(t *testing.T, serverURL, name string) string {
	t.Helper()
	db, err := sql.Open("pgx", serverURL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	var value string
	require.NoError(t, db.QueryRowContext(context.Background(), "SELECT current_setting($1)", name).Scan(&value))
	return value
}

func TestPrivateServerRemovesItsDirectory(t *testing.T) {
	testdb.NeedsPostgres(t)
	server, err := testdb.StartPostgres(testdb.Fast)
	require.NoError(t, err)
	require.Equal(t, "off", setting(t, server.URL, "fsync"))
	require.DirExists(t, directory(t, server.URL))
	require.NoError(t, server.Stop())
	require.NoDirExists(t, directory(t, server.URL))
}

func TestDurableServerWaitsForTheDisk(t *testing.T) {
	databaseURL := testdb.DurablePostgres(t)
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		require.Equal(t, "on", setting(t, databaseURL, name))
	}
}

func TestServerStopsWithItsProcess(t *testing.T) {
	testdb.NeedsPostgres(t)
	cmd := exec.Command(os.Args[0]) //nolint:gosec // this test binary
	cmd.Env = append(os.Environ(), startAndWait+"=1")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	dir := directory(t, lines.Text())
	require.DirExists(t, dir)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) }, 30*time.Second, 10*time.Millisecond)
}

// PostgreSQL is left out only by the exact value that make check sets.
func TestEnginesAreBothUnlessLeftOut(t *testing.T) {
	names := func() (list []string) {
		for _, engine := range testdb.Engines() {
			list = append(list, engine.Name)
		}
		return list
	}
	for value, want := range map[string][]string{
		"":           {"SQLite", "PostgreSQL"},
		"postgresql": {"SQLite", "PostgreSQL"},
		"SQLite":     {"SQLite", "PostgreSQL"},
		"sqlite":     {"SQLite"},
	} {
		t.Setenv(testdb.EnginesVariable, value)
		require.Equal(t, want, names(), "%q", value)
	}
}

func TestEachCallCreatesADatabase(t *testing.T) {
	seen := map[string]bool{}
	for _, engine := range testdb.Engines() {
		for range 2 {
			databaseURL := engine.URL(t)
			require.False(t, seen[databaseURL])
			seen[databaseURL] = true
		}
	}
}
