package storage

import (
	"context"
	"database/sql"
	"errors"
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
	// database that is gone after Close), or a postgres:// URL.
	URL string
	// FixedSettings are the settings that the environment decides (gatehouse.ParseSettings).
	FixedSettings map[string]string
	// Log tells of migrations and of statements that failed or were slow; nil is silent.
	Log *slog.Logger
}

// Store is the state of the gateway. It is safe for concurrent use. Every error
// that it returns can be compared with package gatehouse's: ErrNotFound,
// ErrConflict, and ErrUnavailable when the database is gone, busy, read-only or
// full. A context that was cancelled yields context.Canceled.
type Store struct {
	engine
	log           *slog.Logger
	fixedSettings map[string]string
	apps          *cache[gatehouse.App]
	settings      *cache[gatehouse.Settings]
	closed        atomic.Bool
	unavailable   atomic.Uint64 // errors that left as ErrUnavailable
}

// engine is what differs between SQLite and PostgreSQL.
type engine struct {
	reads  *gorm.DB
	writes *gorm.DB
	// writeHot does one of the grants' statements, durably, and returns its error.
	// On SQLite it groups those that run at the same time, and prepares them.
	writeHot func(ctx context.Context, do func(db *gorm.DB) error) error

	// SQL that makes two transactions wait for each other. PostgreSQL needs it;
	// SQLite has one writer at a time anyway, and these are empty.
	forShare   string // behind a SELECT: nobody changes the row until we commit
	forUpdate  string // behind a SELECT: nobody even locks the row until we commit
	skipLocked string // behind forUpdate: pass over rows that somebody else has locked
	lockUsers  string // a statement: nobody adds a user until we commit
	lockAdmins string // a statement: nobody else takes the System Admin's role from anybody until we commit
	// lockMigrations is a statement: nobody else migrates until we commit. SQLite
	// has it empty and copes without: see upWithoutLock.
	lockMigrations string

	file  string             // of the SQLite database; "" for PostgreSQL
	pools map[string]*sql.DB // by what they are for
	// estimateRows is a statement that yields about how many rows a table has.
	estimateRows func(table string) string
	clock        string // a statement that yields the database's time in milliseconds; "" where it is ours
	dialect      goose.Dialect
	// migrationDB is where migrations run, which may take longer than a request.
	migrationDB func() (db *sql.DB, done func() error)
	close       func() error
}

// Open connects to the database and checks that it can be used. It does not
// migrate: see MigrateUp and Ready. The error says what to change.
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
	scheme, rest, _ := strings.Cut(o.URL, ":")
	var err error
	switch scheme {
	case "sqlite":
		s.engine, err = openSQLite(ctx, rest, s.log)
	case "postgres", "postgresql":
		s.engine, err = openPostgres(ctx, o.URL, s.log)
	default:
		// The URL is not repeated: it may hold a password.
		err = errors.New("the database URL must begin with sqlite: (sqlite:gatehouse.db) or postgres:// (postgres://user:password@host/database)")
	}
	if err != nil {
		return nil, s.fail("open", err)
	}
	return s, nil
}

// Close ends all connections. Whatever is called afterwards fails with ErrUnavailable.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if err := s.close(); err != nil {
		return fmt.Errorf("storage: close: %w", err)
	}
	return nil
}

// read is for statements that change nothing. On SQLite they never wait for a writer.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.reads.WithContext(ctx) }

// write is for single statements that change something and are a commit of their own.
func (s *Store) write(ctx context.Context) *gorm.DB { return s.writes.WithContext(ctx) }

// transact runs f in one transaction: all of it happens, or nothing.
func (s *Store) transact(ctx context.Context, f func(tx *gorm.DB) error) error {
	return s.write(ctx).Transaction(f)
}

// gormConfig is the same for both engines. Without the implicit transaction a
// single statement costs one round trip; several go through transact.
func gormConfig(log *slog.Logger) *gorm.Config {
	return &gorm.Config{SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: statementLog{log}}
}

// scanOne scans the one row that a statement yields; sql.ErrNoRows if there is
// none. (GORM's Row panics when a statement cannot be prepared.)
func scanOne(statement *gorm.DB, fields ...any) error {
	rows, err := statement.Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Again below, where its error counts.
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(fields...); err != nil {
		return err
	}
	return rows.Close()
}

// affectedOne says ErrNotFound unless the statement changed a row.
func affectedOne(result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return gatehouse.ErrNotFound
	}
	return result.Error
}
