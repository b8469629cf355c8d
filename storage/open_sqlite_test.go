package storage_test

import (
	"context"
	"errors"
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
	require.NoError(t, os.WriteFile(text, []byte("This is not a database, but it is long enough for the header of one.\n"), 0o600))
	for _, tc := range []struct{ name, url, want string }{
		{"no URL", "", "must begin with sqlite:"},
		{"another engine", "mysql://root:hunter2@db/gatehouse", "must begin with sqlite:"},
		{"no path", "sqlite:", "does not name a file"},
		{"no directory", "sqlite:" + filepath.Join(dir, "no", "such.db"), "does not exist; create it"},
		{"a file instead of a directory", "sqlite:" + filepath.Join(text, "x.db"), "does not exist; create it"},
		{"a directory instead of a file", "sqlite:" + dir, "is not writable"},
		{"a text file", "sqlite:" + text, "is not a SQLite database; choose another path"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := openError(t, tc.url)
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	content, err := os.ReadFile(text)
	require.NoError(t, err)
	require.Contains(t, string(content), "This is not a database", "the file is unchanged")
}

func TestADatabaseMayHaveAnyPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%41&e=f;é")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "g?x=1.db")
	store := storagetest.Open(t, "sqlite:"+path)
	storagetest.NewPair(t, store)
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

// Attack: another user of the machine reads the password hashes.
func TestTheFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	store := storagetest.Open(t, "sqlite:"+filepath.Join(dir, "gatehouse.db"))
	storagetest.NewPair(t, store)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), e.Name())
	}
}

func TestAMemoryDatabaseIsPrivateAndDeleted(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx := context.Background()
	one := storagetest.Open(t, "sqlite::memory:")
	pair := storagetest.NewPair(t, one)
	two := storagetest.Open(t, "sqlite::memory:")
	_, err := two.User(ctx, pair.User.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, err = one.User(ctx, pair.User.ID)
	require.NoError(t, err)
	require.NoError(t, one.Close())
	require.NoError(t, two.Close())
	entries, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// A node must answer reads while another request writes.
func TestReadsDoNotWaitForTheWriter(t *testing.T) {
	ctx := context.Background()
	store := storagetest.Open(t, testdb.SQLite(t))
	pair := storagetest.NewPair(t, store)
	grant := pair.NewGrant(time.Now())
	require.NoError(t, store.CreateGrant(ctx, grant))
	_, err := store.UpdateApp(ctx, pair.App.ID, func(*gatehouse.App) error { // The transaction is open and has the only connection that writes.
		for range 50 {
			_, _, err := store.Grant(ctx, grant.ID)
			require.NoError(t, err)
		}
		limited, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		require.ErrorIs(t, store.CreateGrant(limited, pair.NewGrant(time.Now())), gatehouse.ErrUnavailable, "a second write waits until its deadline")
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, store.CreateGrant(ctx, pair.NewGrant(time.Now())))
}

func TestDatabaseThatOtherUsersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	open := func() error {
		store, err := storage.Open(t.Context(), storage.Options{URL: "sqlite:" + path})
		if err != nil {
			return err
		}
		return errors.Join(store.MigrateUp(t.Context()), store.Close())
	}
	require.NoError(t, open(), "a new file is private")
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o644, 0o620, 0o666} {
			if file != path {
				require.NoError(t, os.WriteFile(file, nil, 0o600))
			}
			require.NoError(t, os.Chmod(file, mode))
			require.ErrorContains(t, open(), "run chmod 600 "+file)
			if err := os.Chmod(file, 0o600); !errors.Is(err, fs.ErrNotExist) { // SQLite removes the empty files beside the database.
				require.NoError(t, err)
			}
		}
		require.NoError(t, open(), "chmod 600 is what is needed")
	}
}
