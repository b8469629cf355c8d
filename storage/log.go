package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm/logger"

	"gatehouse"
)

// slowStatement is how long a statement may take before the log says so.
const slowStatement = 500 * time.Millisecond

// statementLog is GORM's logger: it tells of statements that failed or were
// slow, and never of their parameters, which hold hashes and people's names.
type statementLog struct{ log *slog.Logger }

func (l statementLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info drops GORM's talk about itself.
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
		return // nearly always: nothing to judge
	}
	kind := kindOf(err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(kind, gatehouse.ErrNotFound), errors.Is(kind, gatehouse.ErrConflict):
		// An answer, not a fault.
	case err != nil:
		sql, _ := statement()
		l.log.WarnContext(ctx, "statement failed", "sql", sql, "took", took, "error", err)
	default:
		sql, rows := statement()
		l.log.WarnContext(ctx, "statement was slow", "sql", sql, "took", took, "rows", rows)
	}
}

// ParamsFilter keeps the parameters out of the statements that Trace is given.
func (l statementLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
