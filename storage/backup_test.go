package storage_test

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// newBackup makes a database with a user and an app, and a backup of it.
func newBackup(t *testing.T) (store *storage.Store, url, backup string, pair storagetest.Pair) {
	t.Helper()
	url = testdb.SQLite(t)
	store = storagetest.Open(t, url)
	pair = storagetest.NewPair(t, store)
	backup = filepath.Join(t.TempDir(), "backup.db")
	require.NoError(t, store.Backup(context.Background(), backup))
	return store, url, backup, pair
}

func TestBackupDoesNotStopOtherWrites(t *testing.T) {
	ctx := context.Background()
	store, _, backup, pair := newBackup(t)
	ended := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if err := store.CreateGrant(ctx, pair.NewGrant(time.Now())); err != nil {
				ended <- err
				return
			}
		}
	}()
	later := filepath.Join(filepath.Dir(backup), "later.db")
	require.NoError(t, store.Backup(ctx, later))
	close(stop)
	require.NoError(t, <-ended)

	for _, path := range []string{backup, later} {
		restored := storagetest.Open(t, "sqlite:"+path)
		_, err := restored.User(ctx, pair.User.ID)
		require.NoError(t, err)
		require.NoError(t, restored.CheckIntegrity(ctx))
	}
}

func TestABackupIsPrivateAndReplacesNoFile(t *testing.T) {
	store, _, backup, _ := newBackup(t)
	info, err := os.Stat(backup)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	before, err := os.ReadFile(backup)
	require.NoError(t, err)
	require.ErrorIs(t, store.Backup(context.Background(), backup), fs.ErrExist)
	after, err := os.ReadFile(backup)
	require.NoError(t, err)
	require.Equal(t, before, after)
	entries, err := os.ReadDir(filepath.Dir(backup))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no other file remains")
}

func TestABackupThatFailsLeavesNoFile(t *testing.T) {
	store, _, backup, _ := newBackup(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Error(t, store.Backup(ctx, backup+"2"))
	entries, err := os.ReadDir(filepath.Dir(backup))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestABackupIsRestored(t *testing.T) {
	ctx := context.Background()
	store, url, backup, pair := newBackup(t)
	require.NoError(t, store.DeleteApp(ctx, pair.App.ID))
	require.NoError(t, store.Close())

	require.ErrorIs(t, storage.Restore(ctx, url, backup, false), fs.ErrExist)
	require.NoError(t, storage.Restore(ctx, url, backup, true))
	restored := storagetest.Open(t, url)
	_, err := restored.App(ctx, pair.App.ID)
	require.NoError(t, err)

	elsewhere := testdb.SQLite(t)
	require.NoError(t, storage.Restore(ctx, elsewhere, backup, false), "there is no database to lose")
	_, err = storagetest.Open(t, elsewhere).App(ctx, pair.App.ID)
	require.NoError(t, err)
}

func TestARunningNodePreventsARestore(t *testing.T) {
	ctx := context.Background()
	store, url, backup, pair := newBackup(t)
	late := pair.NewGrant(time.Now())
	require.NoError(t, store.CreateGrant(ctx, late))
	require.ErrorIs(t, storage.Restore(ctx, url, backup, true), storage.ErrInUse)
	_, _, err := store.Grant(ctx, late.ID)
	require.NoError(t, err)
	require.NoError(t, store.CreateGrant(ctx, pair.NewGrant(time.Now())), "the running node continues")
	entries, err := os.ReadDir(filepath.Dir(strings.TrimPrefix(url, "sqlite:")))
	require.NoError(t, err)
	require.Len(t, entries, 3, "no other file remains")

	require.NoError(t, store.Close())
	require.NoError(t, storage.Restore(ctx, url, backup, true))
	_, _, err = storagetest.Open(t, url).Grant(ctx, late.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// An orchestrator may start a node again and again after it found its database damaged,
// also while the file is being replaced.
func TestANodeThatStartsDuringARestoreGetsTheRestoredDatabase(t *testing.T) {
	ctx := context.Background()
	store, url, backup, pair := newBackup(t)
	late := pair.NewGrant(time.Now())
	require.NoError(t, store.CreateGrant(ctx, late))
	require.NoError(t, store.Close())
	for range 20 {
		started := make(chan *storage.Store)
		go func() {
			s, err := storage.Open(ctx, storage.Options{URL: url})
			if err != nil {
				t.Error(err)
			}
			started <- s
		}()
		restoreErr := storage.Restore(ctx, url, backup, true)
		s := <-started
		require.NotNil(t, s)
		_, _, err := s.Grant(ctx, late.ID)
		if restoreErr == nil {
			require.ErrorIs(t, err, gatehouse.ErrNotFound, "it must not use the replaced file")
		} else {
			require.ErrorIs(t, restoreErr, storage.ErrInUse)
			require.NoError(t, err)
		}
		require.NoError(t, s.CreateGrant(ctx, pair.NewGrant(time.Now())))
		require.NoError(t, s.Close())
		if restoreErr == nil { // back to the state before the restore
			again := storagetest.Open(t, url)
			require.NoError(t, again.CreateGrant(ctx, late))
			require.NoError(t, again.Close())
		}
	}
}

func TestOnlyABackupIsRestored(t *testing.T) {
	ctx := context.Background()
	_, _, backup, _ := newBackup(t)
	good, err := os.ReadFile(backup)
	require.NoError(t, err)
	write := func(content []byte) string {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	newer := write(good)
	behind := openFile(t, newer)
	_, err = behind.ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
	require.NoError(t, err)
	foreign := write(nil)
	_, err = openFile(t, foreign).ExecContext(ctx, "CREATE TABLE notes (x INTEGER)")
	require.NoError(t, err)
	copied := write(good)
	require.NoError(t, os.WriteFile(copied+"-wal", []byte("log"), 0o600))

	for _, tc := range []struct{ name, file, want string }{
		{"missing", filepath.Join(t.TempDir(), "none"), "no such file"},
		{"empty", write(nil), "it is not a backup"},
		{"a directory", t.TempDir(), "it is not a backup"},
		{"text", write([]byte(strings.Repeat("These are notes. ", 100))), "not a SQLite database"},
		{"truncated", write(good[:len(good)/2]), "damaged"},
		{"overwritten", write(damage(good)), "damaged"},
		{"from another program", foreign, "not a database of Gatehouse"},
		{"from a newer version", newer, "newer version of Gatehouse"},
		{"copied from a running node", copied, "not made by gatehouse backup"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, url, _, pair := newBackup(t)
			target := strings.TrimPrefix(testdb.SQLite(t), "sqlite:")
			require.ErrorContains(t, storage.Restore(ctx, "sqlite:"+target, tc.file, false), tc.want)
			require.NoFileExists(t, target)
			require.ErrorContains(t, storage.Restore(ctx, url, tc.file, true), tc.want)
			_, err := storagetest.Open(t, url).User(ctx, pair.User.ID)
			require.NoError(t, err, "the database is unchanged")
		})
	}
}

func TestADamagedDatabaseIsDetectedAndReplaced(t *testing.T) {
	ctx := context.Background()
	store, url, backup, pair := newBackup(t)
	require.NoError(t, store.CheckIntegrity(ctx))
	require.NoError(t, store.Close())
	path := strings.TrimPrefix(url, "sqlite:")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, damage(content), 0o600))

	store, err = storage.Open(ctx, storage.Options{URL: url})
	if err == nil {
		err = store.CheckIntegrity(ctx)
		require.NoError(t, store.Close())
	}
	require.ErrorContains(t, err, "is damaged")
	require.ErrorContains(t, err, "gatehouse restore FILE --force")
	require.NoError(t, storage.Restore(ctx, url, backup, true))
	_, err = storagetest.Open(t, url).User(ctx, pair.User.ID)
	require.NoError(t, err)
}

func TestPostgreSQLHasItsOwnBackups(t *testing.T) {
	ctx, url := context.Background(), testdb.Postgres(t)
	store := storagetest.Open(t, url)
	require.NoError(t, store.CheckIntegrity(ctx))
	path := filepath.Join(t.TempDir(), "backup")
	require.ErrorContains(t, store.Backup(ctx, path), "only SQLite")
	require.NoFileExists(t, path)
	require.ErrorContains(t, storage.Restore(ctx, url, path, true), "only SQLite")
}

// openFile opens a SQLite file without the store.
func openFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// damage overwrites the beginning of every page of a SQLite file except the first,
// which holds the header and the schema.
func damage(content []byte) []byte {
	const page = 4096
	content = slices.Clone(content)
	for i := page; i < len(content); i += page {
		copy(content[i:min(i+64, len(content))], strings.Repeat("damaged ", 8))
	}
	return content
}
