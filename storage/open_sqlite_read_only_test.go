package storage_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// filesOf returns the content of each file of a directory.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(content)
	}
	return files
}

func TestReadOnlyStoreChangesNoFile(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "gatehouse.db")
	readAll := func() {
		store, err := storage.Open(ctx, storage.Options{URL: "sqlite:" + path, ReadOnly: true})
		require.NoError(t, err)
		require.NoError(t, store.Ready(ctx))
		require.NoError(t, store.CheckIntegrity(ctx))
		users, err := store.CountUsers(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, users)
		version, err := store.EngineVersion(ctx)
		require.NoError(t, err)
		require.Regexp(t, `^SQLite 3\.`, version)
		require.Error(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingEnableOpenIDConnect: "false"}, "", time.Now()))
		require.NoError(t, store.Close())
	}
	writer, err := storage.Open(ctx, storage.Options{URL: "sqlite:" + path})
	require.NoError(t, err)
	require.NoError(t, writer.MigrateUp(ctx))
	require.NoError(t, writer.CreateUser(ctx, storagetest.NewUser()))
	beside := filesOf(t, dir)
	require.Contains(t, beside, "gatehouse.db-wal")
	readAll() // while another process has it open
	after := filesOf(t, dir)
	delete(beside, "gatehouse.db-shm") // the memory that the processes share; a reader marks there what it reads
	delete(after, "gatehouse.db-shm")
	require.Equal(t, beside, after)

	require.NoError(t, writer.Close())
	alone := filesOf(t, dir)
	require.Len(t, alone, 1)
	readAll()
	require.Equal(t, alone, filesOf(t, dir))
}

func TestReadOnlyStoreMustExistAndBePrivate(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "gatehouse.db")
	_, err := storage.Open(ctx, storage.Options{URL: "sqlite:" + path, ReadOnly: true})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Empty(t, filesOf(t, dir))
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	_, err = storage.Open(ctx, storage.Options{URL: "sqlite:" + path, ReadOnly: true})
	require.ErrorContains(t, err, "chmod 600")
	require.NoError(t, os.Chmod(path, 0o600))
	store, err := storage.Open(ctx, storage.Options{URL: "sqlite:" + path, ReadOnly: true})
	require.NoError(t, err)
	version, latest, err := store.SchemaVersion(ctx)
	require.NoError(t, err)
	require.Zero(t, version)
	require.Positive(t, latest)
	require.NoError(t, store.Close())
	require.Equal(t, map[string]string{"gatehouse.db": ""}, filesOf(t, dir))
	require.NoError(t, os.WriteFile(path, []byte("This is not a database, but it is long enough for the header of one.\n"), 0o600))
	store, err = storage.Open(ctx, storage.Options{URL: "sqlite:" + path, ReadOnly: true})
	if err == nil {
		_, _, err = store.SchemaVersion(ctx)
		require.NoError(t, store.Close())
	}
	require.Error(t, err)
}
