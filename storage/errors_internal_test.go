package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	sqlite3 "modernc.org/sqlite/lib"

	"gatehouse"
)

func TestErrorsAreTranslatedAtTheBorder(t *testing.T) {
	pg := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, tc := range []struct {
		name string
		err  error
		want error // nil: none of gatehouse's
	}{
		{"no row in GORM", gorm.ErrRecordNotFound, gatehouse.ErrNotFound},
		{"no row", sql.ErrNoRows, gatehouse.ErrNotFound},
		{"unique violation", pg("23505"), gatehouse.ErrConflict},
		{"foreign key violation", pg("23503"), gatehouse.ErrNotFound},
		{"not null violation", pg("23502"), nil},
		{"syntax error", pg("42601"), nil},
		{"connection failure", pg("08006"), gatehouse.ErrUnavailable},
		{"too many connections", pg("53300"), gatehouse.ErrUnavailable},
		{"disk full", pg("53100"), gatehouse.ErrUnavailable},
		{"statement timeout", pg("57014"), gatehouse.ErrUnavailable},
		{"server shuts down", pg("57P01"), gatehouse.ErrUnavailable},
		{"server starts up", pg("57P03"), gatehouse.ErrUnavailable},
		{"standby", pg("25006"), gatehouse.ErrUnavailable},
		{"serialization failure", pg("40001"), gatehouse.ErrUnavailable},
		{"deadlock", pg("40P01"), gatehouse.ErrUnavailable},
		{"lock timeout", pg("55P03"), gatehouse.ErrUnavailable},
		{"no code at all", pg(""), nil},
		{"a dead connection", driver.ErrBadConn, gatehouse.ErrUnavailable},
		{"a closed connection", pgconn.ErrConnClosed, gatehouse.ErrUnavailable},
		{"a connection cut in the middle", io.ErrUnexpectedEOF, gatehouse.ErrUnavailable},
		{"a network error", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, gatehouse.ErrUnavailable},
		{"no time left", context.DeadlineExceeded, gatehouse.ErrUnavailable},
		{"the caller went away", context.Canceled, nil},
		{"something else", errors.New("something else"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cause := fmt.Errorf("wrapped: %w", tc.err)
			got := new(Store).fail("do", cause)
			require.ErrorIs(t, got, tc.err, "the cause is kept")
			for _, sentinel := range []error{gatehouse.ErrNotFound, gatehouse.ErrConflict, gatehouse.ErrUnavailable} {
				require.Equal(t, sentinel == tc.want, errors.Is(got, sentinel), "%v", sentinel) //nolint:errorlint // which one it is
			}
			require.Contains(t, got.Error(), "storage: do: ")
		})
	}
	require.NoError(t, new(Store).fail("do", nil))
}

func TestSQLiteCodesAreJudged(t *testing.T) {
	for code, want := range map[int]error{
		sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: gatehouse.ErrConflict,
		sqlite3.SQLITE_CONSTRAINT_UNIQUE:     gatehouse.ErrConflict,
		sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: gatehouse.ErrNotFound,
		sqlite3.SQLITE_CONSTRAINT_NOTNULL:    nil,
		sqlite3.SQLITE_BUSY:                  gatehouse.ErrUnavailable,
		sqlite3.SQLITE_BUSY_SNAPSHOT:         gatehouse.ErrUnavailable,
		sqlite3.SQLITE_LOCKED_SHAREDCACHE:    gatehouse.ErrUnavailable,
		sqlite3.SQLITE_FULL:                  gatehouse.ErrUnavailable,
		sqlite3.SQLITE_IOERR_FSYNC:           gatehouse.ErrUnavailable,
		sqlite3.SQLITE_READONLY_DBMOVED:      gatehouse.ErrUnavailable,
		sqlite3.SQLITE_CANTOPEN_ISDIR:        gatehouse.ErrUnavailable,
		sqlite3.SQLITE_ERROR:                 nil,
		sqlite3.SQLITE_CORRUPT:               nil,
		sqlite3.SQLITE_MISUSE:                nil,
	} {
		require.Equal(t, want, sqliteKind(code), "%d", code)
	}
}
