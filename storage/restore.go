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

// ErrInUse: somebody has the database open, such as a gateway that runs.
var ErrInUse = errors.New("storage: the database is in use")

// Restore puts a backup in the place of the SQLite database that a URL names. The
// backup is copied and checked first, and takes its place all at once.
//
//   - fs.ErrExist: there is a database, and force was not given.
//   - ErrInUse: somebody has it open. Nothing changed, whether force was given or not.
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
	there, err := exists(path)
	switch {
	case err != nil:
		return err
	case there && !force:
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	case there:
		if same, err := sameFile(path, backup); err != nil || same {
			return errors.Join(err, errors.New("it is the database itself"))
		}
	}
	// The lock is held until the new file has the name of the old one; see openCurrentWriter.
	release := func() error { return nil }
	err = placeBeside(path, func(temporary string) error {
		if err := copyFile(temporary, backup); err != nil {
			return err
		}
		if err := checkSQLiteFile(ctx, temporary); err != nil {
			return err
		}
		if !there {
			return nil
		}
		unlock, err := takeOver(ctx, path)
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
		return errors.New("it is no backup, but empty or no file")
	}
	// Somebody copied the files of a gateway that ran: without its log the main
	// file may be of no moment that ever was.
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		return fmt.Errorf("it was not made by gatehouse backup: %s-wal beside it belongs to it; open both with gatehouse serve where they are, and make a backup of that", path)
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
	defer func() { _ = source.Close() }() // It was only read.
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// takeOver locks out everybody else from a database file that will be replaced,
// and empties its log into it. ErrInUse: somebody has it open. One that is too
// damaged to be locked is nobody's.
func takeOver(ctx context.Context, path string) (release func() error, err error) {
	db, err := sql.Open("sqlite", "file:"+escapePath(path))
	if err != nil {
		return nil, err
	}
	setPoolSize(db, 1)
	var mode string
	if err = db.QueryRowContext(ctx, "PRAGMA locking_mode=EXCLUSIVE").Scan(&mode); err == nil {
		// Everybody who has a database with a write-ahead log open holds a lock that
		// does not let its last user go over to another kind of log.
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

// removeLogs removes what SQLite would take for changes to the new database.
func removeLogs(path string) error {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
