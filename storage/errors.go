package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"gatehouse"
)

// callerError carries an error out of a transaction that Store returns unchanged, such
// as the error of UpdateApp's change.
type callerError struct{ err error }

func (e callerError) Error() string { return e.err.Error() }

// fail translates the error of an operation into an error of package gatehouse and
// keeps the cause. Every method of Store returns its errors through it. It returns
// nil for nil.
func (s *Store) fail(operation string, err error) error {
	if err == nil {
		return nil
	}
	var own callerError
	if errors.As(err, &own) {
		return own.err
	}
	kind := kindOf(err)
	if kind == nil && s.closed.Load() {
		kind = gatehouse.ErrUnavailable // database/sql has no value to compare for a closed pool
	}
	if errors.Is(kind, gatehouse.ErrUnavailable) || errors.Is(err, gatehouse.ErrUnavailable) {
		s.unavailable.Add(1)
	}
	switch {
	case kind == nil, errors.Is(err, kind):
		return fmt.Errorf("storage: %s: %w", operation, err)
	default:
		return fmt.Errorf("storage: %s: %w: %w", operation, kind, err)
	}
}

// kindOf returns the error of package gatehouse that corresponds to an error of GORM,
// database/sql or a driver, or nil. It returns nil for context.Canceled, which the
// caller caused itself.
func kindOf(err error) error {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows):
		return gatehouse.ErrNotFound
	case errors.As(err, &lite):
		return sqliteKind(lite.Code())
	case errors.As(err, &pg):
		return postgresKind(pg.Code)
	case errors.Is(err, context.Canceled):
		return nil
	case errors.As(err, &connect), errors.As(err, &network),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, pgconn.ErrConnClosed), errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return gatehouse.ErrUnavailable
	}
	return nil
}

// sqliteKind is kindOf for an extended result code (sqlite.org/rescode.html).
func sqliteKind(code int) error {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return gatehouse.ErrConflict
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return gatehouse.ErrNotFound
	}
	switch code & 0xff { // the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM:
		return gatehouse.ErrUnavailable
	}
	return nil
}

// readOnlyTransaction is the SQLSTATE read_only_sql_transaction, which a standby returns for a write.
const readOnlyTransaction = "25006"

// deadlockDetected is the SQLSTATE deadlock_detected.
const deadlockDetected = "40P01"

// isDeadlock reports whether PostgreSQL rolled a transaction back because of a deadlock.
func isDeadlock(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == deadlockDetected
}

// postgresKind is kindOf for a SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html).
func postgresKind(code string) error {
	switch code {
	case "23505": // unique_violation
		return gatehouse.ErrConflict
	case "23503": // foreign_key_violation
		return gatehouse.ErrNotFound
	case readOnlyTransaction,
		"40001", deadlockDetected, // serialization_failure
		"55P03": // lock_not_available: lock_timeout
		return gatehouse.ErrUnavailable
	}
	if len(code) == 5 {
		switch code[:2] {
		case "08", "53", "57": // connection exception, insufficient resources, operator intervention
			return gatehouse.ErrUnavailable
		}
	}
	return nil
}
