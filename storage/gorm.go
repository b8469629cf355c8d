package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"gatehouse"
)

// gormConfig is the same for both engines. Without GORM's implicit transaction a
// single statement costs one round trip; several statements go through transact.
func gormConfig(log *slog.Logger) *gorm.Config {
	return &gorm.Config{SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: statementLog{log}}
}

// scanOne scans the only row of a statement. It returns sql.ErrNoRows if the
// statement yields no row. (GORM's Row panics if a statement cannot be prepared.)
func scanOne(statement *gorm.DB, fields ...any) error {
	rows, err := statement.Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // The Close below returns its error.
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

// affectedOne returns ErrNotFound if the statement changed no row.
func affectedOne(result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return gatehouse.ErrNotFound
	}
	return result.Error
}

// slowStatement is the time after which the log reports a statement as slow.
const slowStatement = 500 * time.Millisecond

// statementLog is GORM's logger. It logs statements that failed or were slow, but
// never their parameters, which hold hashes and names of users.
type statementLog struct{ log *slog.Logger }

func (l statementLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info drops GORM's messages about itself.
func (l statementLog) Info(context.Context, string, ...any) {}

func (l statementLog) Warn(ctx context.Context, message string, args ...any) {
	l.log.WarnContext(ctx, "database", "message", fmt.Sprintf(message, args...))
}

func (l statementLog) Error(ctx context.Context, message string, args ...any) {
	l.log.ErrorContext(ctx, "database", "message", fmt.Sprintf(message, args...))
}

// Trace is called after each statement.
func (l statementLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	took := time.Since(begin)
	if err == nil && took <= slowStatement {
		return // the usual case
	}
	kind := kindOf(err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(kind, gatehouse.ErrNotFound), errors.Is(kind, gatehouse.ErrConflict):
		// The database answered; nothing is wrong.
	case err != nil:
		sql, _ := statement()
		l.log.WarnContext(ctx, "statement failed", "sql", sql, "took", took, "error", err)
	default:
		sql, rows := statement()
		l.log.WarnContext(ctx, "statement was slow", "sql", sql, "took", took, "rows", rows)
	}
}

// versionLog is statementLog for the table of migrations, which may be missing.
type versionLog struct{ statementLog }

func (l versionLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Trace does not log that the table is missing.
func (l versionLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	if !isMissingTable(err) {
		l.statementLog.Trace(ctx, begin, statement, err)
	}
}

// ParamsFilter keeps the parameters out of the statements that Trace gets.
func (l statementLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
