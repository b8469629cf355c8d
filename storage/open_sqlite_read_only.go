package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	sqlite3 "modernc.org/sqlite/lib"
)

// openSQLiteReadOnly opens a file without changing it and without creating files beside
// it. While another process has the database open, its -wal and -shm files are there and
// SQLite reads them. Without a -wal file the database is whole in its file, and SQLite is told
// not to create one ("immutable", sqlite.org/uri.html).
func openSQLiteReadOnly(path string, log *slog.Logger) (engine, error) {
	path = strings.TrimPrefix(path, "//")
	if err := checkSQLiteDirectory(filepath.Dir(path)); err != nil {
		return engine{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return engine{}, fmt.Errorf("read the database: %w", err)
	}
	if err := errors.Join(file.Close(), checkPrivate(path)); err != nil {
		return engine{}, err
	}
	dsn := sqliteDSN(path, "deferred", "query_only(1)") + "&mode=ro"
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		dsn += "&immutable=1"
	}
	reader, err := sql.Open("sqlite", dsn)
	if err != nil {
		return engine{}, fmt.Errorf("read the database: %w", err)
	}
	setPoolSize(reader, 1)
	reads, err := gorm.Open(gormsqlite.New(gormsqlite.Config{DriverName: "sqlite", Conn: reader}), gormConfig(log))
	if err != nil {
		return engine{}, errors.Join(explainReading(path, err), reader.Close())
	}
	return engine{
		reads: reads, writes: reads, writeHot: newGroupCommit(reads, reader).write,
		file: path, dialect: goose.DialectSQLite3,
		pools: map[string]*sql.DB{"readers": reader}, estimateRows: estimateRowsSQLite,
		migrationDB: func() (*sql.DB, func() error) { return reader, func() error { return nil } },
		close:       reader.Close,
	}, nil
}

// explainReading adds to an error what to change. explainSQLite also looks whether the
// directory is writable, by writing to it.
func explainReading(path string, err error) error {
	if isSQLite(err, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT) {
		return explainSQLite(path, err)
	}
	return fmt.Errorf("the database %s cannot be read: %w", path, err)
}
