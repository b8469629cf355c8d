package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// errNotSQLite is for PostgreSQL, which has pg_dump and pg_restore.
var errNotSQLite = errors.New("only SQLite databases can be backed up and restored by Gatehouse; use pg_dump and pg_restore for PostgreSQL")

// Backup writes the database to a new file that only its owner may read. Other
// writes go on in the meantime: the file holds the rows that were committed when the
// backup began. The file appears complete, checked and synced to the disk, or not at
// all. Backup returns fs.ErrExist if the file exists.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.file == "" {
		return s.fail("backup", errNotSQLite)
	}
	reserved, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return s.fail("backup", err)
	}
	err = errors.Join(reserved.Close(), writeFile(path, func(temporary string) error {
		if err := s.vacuumInto(ctx, temporary); err != nil {
			return err
		}
		return checkSQLiteFile(ctx, temporary)
	}))
	if err != nil {
		err = errors.Join(err, os.Remove(path))
	}
	return s.fail("backup", err)
}

// vacuumInto uses a connection of its own: those of the readers may not write, not even
// to another file.
func (s *Store) vacuumInto(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", sqliteDSN(s.file, "deferred"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	return errors.Join(err, db.Close())
}

// writeFile lets write fill a temporary file in the directory of path, syncs it to the
// disk and renames it to path.
func writeFile(path string, write func(temporary string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	temporary := f.Name()
	err = errors.Join(f.Close(), write(temporary))
	if err == nil {
		err = syncPath(temporary)
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return syncPath(filepath.Dir(path))
}

// syncPath waits until a file, or the entries of a directory, are on the disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// CheckIntegrity reads a whole SQLite database and returns an error if it is damaged.
// The error says what to do. It does nothing for PostgreSQL, which checks its data
// itself.
func (s *Store) CheckIntegrity(ctx context.Context) error {
	if s.file == "" {
		return nil
	}
	var found string
	err := scanOne(s.read(ctx).Raw("PRAGMA quick_check(1)"), &found)
	if err == nil && found != "ok" {
		err = damaged(s.file, errors.New(found))
	} else if isSQLite(err, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) {
		err = damaged(s.file, err)
	}
	return s.fail("check integrity", err)
}

func damaged(path string, cause error) error {
	return fmt.Errorf("the database %s is damaged; keep a copy of it, and restore the last backup with: gatehouse restore FILE --force (%w)", path, cause)
}

// isSQLite reports whether err has one of SQLite's primary result codes.
func isSQLite(err error, codes ...int) bool {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return false
	}
	for _, code := range codes {
		if lite.Code()&0xff == code {
			return true
		}
	}
	return false
}

// checkSQLiteFile returns an error if a file that is not in use is not a database of
// Gatehouse, is damaged, or belongs to a newer version than this one.
func checkSQLiteFile(ctx context.Context, path string) (err error) {
	// This journal mode leaves no other file beside this one, such as a write-ahead log.
	db, err := sql.Open("sqlite", sqliteDSN(path, "deferred", "journal_mode(DELETE)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var found string
	switch err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); {
	case isSQLite(err, sqlite3.SQLITE_NOTADB):
		return fmt.Errorf("it is not a SQLite database: %w", err)
	case isSQLite(err, sqlite3.SQLITE_CORRUPT):
		return fmt.Errorf("it is damaged: %w", err)
	case err != nil:
		return err
	case found != "ok":
		return fmt.Errorf("it is damaged: %s", found)
	}
	var version int64
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version").Scan(&version); err != nil || version == 0 {
		return errors.Join(errors.New("it is not a database of Gatehouse: no migration is applied"), err)
	}
	latest, err := latestMigration()
	if err == nil && version > latest {
		err = fmt.Errorf("it was made by a newer version of Gatehouse, at migration %d; this version knows %d: use the newer version", version, latest)
	}
	return err
}

// exists reports whether a file or directory exists at path.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
