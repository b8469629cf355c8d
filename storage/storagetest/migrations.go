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
		"a store is ready after it is migrated":          readyOnceMigrated,
		"migrations go down and up again":                migrationsDownAndUp,
		"nodes that start at the same time migrate once": nodesMigrateAtOnce,
		"a database of a newer version is ready":         newerDatabaseIsReady,
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
	require.NoError(t, store.MigrateUp(ctx), "it is no error if no migration is missing")
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

	for range 2 { // down must leave nothing that makes up fail
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
	// An orchestrator may start all replicas on a new database at the same time. On SQLite
	// they also set the journal mode.
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
	// While a release is rolled out, nodes of the old version use the schema of the new one.
	_, err := d.sql().ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
	require.NoError(t, err)
	require.NoError(t, store.Ready(ctx))
	require.NoError(t, store.MigrateUp(ctx))
}
