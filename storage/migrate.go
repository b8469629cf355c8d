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
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" && strings.Contains(pg.Message, "schema") { // insufficient_privilege
		err = fmt.Errorf("the user of the database URL may not create tables; run as the owner of the database: GRANT USAGE, CREATE ON SCHEMA public TO %s; (%w)", pgx.Identifier{s.role}.Sanitize(), err)
	}
	return s.fail("migrate up", err)
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

// MigrationStatus lists all migrations in order.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	var list []Migration
	err := s.withMigrations(func(p *goose.Provider, _ *sql.DB) error {
		status, err := p.Status(ctx)
		for _, m := range status {
			list = append(list, Migration{Version: m.Source.Version, Name: path.Base(m.Source.Path), Applied: m.AppliedAt.UTC()})
		}
		return err
	})
	return list, s.fail("migration status", err)
}

// Ready returns ErrUnavailable if the database does not answer or a migration is missing.
// A database that a newer version of Gatehouse has migrated further is ready.
func (s *Store) Ready(ctx context.Context) error {
	latest, err := latestMigration()
	if err != nil {
		return s.fail("ready", err)
	}
	var version int64
	if err := scanOne(s.read(ctx).Raw("SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version"), &version); err != nil {
		if !errors.Is(kindOf(err), gatehouse.ErrUnavailable) && !errors.Is(err, context.Canceled) {
			err = fmt.Errorf("%w: no migration is applied: %w", gatehouse.ErrUnavailable, err)
		}
		return s.fail("ready", err)
	}
	if version < latest {
		return s.fail("ready", fmt.Errorf("%w: the database is at migration %d of %d; run gatehouse migrate up", gatehouse.ErrUnavailable, version, latest))
	}
	return nil
}

// latestMigration returns the highest migration that this version of Gatehouse has.
func latestMigration() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1]) // Glob sorts
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
