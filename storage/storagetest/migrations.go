package storagetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func migrationCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a store is ready once it is migrated":             readyOnceMigrated,
		"migrations go down and up again":                  migrationsDownAndUp,
		"nodes that start at once migrate once":            nodesMigrateAtOnce,
		"a database that a newer version migrated is good": newerDatabaseIsReady,
	}
}

func unmigrated(t *testing.T, d *database) *storage.Store {
	t.Helper()
	store, err := storage.Open(context.Background(), storage.Options{URL: d.url})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func readyOnceMigrated(t *testing.T, d *database) {
	ctx := context.Background()
	store := unmigrated(t, d)
	require.ErrorIs(t, store.Ready(ctx), gatehouse.ErrUnavailable)
	require.NoError(t, store.MigrateUp(ctx))
	require.NoError(t, store.Ready(ctx))
	require.NoError(t, store.MigrateUp(ctx), "nothing to do is no error")
}

func migrationsDownAndUp(t *testing.T, d *database) {
	ctx := context.Background()
	store := unmigrated(t, d)
	status, err := store.MigrationStatus(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, status)
	require.Equal(t, int64(1), status[0].Version)
	require.Equal(t, "00001_initial.sql", status[0].Name)
	require.Zero(t, status[0].Applied)

	for range 2 { // down must leave nothing that up trips over
		require.NoError(t, store.MigrateUp(ctx))
		after, err := store.MigrationStatus(ctx)
		require.NoError(t, err)
		for _, m := range after {
			require.NotZero(t, m.Applied)
		}
		for range status {
			require.NoError(t, store.MigrateDown(ctx))
			require.ErrorIs(t, store.Ready(ctx), gatehouse.ErrUnavailable)
		}
		require.ErrorIs(t, store.MigrateDown(ctx), gatehouse.ErrNotFound)
	}
}

func nodesMigrateAtOnce(t *testing.T, d *database) {
	ctx := context.Background()
	// Everything from opening on, as when an orchestrator starts all replicas on a
	// new database: SQLite must also agree on the journal mode.
	for _, err := range race(6, func(int) error {
		store, err := storage.Open(ctx, storage.Options{URL: d.url})
		if err != nil {
			return err
		}
		if err := store.MigrateUp(ctx); err != nil {
			return err
		}
		if err := store.Ready(ctx); err != nil {
			return err
		}
		return store.Close()
	}) {
		require.NoError(t, err)
	}
}

func newerDatabaseIsReady(t *testing.T, d *database) {
	ctx := context.Background()
	store := d.node()
	// While a release is rolled out, old nodes run on the schema of the new one.
	_, err := d.behind().ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
	require.NoError(t, err)
	require.NoError(t, store.Ready(ctx))
	require.NoError(t, store.MigrateUp(ctx))
}
