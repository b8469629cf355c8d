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
	"gatehouse/test/testdb"
)

func openError(t *testing.T, url string) error {
	t.Helper()
	store, err := storage.Open(context.Background(), storage.Options{URL: url})
	require.Error(t, err)
	require.Nil(t, store)
	return err
}

func TestOpenSaysWhatToChange(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte("This is no database, and long enough to have had a header of one.\n"), 0o600))
	for _, tc := range []struct{ name, url, want string }{
		{"no URL", "", "must begin with sqlite:"},
		{"another engine", "mysql://root:hunter2@db/gatehouse", "must begin with sqlite:"},
		{"no path", "sqlite:", "names no file"},
		{"no directory", "sqlite:" + filepath.Join(dir, "no", "such.db"), "does not exist; create it"},
		{"a file for a directory", "sqlite:" + filepath.Join(text, "x.db"), "does not exist; create it"},
		{"a directory for a file", "sqlite:" + dir, "cannot be written"},
		{"no database", "sqlite:" + text, "is no SQLite database; choose another path"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := openError(t, tc.url)
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	content, err := os.ReadFile(text)
	require.NoError(t, err)
	require.Contains(t, string(content), "This is no database", "it is left as it was")
}

func TestADatabaseMayHaveAnyPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%41&e=f;é")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "g?x=1.db")
	store := storagetest.Open(t, "sqlite:"+path)
	storagetest.NewPerson(t, store)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Equal(t, "g?x=1.db", entries[0].Name())
}

func TestARelativePathIsRelativeToTheWorkingDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	storagetest.Open(t, "sqlite:gatehouse.db")
	require.FileExists(t, filepath.Join(dir, "gatehouse.db"))
}

// Attack: another user of the machine reads the hashes.
func TestTheFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	store := storagetest.Open(t, "sqlite:"+filepath.Join(dir, "gatehouse.db"))
	storagetest.NewPerson(t, store)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), e.Name())
	}
}

func TestAMemoryDatabaseIsPrivateAndGoesAway(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx := context.Background()
	one := storagetest.Open(t, "sqlite::memory:")
	person := storagetest.NewPerson(t, one)
	two := storagetest.Open(t, "sqlite::memory:")
	_, err := two.User(ctx, person.User.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, err = one.User(ctx, person.User.ID)
	require.NoError(t, err)
	require.NoError(t, one.Close())
	require.NoError(t, two.Close())
	entries, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// A node must answer what it can while somebody writes.
func TestReadsDoNotWaitForTheWriter(t *testing.T) {
	ctx := context.Background()
	store := storagetest.Open(t, testdb.SQLite(t))
	person := storagetest.NewPerson(t, store)
	grant := person.NewGrant(time.Now())
	require.NoError(t, store.CreateGrant(ctx, grant))
	_, err := store.UpdateApp(ctx, person.App.ID, func(*gatehouse.App) error { // the transaction is open, and has the only writing connection
		for range 50 {
			_, _, err := store.Grant(ctx, grant.ID)
			require.NoError(t, err)
		}
		limited, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		require.ErrorIs(t, store.CreateGrant(limited, person.NewGrant(time.Now())), gatehouse.ErrUnavailable, "a second writer waits as long as it may")
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, store.CreateGrant(ctx, person.NewGrant(time.Now())))
}
