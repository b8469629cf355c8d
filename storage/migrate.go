package storage

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
	sqlite3 "modernc.org/sqlite/lib"

	"gatehouse"
)

// migrations are the same for both engines, in portable SQL.
//
//go:embed migrations/*.sql
var migrations embed.FS

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string    // "00001_initial.sql"
	Applied time.Time // zero if it is not applied
}

// MigrateUp applies all missing migrations, each in a transaction of its own. Several
// nodes may call it at the same time.
func (s *Store) MigrateUp(ctx context.Context) error {
	err := s.withMigrations(func(p *goose.Provider, db *sql.DB) error {
		if s.lockMigrations == "" {
			return s.upWithoutLock(ctx, p)
		}
		return s.underMigrationLock(ctx, db, func() error { return s.up(ctx, p) })
	})
	if s.lacksSchema(ctx, err) {
		err = fmt.Errorf("the user of the database URL is not allowed to create tables; run as the owner of the database: GRANT USAGE, CREATE ON SCHEMA public TO %s; (%w)", pgx.Identifier{s.role}.Sanitize(), err)
	}
	return s.fail("migrate up", err)
}

// lacksSchema reports whether the error of a migration means that the role cannot create
// tables in its schema. Since version 15, PostgreSQL does not allow that in the schema
// public to other roles than the owner of the database.
//
// It asks the server, because the same SQLSTATE has other causes, and the message is in the
// language of the server.
func (s *Store) lacksSchema(ctx context.Context, err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "3F000": // invalid_schema_name: without USAGE, a role does not see the schema
		return true
	case "42501": // insufficient_privilege
		var allowed bool
		err := s.read(ctx).Raw("SELECT COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE)").Scan(&allowed).Error
		return err == nil && !allowed
	}
	return false
}

// underMigrationLock lets one node migrate at a time. A transaction of its own holds the
// lock while f runs: a lock of a session would stay behind on a session of a pooler that
// assigns them by transaction.
func (s *Store) underMigrationLock(ctx context.Context, db *sql.DB, f func() error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // The transaction only held the lock.
	for _, statement := range []string{"SET LOCAL lock_timeout = '5min'", "SET LOCAL idle_in_transaction_session_timeout = 0", s.lockMigrations} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return f()
}

func (s *Store) up(ctx context.Context, p *goose.Provider) error {
	results, err := p.Up(ctx)
	for _, r := range results {
		s.log.InfoContext(ctx, "migration applied", "name", path.Base(r.Source.Path), "took", r.Duration)
	}
	return err
}

// upWithoutLock is for SQLite, for which goose has no lock. If two processes apply the
// same migration, one of them is rolled back completely. It then reads the version
// again, and goes on as long as the version rises.
func (s *Store) upWithoutLock(ctx context.Context, p *goose.Provider) error {
	last := int64(-1)
	for {
		err := s.up(ctx, p)
		if err == nil {
			return nil
		}
		current, target, versionErr := p.GetVersions(ctx)
		switch {
		case versionErr != nil:
			return errors.Join(err, versionErr)
		case current == target:
			return nil
		case current == last:
			return err
		}
		last = current
	}
}

// MigrateDown reverts the last migration, which also deletes the rows of its tables. It
// returns ErrNotFound if no migration is applied.
func (s *Store) MigrateDown(ctx context.Context) error {
	err := s.withMigrations(func(p *goose.Provider, _ *sql.DB) error {
		result, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return gatehouse.ErrNotFound
		}
		if err == nil {
			s.log.InfoContext(ctx, "migration reverted", "name", path.Base(result.Source.Path), "took", result.Duration)
		}
		return err
	})
	return s.fail("migrate down", err)
}

// Migrations lists the migrations of this version of Gatehouse in order, none of them
// applied.
func Migrations() ([]Migration, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return nil, fmt.Errorf("storage: list migrations: %w", err)
	}
	list := make([]Migration, len(names))
	for i, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("storage: list migrations: %w", err)
		}
		list[i] = Migration{Version: version, Name: path.Base(name)}
	}
	return list, nil
}

// MigrationStatus lists all migrations in order. It only reads: goose's own status would
// create the table of versions.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	list, err := Migrations()
	if err != nil {
		return nil, err
	}
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return nil, s.fail("migration status", err)
	}
	for i := range list {
		list[i].Applied = applied[list[i].Version]
	}
	return list, nil
}

// appliedMigrations returns when each migration was applied, by its version.
func (s *Store) appliedMigrations(ctx context.Context) (_ map[int64]time.Time, err error) {
	applied := map[int64]time.Time{}
	rows, err := s.readVersions(ctx).Raw("SELECT version_id, tstamp FROM goose_db_version WHERE is_applied").Rows()
	if isMissingTable(err) {
		return applied, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var version int64
		var at time.Time
		if err := rows.Scan(&version, &at); err != nil {
			return nil, err
		}
		applied[version] = at.UTC()
	}
	return applied, rows.Err()
}

// SchemaError means that migrations are missing in the database. It is also
// gatehouse.ErrUnavailable.
type SchemaError struct {
	Version int64 // the migration that the database has; 0 if it has none
	Latest  int64 // the migration that this version of Gatehouse needs
}

func (e *SchemaError) Error() string {
	if e.Version == 0 {
		return "no migration is applied; run gatehouse migrate up"
	}
	return fmt.Sprintf("the database is at migration %d of %d; run gatehouse migrate up", e.Version, e.Latest)
}

// Unwrap returns gatehouse.ErrUnavailable.
func (e *SchemaError) Unwrap() error { return gatehouse.ErrUnavailable }

// Ready returns ErrUnavailable if the database does not answer, and a *SchemaError if a
// migration is missing. A database that a newer version of Gatehouse has migrated further
// is ready.
func (s *Store) Ready(ctx context.Context) error {
	version, latest, err := s.SchemaVersion(ctx)
	if err == nil && version < latest {
		err = s.fail("ready", &SchemaError{Version: version, Latest: latest})
	}
	return err
}

// SchemaVersion returns the last migration of the database, 0 if it has none, and the last
// one of this version of Gatehouse. It returns ErrUnavailable if the database does not
// answer.
func (s *Store) SchemaVersion(ctx context.Context) (version, latest int64, err error) {
	latest, err = latestMigration()
	if err != nil {
		return 0, 0, s.fail("ready", err)
	}
	err = scanOne(s.readVersions(ctx).Raw("SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version"), &version)
	switch {
	case isMissingTable(err):
		return 0, latest, nil
	case err != nil && !errors.Is(kindOf(err), gatehouse.ErrUnavailable) && !errors.Is(err, context.Canceled):
		err = fmt.Errorf("%w: the table of migrations cannot be read: %w", gatehouse.ErrUnavailable, err)
	}
	return version, latest, s.fail("ready", err)
}

// readVersions is read for the table of migrations. The log does not report that the table
// is missing, because callers expect that.
func (s *Store) readVersions(ctx context.Context) *gorm.DB {
	return s.read(ctx).Session(&gorm.Session{Logger: versionLog{statementLog{s.log}}})
}

// isMissingTable reports whether a statement failed because its table does not exist.
func isMissingTable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "42P01" // undefined_table
	}
	return isSQLite(err, sqlite3.SQLITE_ERROR) && strings.Contains(err.Error(), "no such table")
}

// latestMigration returns the highest migration that this version of Gatehouse has.
func latestMigration() (int64, error) {
	list, err := Migrations()
	if err != nil {
		return 0, err
	}
	return list[len(list)-1].Version, nil
}

func (s *Store) withMigrations(f func(*goose.Provider, *sql.DB) error) (err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db, done := s.migrationDB()
	defer func() { err = errors.Join(err, done()) }()
	p, err := goose.NewProvider(s.dialect, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	return f(p, db)
}
