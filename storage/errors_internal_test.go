package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	sqlite3 "modernc.org/sqlite/lib"

	"gatehouse"
)

func TestErrorsAreTranslated(t *testing.T) {
	pg := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, tc := range []struct {
		name string
		err  error
		want error // nil: no error of package gatehouse
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
		{"the server shuts down", pg("57P01"), gatehouse.ErrUnavailable},
		{"the server starts", pg("57P03"), gatehouse.ErrUnavailable},
		{"standby", pg("25006"), gatehouse.ErrUnavailable},
		{"serialization failure", pg("40001"), gatehouse.ErrUnavailable},
		{"deadlock", pg("40P01"), gatehouse.ErrUnavailable},
		{"lock timeout", pg("55P03"), gatehouse.ErrUnavailable},
		{"no code", pg(""), nil},
		{"a bad connection", driver.ErrBadConn, gatehouse.ErrUnavailable},
		{"a closed connection", pgconn.ErrConnClosed, gatehouse.ErrUnavailable},
		{"a connection that ends in the middle of a message", io.ErrUnexpectedEOF, gatehouse.ErrUnavailable},
		{"a network error", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, gatehouse.ErrUnavailable},
		{"the deadline has passed", context.DeadlineExceeded, gatehouse.ErrUnavailable},
		{"the caller canceled", context.Canceled, nil},
		{"another error", errors.New("another error"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cause := fmt.Errorf("wrapped: %w", tc.err)
			got := new(Store).fail("do", cause)
			require.ErrorIs(t, got, tc.err, "the cause is kept")
			for _, sentinel := range []error{gatehouse.ErrNotFound, gatehouse.ErrConflict, gatehouse.ErrUnavailable} {
				require.Equal(t, sentinel == tc.want, errors.Is(got, sentinel), "%v", sentinel) //nolint:errorlint // the same value
			}
			require.Contains(t, got.Error(), "storage: do: ")
		})
	}
	require.NoError(t, new(Store).fail("do", nil))
}

func TestSQLiteCodesAreTranslated(t *testing.T) {
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

func TestAFullDiskIsUnavailableAndLosesNoRow(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.MigrateUp(ctx))
	// This limit of SQLite returns the same code as a full file system.
	var pages int
	require.NoError(t, scanOne(s.write(ctx).Raw("PRAGMA page_count"), &pages))
	require.NoError(t, scanOne(s.write(ctx).Raw("PRAGMA max_page_count = 60"), &pages))

	event := gatehouse.AuditEvent{At: time.Now(), Event: "e", Detail: strings.Repeat("x", maxAuditDetail)}
	written := 0
	for err = nil; err == nil; written++ {
		require.Less(t, written, 10_000)
		err = s.RecordAuditEvent(ctx, event)
	}
	require.ErrorIs(t, err, gatehouse.ErrUnavailable)
	require.ErrorContains(t, err, "full")
	events, err := s.AuditEvents(ctx, "", 10_000)
	require.NoError(t, err, "reads still work")
	require.Len(t, events, written-1)
	require.NoError(t, s.Ready(ctx))

	require.NoError(t, scanOne(s.write(ctx).Raw("PRAGMA max_page_count = 100000"), &pages))
	require.NoError(t, s.RecordAuditEvent(ctx, event), "there is space again")
}
