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

// asNobody runs f with the file permissions of a user without any, also where
// the tests run as root, which may write everywhere. On Linux they belong to
// the thread, which ends with the goroutine.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
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

func TestOpenSaysThatItMayNotWrite(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, dir, path string)
		want    string
	}{
		{"into the directory of a new database", func(t *testing.T, dir, _ string) {
			require.NoError(t, os.Chmod(dir, 0o555)) //nolint:gosec // what is tested
		}, "cannot be written, where SQLite keeps"},
		{"into the directory of a database that is there", func(t *testing.T, dir, path string) {
			migrated(t, path)
			require.NoError(t, os.Chmod(path, 0o666)) //nolint:gosec // what is tested
			require.NoError(t, os.Chmod(dir, 0o555))  //nolint:gosec // what is tested
		}, "cannot be written, where SQLite keeps"},
		{"the database", func(t *testing.T, dir, path string) {
			migrated(t, path)
			require.NoError(t, os.Chmod(path, 0o444)) //nolint:gosec // what is tested
			require.NoError(t, os.Chmod(dir, 0o777))  //nolint:gosec // what is tested
		}, "cannot be written; give it"},
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
			asNobody(t, func() {
				store, err := storage.Open(context.Background(), storage.Options{URL: "sqlite:" + path})
				if store != nil {
					t.Error("it was opened")
				}
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("%v does not say that it %s", err, tc.want)
				}
			})
		})
	}
}

// migrated makes a database and closes it.
func migrated(t *testing.T, path string) {
	t.Helper()
	store, err := storage.Open(context.Background(), storage.Options{URL: "sqlite:" + path})
	require.NoError(t, err)
	require.NoError(t, store.MigrateUp(context.Background()))
	require.NoError(t, store.Close())
}
