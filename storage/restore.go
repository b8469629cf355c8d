package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"
)

// ErrInUse means that another process has the database open, such as a running node.
var ErrInUse = errors.New("storage: the database is in use")

// Restore replaces the SQLite database that a URL names with a backup. It copies and
// checks the backup first, and then renames the copy. It returns
//
//   - fs.ErrExist if the database exists and force is false,
//   - ErrInUse if another process has it open, also if force is true.
//
// If it returns an error, the database is unchanged.
func Restore(ctx context.Context, url, backup string, force bool) error {
	if err := restore(ctx, url, backup, force); err != nil {
		return fmt.Errorf("storage: restore %s: %w", backup, err)
	}
	return nil
}

func restore(ctx context.Context, url, backup string, force bool) error {
	path, isSQLite := strings.CutPrefix(url, "sqlite:")
	if path = strings.TrimPrefix(path, "//"); !isSQLite || path == "" || path == ":memory:" {
		return errNotSQLite
	}
	if err := checkBackupFile(backup); err != nil {
		return err
	}
	replaces, err := exists(path)
	switch {
	case err != nil:
		return err
	case replaces && !force:
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	case replaces:
		if same, err := sameFile(path, backup); err != nil || same {
			return errors.Join(err, errors.New("it is the database itself, not a backup of it"))
		}
	}
	// The lock is held until the new file has the name of the old one; see openCurrentWriter.
	release := func() error { return nil }
	err = writeFile(path, func(temporary string) error {
		if err := copyFile(temporary, backup); err != nil {
			return err
		}
		if err := checkSQLiteFile(ctx, temporary); err != nil {
			return err
		}
		if !replaces {
			return nil
		}
		unlock, err := lockOthersOut(ctx, path)
		if err != nil {
			return err
		}
		release = unlock
		return removeLogs(path)
	})
	return errors.Join(err, release())
}

func checkBackupFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return errors.New("it is not a backup: it is empty or not a regular file")
	}
	// These are copied files of a running node. Without its log the main file may hold a
	// state that never existed.
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		return fmt.Errorf("it was not made by gatehouse backup: its log %s-wal is beside it; start gatehouse serve with both files in place, and then run gatehouse backup", path)
	}
	return nil
}

func sameFile(a, b string) (bool, error) {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if err := errors.Join(errA, errB); err != nil {
		return false, err
	}
	return os.SameFile(infoA, infoB), nil
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // The file was only read.
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// lockOthersOut prevents other processes from opening a database file that will be
// replaced, and merges its log into it. It returns ErrInUse if another process has the
// file open. It does not lock a file that is too damaged for that.
func lockOthersOut(ctx context.Context, path string) (release func() error, err error) {
	db, err := sql.Open("sqlite", "file:"+escapePath(path))
	if err != nil {
		return nil, err
	}
	setPoolSize(db, 1)
	var mode string
	if err = db.QueryRowContext(ctx, "PRAGMA locking_mode=EXCLUSIVE").Scan(&mode); err == nil {
		// Each process that has a database with a write-ahead log open holds a lock that
		// prevents another process from changing the journal mode.
		err = db.QueryRowContext(ctx, "PRAGMA journal_mode=DELETE").Scan(&mode)
	}
	if err == nil {
		_, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	switch {
	case err == nil || isSQLite(err, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
		return db.Close, nil
	case isSQLite(err, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
		err = ErrInUse
	}
	return nil, errors.Join(err, db.Close())
}

// removeLogs removes files that SQLite would treat as changes to the new database.
func removeLogs(path string) error {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
