package storage

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"gatehouse"
)

// Options say which database to open.
type Options struct {
	// URL is "sqlite:gatehouse.db" (a path), "sqlite::memory:" (a private
	// database that Close deletes), or a postgres:// URL.
	URL string
	// FixedSettings are the settings that the environment fixes (gatehouse.ParseSettings).
	FixedSettings map[string]string
	// Existing means that the database must exist: Open does not create a SQLite file, and
	// returns fs.ErrNotExist.
	Existing bool
	// ReadOnly means that a SQLite file is neither created nor changed, so the methods that
	// write fail. It must exist. On PostgreSQL, Open writes nothing anyway.
	ReadOnly bool
	// Log gets migrations, and statements that failed or were slow. nil logs nothing.
	Log *slog.Logger
}

// Store is the state of Gatehouse in a database. It is safe for concurrent use. Its
// errors can be compared with those of package gatehouse: ErrNotFound, ErrConflict,
// and ErrUnavailable if the database cannot be reached, is busy, read-only or full.
// If a context is canceled, the error is context.Canceled.
type Store struct {
	engine
	log           *slog.Logger
	fixedSettings map[string]string
	apps          *cache[gatehouse.App]
	settings      *cache[gatehouse.Settings]
	closed        atomic.Bool
	unavailable   atomic.Uint64 // the number of errors that were ErrUnavailable
}

// engine holds the differences between SQLite and PostgreSQL.
type engine struct {
	reads  *gorm.DB
	writes *gorm.DB
	// writeHot runs one of the statements of grants durably and returns its error. On
	// SQLite it groups those that run at the same time, and prepares them.
	writeHot func(ctx context.Context, do func(db *gorm.DB) error) error

	// SQL that makes two transactions wait for each other. PostgreSQL needs it.
	// SQLite has only one writer at a time, and these strings are empty.
	forShare   string // after a SELECT: no other transaction changes the row until we commit
	forUpdate  string // after a SELECT: no other transaction locks the row until we commit
	skipLocked string // after forUpdate: skip rows that another transaction has locked
	lockUsers  string // a statement: no other transaction adds a user until we commit
	lockAdmins string // a statement: no other transaction removes a System Admin until we commit
	// lockMigrations is a statement: no other node migrates until we commit. For
	// SQLite, see upWithoutLock.
	lockMigrations string

	role  string             // the user of the PostgreSQL database
	file  string             // the path of the SQLite database; "" for PostgreSQL
	pools map[string]*sql.DB // by their purpose
	// estimateRows returns a statement that estimates the number of rows of a table.
	estimateRows func(table string) string
	clock        string // a statement that returns the database's time in milliseconds; "" if it is this node's
	dialect      goose.Dialect
	// migrationDB is for migrations, which may take longer than a request.
	migrationDB func() (db *sql.DB, done func() error)
	close       func() error
}

// Open connects to the database and checks that it can be used. It does not
// migrate: see MigrateUp and Ready. Its errors say what to change.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{
		log: o.Log, fixedSettings: o.FixedSettings,
		apps: newCache[gatehouse.App](1024), settings: newCache[gatehouse.Settings](1),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if _, err := gatehouse.ParseSettings(nil, o.FixedSettings); err != nil {
		return nil, fmt.Errorf("storage: fixed settings: %w", err)
	}
	err := CheckURL(o.URL)
	if path, ok := strings.CutPrefix(o.URL, "sqlite:"); err == nil && ok && o.ReadOnly {
		s.engine, err = openSQLiteReadOnly(path, s.log)
	} else if err == nil && ok {
		s.engine, err = openSQLite(ctx, path, o.Existing, s.log)
	} else if err == nil {
		s.engine, err = openPostgres(ctx, o.URL, s.log)
	}
	if err != nil {
		return nil, s.fail("open", err)
	}
	return s, nil
}

// Close closes all connections. Later calls of other methods return ErrUnavailable.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if err := s.close(); err != nil {
		return fmt.Errorf("storage: close: %w", err)
	}
	return nil
}

// read is for statements that only read. On SQLite they never wait for a writer.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.reads.WithContext(ctx) }

// write is for a single statement that writes, in a commit of its own.
func (s *Store) write(ctx context.Context) *gorm.DB { return s.writes.WithContext(ctx) }

// transact runs f in one transaction, which is rolled back if f returns an error.
func (s *Store) transact(ctx context.Context, f func(tx *gorm.DB) error) error {
	return s.write(ctx).Transaction(f)
}

// maxDeadlocks is how often transactAgain tries.
const maxDeadlocks = 5

// transactAgain is transact for rows that Reap deletes while others insert them again. Such
// transactions lock rows in an order that the storage does not choose. If PostgreSQL ends
// one of them because of a deadlock, f runs again, so f must have no effect
// outside that adds up.
func (s *Store) transactAgain(ctx context.Context, f func(tx *gorm.DB) error) (err error) {
	for range maxDeadlocks {
		if err = s.transact(ctx, f); !isDeadlock(err) {
			return err
		}
	}
	return err
}
