package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx", for CREATE DATABASE
)

// URLVariable names the server that Postgres makes its databases on. Its user
// must be allowed to create databases.
const URLVariable = "GATEHOUSE_TEST_POSTGRES_URL"

// Engine is a kind of database. URL makes a fresh, empty one that goes away
// with the test, and returns its URL as storage.Options takes it.
type Engine struct {
	Name string
	URL  func(t testing.TB) string
}

// Engines lists every engine.
func Engines() []Engine {
	return []Engine{{"SQLite", SQLite}, {"PostgreSQL", Postgres}}
}

// Each runs a test once for each engine, on a fresh database.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine.Name, func(t *testing.T) { test(t, engine.URL(t)) })
	}
}

// SQLite returns the URL of a database file that does not exist yet.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")
}

// Postgres returns the URL of a new PostgreSQL database.
func Postgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, sharedServer(t))
}

// DurablePostgres is Postgres on a server of its own that waits for the disk at
// each commit as in production, for benchmarks and for tests that kill it.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	server, err := StartPostgres(Durable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return newDatabase(t, server.URL)
}

// processServer starts the private server of this process, once. It is stopped
// by the end of the process (see StartPostgres).
var processServer = sync.OnceValues(func() (*Server, error) { return StartPostgres(Fast) })

func sharedServer(t testing.TB) string {
	t.Helper()
	if url := os.Getenv(URLVariable); url != "" {
		return url
	}
	server, err := processServer()
	if err != nil {
		t.Fatal(err)
	}
	return server.URL
}

func newDatabase(t testing.TB, server string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	administer(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { administer(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is no URL", URLVariable)
	}
	u.Path = "/" + name
	return u.String()
}

func administer(t testing.TB, server, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("open %s: %v", URLVariable, err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
