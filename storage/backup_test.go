package storage_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// backedUp is a database with a person in it, and a backup of it.
func backedUp(t *testing.T) (store *storage.Store, url, backup string, person storagetest.Person) {
	t.Helper()
	url = testdb.SQLite(t)
	store = storagetest.Open(t, url)
	person = storagetest.NewPerson(t, store)
	backup = filepath.Join(t.TempDir(), "backup.db")
	require.NoError(t, store.Backup(context.Background(), backup))
	return store, url, backup, person
}

func TestABackupIsMadeWhileTheGatewayWrites(t *testing.T) {
	ctx := context.Background()
	store, _, backup, person := backedUp(t)
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
			if err := store.CreateGrant(ctx, person.NewGrant(time.Now())); err != nil {
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
		_, err := restored.User(ctx, person.User.ID)
		require.NoError(t, err)
		require.NoError(t, restored.CheckIntegrity(ctx))
	}
}

func TestABackupIsPrivateAndReplacesNothing(t *testing.T) {
	store, _, backup, _ := backedUp(t)
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
	require.Len(t, entries, 1, "nothing is left beside it")
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	store, _, backup, _ := backedUp(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Error(t, store.Backup(ctx, backup+"2"))
	entries, err := os.ReadDir(filepath.Dir(backup))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestABackupIsRestored(t *testing.T) {
	ctx := context.Background()
	store, url, backup, person := backedUp(t)
	require.NoError(t, store.DeleteApp(ctx, person.App.ID))
	require.NoError(t, store.Close())

	require.ErrorIs(t, storage.Restore(ctx, url, backup, false), fs.ErrExist)
	require.NoError(t, storage.Restore(ctx, url, backup, true))
	restored := storagetest.Open(t, url)
	_, err := restored.App(ctx, person.App.ID)
	require.NoError(t, err)

	elsewhere := testdb.SQLite(t)
	require.NoError(t, storage.Restore(ctx, elsewhere, backup, false), "nothing is there, so nothing is lost")
	_, err = storagetest.Open(t, elsewhere).App(ctx, person.App.ID)
	require.NoError(t, err)
}

func TestNothingIsRestoredUnderAGatewayThatRuns(t *testing.T) {
	ctx := context.Background()
	store, url, backup, person := backedUp(t)
	late := person.NewGrant(time.Now())
	require.NoError(t, store.CreateGrant(ctx, late))
	require.ErrorIs(t, storage.Restore(ctx, url, backup, true), storage.ErrInUse)
	_, _, err := store.Grant(ctx, late.ID)
	require.NoError(t, err)
	require.NoError(t, store.CreateGrant(ctx, person.NewGrant(time.Now())), "it goes on")
	entries, err := os.ReadDir(filepath.Dir(strings.TrimPrefix(url, "sqlite:")))
	require.NoError(t, err)
	require.Len(t, entries, 3, "nothing is left beside it")

	require.NoError(t, store.Close())
	require.NoError(t, storage.Restore(ctx, url, backup, true))
	_, _, err = storagetest.Open(t, url).Grant(ctx, late.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// Somebody may start while the file is replaced: an orchestrator does, again and
// again, after a gateway that found its database damaged.
func TestWhoStartsDuringARestoreGetsTheRestoredDatabase(t *testing.T) {
	ctx := context.Background()
	store, url, backup, person := backedUp(t)
	late := person.NewGrant(time.Now())
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
			require.ErrorIs(t, err, gatehouse.ErrNotFound, "it must not go on with the file that is gone")
		} else {
			require.ErrorIs(t, restoreErr, storage.ErrInUse)
			require.NoError(t, err)
		}
		require.NoError(t, s.CreateGrant(ctx, person.NewGrant(time.Now())))
		require.NoError(t, s.Close())
		if restoreErr == nil { // back to where we were
			again := storagetest.Open(t, url)
			require.NoError(t, again.CreateGrant(ctx, late))
			require.NoError(t, again.Close())
		}
	}
}

func TestWhatIsNoBackupIsNotRestored(t *testing.T) {
	ctx := context.Background()
	_, _, backup, _ := backedUp(t)
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
		{"not there", filepath.Join(t.TempDir(), "none"), "no such file"},
		{"empty", write(nil), "it is no backup"},
		{"a directory", t.TempDir(), "it is no backup"},
		{"text", write([]byte(strings.Repeat("These are notes. ", 100))), "no SQLite database"},
		{"cut short", write(good[:len(good)/2]), "damaged"},
		{"scratched", write(scratch(good)), "damaged"},
		{"another program's", foreign, "no database of Gatehouse"},
		{"a newer version's", newer, "newer version of Gatehouse"},
		{"copied from a gateway that ran", copied, "not made by gatehouse backup"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, url, _, person := backedUp(t)
			target := strings.TrimPrefix(testdb.SQLite(t), "sqlite:")
			require.ErrorContains(t, storage.Restore(ctx, "sqlite:"+target, tc.file, false), tc.want)
			require.NoFileExists(t, target)
			require.ErrorContains(t, storage.Restore(ctx, url, tc.file, true), tc.want)
			_, err := storagetest.Open(t, url).User(ctx, person.User.ID)
			require.NoError(t, err, "the database is as it was")
		})
	}
}

func TestADamagedDatabaseIsFoundAndReplaced(t *testing.T) {
	ctx := context.Background()
	store, url, backup, person := backedUp(t)
	require.NoError(t, store.CheckIntegrity(ctx))
	require.NoError(t, store.Close())
	path := strings.TrimPrefix(url, "sqlite:")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, scratch(content), 0o600))

	store, err = storage.Open(ctx, storage.Options{URL: url})
	if err == nil {
		err = store.CheckIntegrity(ctx)
		require.NoError(t, store.Close())
	}
	require.ErrorContains(t, err, "is damaged")
	require.ErrorContains(t, err, "gatehouse restore FILE --force")
	require.NoError(t, storage.Restore(ctx, url, backup, true))
	_, err = storagetest.Open(t, url).User(ctx, person.User.ID)
	require.NoError(t, err)
}

func TestPostgreSQLIsBackedUpByItsOwnTools(t *testing.T) {
	ctx, url := context.Background(), testdb.Postgres(t)
	store := storagetest.Open(t, url)
	require.NoError(t, store.CheckIntegrity(ctx))
	path := filepath.Join(t.TempDir(), "backup")
	require.ErrorContains(t, store.Backup(ctx, path), "only SQLite")
	require.NoFileExists(t, path)
	require.ErrorContains(t, storage.Restore(ctx, url, path, true), "only SQLite")
}
