package storage_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// withoutPermissions runs f with the file permissions of the user nobody, also if the
// tests run as root, which may write to all files. On Linux permissions belong to the
// thread, which ends with the goroutine.
func withoutPermissions(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked, so the thread ends
		if os.Geteuid() == 0 {
			if err := syscall.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		f()
	}()
	<-done
}

func TestOpenSaysWhichFileIsNotWritable(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, dir, path string)
		want    string
	}{
		{"the directory of a new database", func(t *testing.T, dir, _ string) {
			require.NoError(t, os.Chmod(dir, 0o555)) //nolint:gosec // the test needs it
		}, "is not writable, but SQLite keeps"},
		{"the directory of an existing database", func(t *testing.T, dir, path string) {
			migrated(t, path)
			require.NoError(t, os.Chmod(path, 0o666)) //nolint:gosec // the test needs it
			require.NoError(t, os.Chmod(dir, 0o555))  //nolint:gosec // the test needs it
		}, "is not writable, but SQLite keeps"},
		{"the database file", func(t *testing.T, dir, path string) {
			migrated(t, path)
			require.NoError(t, os.Chmod(path, 0o444)) //nolint:gosec // the test needs it
			require.NoError(t, os.Chmod(dir, 0o777))  //nolint:gosec // the test needs it
		}, "is not writable; make the user"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "gatehouse-test-")
			require.NoError(t, err)
			t.Cleanup(func() {
				require.NoError(t, os.Chmod(dir, 0o700)) //nolint:gosec // to remove it
				require.NoError(t, os.RemoveAll(dir))
			})
			path := filepath.Join(dir, "gatehouse.db")
			tc.prepare(t, dir, path)
			withoutPermissions(t, func() {
				store, err := storage.Open(context.Background(), storage.Options{URL: "sqlite:" + path})
				if store != nil {
					t.Error("the database was opened")
				}
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("the error %q does not contain %q", err, tc.want)
				}
			})
		})
	}
}

// migrated creates a database and closes it.
func migrated(t *testing.T, path string) {
	t.Helper()
	store, err := storage.Open(context.Background(), storage.Options{URL: "sqlite:" + path})
	require.NoError(t, err)
	require.NoError(t, store.MigrateUp(context.Background()))
	require.NoError(t, store.Close())
}
