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

// URLVariable is the variable with the URL of the server on which Postgres creates
// databases. The user in the URL needs the permission to create databases.
const URLVariable = "GATEHOUSE_TEST_POSTGRES_URL"

// EnginesVariable is the variable with which `make check` leaves out PostgreSQL:
// its one value is "sqlite". Without it every test runs on every engine. `make test`
// and .ci/run refuse to start if it is set.
const EnginesVariable = "GATEHOUSE_TEST_ENGINES"

// Engine is a kind of database. URL creates an empty database that is removed at
// the end of the test, and returns its URL as storage.Options takes it.
type Engine struct {
	Name string
	URL  func(t testing.TB) string
}

// Engines lists the engines to test on: SQLite and PostgreSQL, unless
// EnginesVariable leaves out PostgreSQL.
func Engines() []Engine {
	if SQLiteOnly() {
		return []Engine{{"SQLite", SQLite}}
	}
	return []Engine{{"SQLite", SQLite}, {"PostgreSQL", Postgres}}
}

// SQLiteOnly reports whether EnginesVariable leaves out PostgreSQL. A value that
// is not known leaves out nothing.
func SQLiteOnly() bool { return os.Getenv(EnginesVariable) == "sqlite" }

// NeedsPostgres ends a test that cannot do without PostgreSQL if EnginesVariable
// leaves out PostgreSQL. Postgres, DurablePostgres and StartPooler call it; a test
// that starts a server in another way calls it first.
func NeedsPostgres(t testing.TB) {
	t.Helper()
	if SQLiteOnly() {
		t.Skip(EnginesVariable + "=sqlite leaves out the tests on PostgreSQL; make test runs them") //nolint:forbidigo // make check asks for it
	}
}

// Each runs a test once for each engine, each time on an empty database.
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

// Postgres returns the URL of a new, empty PostgreSQL database.
func Postgres(t testing.TB) string {
	t.Helper()
	NeedsPostgres(t)
	return newDatabase(t, sharedServer(t))
}

// DurablePostgres returns the URL of a new, empty database on a Durable server that
// no other test uses. It serves benchmarks and tests that kill the server.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	NeedsPostgres(t)
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

// processServer starts the private server of this process in the first call. The
// server stops when the process ends (see guard).
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
		t.Fatalf("%s is not a valid URL", URLVariable)
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
