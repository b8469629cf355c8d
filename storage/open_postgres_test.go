package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// with sets a parameter of a database URL.
func with(t *testing.T, rawURL, name, value string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

func TestOpenSaysWhatToChangeForPostgreSQL(t *testing.T) {
	missing, err := url.Parse(testdb.Postgres(t))
	require.NoError(t, err)
	missing.Path = "/no_such_database"
	for _, tc := range []struct{ name, url, want string }{
		{"no such server", "postgres://ann:hunter2@127.0.0.1:1/gatehouse", "cannot be reached; check host and port"},
		{"no such database", missing.String(), "does not exist; create it"},
		{"no URL", "postgres://ann:hunter2@host:port/x", "not a valid postgres:// URL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := openError(t, tc.url)
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	require.ErrorIs(t, openError(t, "postgres://ann:hunter2@127.0.0.1:1/gatehouse"), gatehouse.ErrUnavailable, "the server may start later")
}

// A server that restarts closes every connection; the store opens new ones.
func TestClosedConnectionsAreReplaced(t *testing.T) {
	ctx, databaseURL := context.Background(), testdb.Postgres(t)
	store := storagetest.Open(t, databaseURL)
	pair := storagetest.NewPair(t, store)
	admin, err := sql.Open("pgx", databaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })
	for range 5 {
		_, err = admin.ExecContext(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		require.NoError(t, err)
		if err := store.CreateGrant(ctx, pair.NewGrant(time.Now())); err != nil {
			require.ErrorIs(t, err, gatehouse.ErrUnavailable)
		}
		require.Eventually(t, func() bool { return store.CreateGrant(ctx, pair.NewGrant(time.Now())) == nil }, time.Minute, time.Millisecond)
	}
}

func TestAStoppedServerIsUnavailable(t *testing.T) {
	testdb.NeedsPostgres(t)
	ctx := context.Background()
	server, err := testdb.StartPostgres(testdb.Fast)
	require.NoError(t, err)
	store := storagetest.Open(t, server.URL)
	pair := storagetest.NewPair(t, store)
	require.NoError(t, store.Ready(ctx))
	require.NoError(t, server.Stop())
	require.ErrorIs(t, store.Ready(ctx), gatehouse.ErrUnavailable)
	require.ErrorIs(t, store.CreateGrant(ctx, pair.NewGrant(time.Now())), gatehouse.ErrUnavailable)
	require.ErrorIs(t, store.DeactivateUser(ctx, pair.User.ID, time.Now()), gatehouse.ErrUnavailable)
	require.ErrorIs(t, store.MigrateUp(ctx), gatehouse.ErrUnavailable)
	_, _, err = store.Grant(ctx, gatehouse.NewID())
	require.ErrorIs(t, err, gatehouse.ErrUnavailable)
}

func TestAStandbyIsUnavailable(t *testing.T) {
	ctx, databaseURL := context.Background(), testdb.Postgres(t)
	pair := storagetest.NewPair(t, storagetest.Open(t, databaseURL))
	standby, err := storage.Open(ctx, storage.Options{URL: with(t, databaseURL, "default_transaction_read_only", "on")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, standby.Close()) })
	require.NoError(t, standby.Ready(ctx))
	require.ErrorIs(t, standby.CreateGrant(ctx, pair.NewGrant(time.Now())), gatehouse.ErrUnavailable)
	_, err = standby.User(ctx, pair.User.ID)
	require.NoError(t, err)
}

// Connections that were opened while the database was read-only are replaced. Otherwise
// they would go on refusing writes.
func TestADatabaseThatWasReadOnlyIsWrittenAgain(t *testing.T) {
	ctx, databaseURL := context.Background(), testdb.Postgres(t)
	pair := storagetest.NewPair(t, storagetest.Open(t, databaseURL))
	admin, err := sql.Open("pgx", databaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })
	exec := func(statement string) {
		_, err := admin.ExecContext(ctx, statement)
		require.NoError(t, err)
	}
	const alter = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = '"
	exec(alter + " || 'on', current_database()); END $$")
	store, err := storage.Open(ctx, storage.Options{URL: databaseURL})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	read := func() error { _, err := store.User(ctx, pair.User.ID); return err }
	write := func() error { return store.CreateGrant(ctx, pair.NewGrant(time.Now())) }
	for store.Pools()["all"].Stats().OpenConnections < 4 {
		require.NoError(t, atOnce(32, read))
	}
	exec(alter + " || 'off', current_database()); END $$") // open connections keep their setting

	require.ErrorIs(t, write(), gatehouse.ErrUnavailable)
	require.NoError(t, atOnce(32, write), "only one request fails")
}

// atOnce calls do n times at the same time and returns all errors.
func atOnce(n int, do func() error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = do() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// A transaction that is stuck does not block others forever.
func TestALockThatIsHeldTooLongIsUnavailable(t *testing.T) {
	ctx, databaseURL := context.Background(), testdb.Postgres(t)
	store := storagetest.Open(t, with(t, databaseURL, "lock_timeout", "20ms"))
	pair := storagetest.NewPair(t, store)
	_, err := store.UpdateApp(ctx, pair.App.ID, func(*gatehouse.App) error {
		require.ErrorIs(t, store.DeleteApp(ctx, pair.App.ID), gatehouse.ErrUnavailable)
		return nil
	})
	require.NoError(t, err)
}

func TestASessionHasLimitsAndAName(t *testing.T) {
	ctx, databaseURL := context.Background(), testdb.Postgres(t)
	store := storagetest.Open(t, databaseURL)
	require.NoError(t, store.Ready(ctx))
	admin, err := sql.Open("pgx", databaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })
	var connections int
	require.NoError(t, admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gatehouse'").Scan(&connections))
	require.Positive(t, connections)
}

// The databases of a server that was installed without a locale are in SQL_ASCII.
func TestADatabaseInAnotherEncodingWorks(t *testing.T) {
	databaseURL := testdb.Postgres(t)
	db, err := sql.Open("pgx", databaseURL)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	u.Path += "_ascii"
	name := strings.TrimPrefix(u.Path, "/")
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
	require.NoError(t, err)
	defer func() {
		_, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)") //nolint:noctx // the test's context may have ended
		require.NoError(t, err)
	}()

	store, err := storage.Open(t.Context(), storage.Options{URL: u.String()})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	require.NoError(t, store.MigrateUp(t.Context()))
	app := gatehouse.App{ID: gatehouse.NewID(), Name: "Größe 大", RedirectURIs: []string{"https://app.example.com/cb"}, CreateAt: time.Now()}
	require.NoError(t, store.CreateApp(t.Context(), app))
	got, err := store.App(t.Context(), app.ID)
	require.NoError(t, err)
	require.Equal(t, app.Name, got.Name)
}

func TestMalformedDatabaseURLDoesNotShowThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://u:hunt%er2@db/x", "postgres://u:hunter2#a@db/x", "postgres://u:hunt er2@db/x", "postgres://u:hunter2@db:port/x", "postgres://u:hunter2@[::1/x",
		"postgres://u:hunter2/slash@db/x", "postgres://u:hunter2?x@db/x", "postgres://u:hunter2@db/x?sslmode=hunter2", "postgres://u:hunter2@db/x?connect_timeout=hunter2",
		"postgres://u:hunter2\x00@db/x", "postgres://u:\x7fhunter2@db/x", "postgres://u:hunter2@db/x?password=hunter2&sslmode=no", "postgres://:hunter2@db:99999999/x", "postgresql://u:hunter2%@db/x",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := storage.Open(ctx, storage.Options{URL: url})
		cancel()
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "hunt", url)
		require.NotContains(t, err.Error(), "er2", url)
	}
}
