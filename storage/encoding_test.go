package storage_test

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// A server that was set up without a language makes databases in SQL_ASCII.
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
