package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteBusyTimeout is how long a statement waits for another process that writes to
// the same file.
const sqliteBusyTimeout = 5 * time.Second

func openSQLite(ctx context.Context, path string, existing bool, log *slog.Logger) (engine, error) {
	path = strings.TrimPrefix(path, "//")
	remove := func() error { return nil }
	synchronous := "FULL" // a commit survives a power cut
	switch path {
	case "":
		return engine{}, errors.New("the database URL does not name a file; write sqlite:gatehouse.db")
	case ":memory:":
		// This is a file too: connections to SQLite's in-memory databases do not share
		// them, or have other rules for locks, and tests should meet the same locks as
		// production.
		dir, err := os.MkdirTemp("", "gatehouse-memory-")
		if err != nil {
			return engine{}, fmt.Errorf("sqlite::memory: needs a directory for temporary files; set TMPDIR to a writable directory: %w", err)
		}
		path, synchronous, existing = filepath.Join(dir, "gatehouse.db"), "OFF", false
		remove = func() error { return os.RemoveAll(dir) }
	}
	e, err := openSQLiteFile(ctx, path, synchronous, existing, log)
	if err != nil {
		return engine{}, errors.Join(err, remove())
	}
	closePools := e.close
	e.close = func() error { return errors.Join(closePools(), remove()) }
	return e, nil
}

func openSQLiteFile(ctx context.Context, path, synchronous string, existing bool, log *slog.Logger) (engine, error) {
	if err := checkSQLiteDirectory(filepath.Dir(path)); err != nil {
		return engine{}, err
	}
	if existing {
		if _, err := os.Stat(path); err != nil {
			return engine{}, fmt.Errorf("open the database: %w", err)
		}
	}
	// The file is created here so that other users of the machine cannot read it.
	// SQLite gives its -wal and -shm files the same mode.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		if err := f.Close(); err != nil {
			return engine{}, fmt.Errorf("create %s: %w", path, err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return engine{}, explainSQLite(path, err)
	}
	public := checkPrivate(path) // before SQLite creates or removes the files beside it
	writer, err := openCurrentWriter(ctx, path, synchronous)
	if err != nil {
		return engine{}, explainSQLite(path, err)
	}
	if public != nil {
		return engine{}, errors.Join(public, writer.Close())
	}
	// Readers have connections of their own, so that they never wait for the writer: in
	// WAL mode the two do not block each other.
	reader, err := sql.Open("sqlite", sqliteDSN(path, "deferred", "query_only(1)"))
	if err != nil {
		return engine{}, errors.Join(explainSQLite(path, err), writer.Close())
	}
	setPoolSize(reader, max(4, 2*runtime.GOMAXPROCS(0)))
	closePools := func() error { return errors.Join(reader.Close(), writer.Close()) } // The last one to close merges the -wal file.
	reads, err := gorm.Open(gormsqlite.New(gormsqlite.Config{DriverName: "sqlite", Conn: reader}), gormConfig(log))
	if err != nil {
		return engine{}, errors.Join(explainSQLite(path, err), closePools())
	}
	writes, err := gorm.Open(gormsqlite.New(gormsqlite.Config{DriverName: "sqlite", Conn: writer}), gormConfig(log))
	if err != nil {
		return engine{}, errors.Join(explainSQLite(path, err), closePools())
	}
	// A prepared read takes a third less time.
	prepared := &gorm.Session{PrepareStmt: true}
	hot := newGroupCommit(writes, writer)
	return engine{
		reads: reads.Session(prepared), writes: writes, writeHot: hot.write,
		file: path, dialect: goose.DialectSQLite3,
		pools: map[string]*sql.DB{"writer": writer, "readers": reader}, estimateRows: estimateRowsSQLite,
		migrationDB: func() (*sql.DB, func() error) { return writer, func() error { return nil } },
		close:       closePools,
	}, nil
}

// checkSQLiteDirectory returns an error if the directory of a database does not exist, or
// is on a network file system.
func checkSQLiteDirectory(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("the directory %s of the database does not exist; create it, or choose another path", dir)
	}
	if name, err := networkFileSystem(dir); err != nil {
		return fmt.Errorf("find the file system of %s: %w", dir, err)
	} else if name != "" {
		// Locks and shared memory do not work between the machines that mount it
		// (sqlite.org/howtocorrupt.html §2.1, sqlite.org/wal.html).
		return fmt.Errorf("the directory %s is on a network file system (%s), where SQLite loses data; choose a path on a local disk, or use PostgreSQL", dir, name)
	}
	return nil
}

// checkPrivate returns an error if other users of the machine can read or change the
// database or the files that SQLite keeps beside it. They have the hashes of passwords
// and secrets, and the names of all users.
func checkPrivate(path string) error {
	if runtime.GOOS == "windows" { // It has no such modes.
		return nil
	}
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return explainSQLite(path, err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			return fmt.Errorf("other users of this machine have access to the database %s (mode %04o); run chmod 600 %s", file, info.Mode().Perm(), file)
		}
	}
	return nil
}

// openCurrentWriter is openWriter, but makes sure that the opened file still has the
// path: a restore may have replaced it while we waited for its lock. Once the file is
// open, our own lock prevents the next restore.
func openCurrentWriter(ctx context.Context, path, synchronous string) (*sql.DB, error) {
	for {
		before, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		writer, err := openWriter(ctx, path, synchronous)
		var lite *sqlite.Error
		if errors.As(err, &lite) && (lite.Code() == sqlite3.SQLITE_READONLY_DBMOVED || lite.Code() == sqlite3.SQLITE_IOERR_DELETE_NOENT) {
			continue // The second one: the restore has removed the log that we wanted to remove.
		}
		if err != nil {
			return nil, err
		}
		after, err := os.Stat(path)
		if err == nil && os.SameFile(before, after) {
			return writer, nil
		}
		if err := errors.Join(err, writer.Close()); err != nil {
			return nil, err
		}
	}
}

// openWriter opens the only connection that writes, and checks that it can write. Two
// connections would compete for SQLite's single write lock by polling; a single one is a
// queue. Transactions take the lock when they begin (immediate), because a transaction
// that begins with a read cannot wait for it later without the risk of a deadlock.
func openWriter(ctx context.Context, path, synchronous string) (*sql.DB, error) {
	writer, err := sql.Open("sqlite", sqliteDSN(path, "immediate", "journal_mode(WAL)", "synchronous("+synchronous+")"))
	if err != nil {
		return nil, err
	}
	setPoolSize(writer, 1)
	deadline := time.Now().Add(sqliteBusyTimeout)
	for {
		err := checkWritable(ctx, writer)
		var lite *sqlite.Error
		// If two processes start on a new file, both turn WAL on. SQLite does not wait for
		// the lock that this needs.
		if !errors.As(err, &lite) || lite.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(deadline) {
			if err != nil {
				return nil, errors.Join(err, writer.Close())
			}
			return writer, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), writer.Close())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func checkWritable(ctx context.Context, writer *sql.DB) error {
	var mode string
	if err := writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("SQLite cannot use its write-ahead log in this directory (journal mode is %s); choose a path on a local disk", mode)
	}
	tx, err := writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// An immediate transaction also begins on a read-only file, so it must write.
	_, err = tx.ExecContext(ctx, "CREATE TABLE probe (x INTEGER)")
	return errors.Join(err, tx.Rollback())
}

func setPoolSize(db *sql.DB, n int) {
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
}

// sqliteDSN returns the data source name of a path, which may contain any characters.
// The busy timeout comes first, because the other pragmas may have to wait.
func sqliteDSN(path, txlock string, pragmas ...string) string {
	query := url.Values{"_txlock": {txlock}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", sqliteBusyTimeout.Milliseconds()), "foreign_keys(1)",
	}}
	for _, p := range pragmas {
		query.Add("_pragma", p)
	}
	return "file:" + escapePath(path) + "?" + query.Encode()
}

func escapePath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// explainSQLite adds what to change to an error of opening or writing the file.
func explainSQLite(path string, err error) error {
	dir := filepath.Dir(path)
	var lite *sqlite.Error
	code := 0
	if errors.As(err, &lite) {
		code = lite.Code() & 0xff
	}
	switch {
	case code == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s is not a SQLite database; choose another path, or restore a backup if the file is damaged: %w", path, err)
	case code == sqlite3.SQLITE_CORRUPT:
		return damaged(path, err)
	case errors.Is(err, fs.ErrPermission), code == sqlite3.SQLITE_READONLY, code == sqlite3.SQLITE_CANTOPEN, errors.Is(err, syscall.EROFS):
		if !writableDirectory(dir) {
			return fmt.Errorf("the directory %s is not writable, but SQLite keeps %s and two more files in it; make the user that runs gatehouse its owner, or choose another path: %w", dir, filepath.Base(path), err)
		}
		return fmt.Errorf("the database %s is not writable; make the user that runs gatehouse the owner of it and of its -wal and -shm files: %w", path, err)
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// writableDirectory creates a file to find out: permissions, read-only mounts and quotas
// cannot be checked in a common way.
func writableDirectory(dir string) bool {
	f, err := os.CreateTemp(dir, ".gatehouse-*")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}
