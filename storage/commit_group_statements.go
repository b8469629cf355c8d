package storage

import (
	"context"
	"database/sql"
)

// groupTx runs prepared statements in a transaction. GORM's own cache prepares a
// statement again in each transaction if it was first used in one.
type groupTx struct {
	*sql.Tx
	group *groupCommit
}

func (t groupTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.group.statement(query); stmt != nil {
		return t.StmtContext(ctx, stmt).ExecContext(ctx, args...) //nolint:sqlclosecheck // the transaction closes it //nolint:sqlclosecheck // the transaction closes it
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

func (t groupTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := t.group.statement(query); stmt != nil {
		return t.StmtContext(ctx, stmt).QueryContext(ctx, args...) //nolint:sqlclosecheck // the transaction closes it //nolint:sqlclosecheck // the transaction closes it
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// statement returns the prepared statement, or nil and notes that it is needed: the
// transaction has the only connection, so nothing can be prepared for the pool now.
func (g *groupCommit) statement(query string) *sql.Stmt {
	stmt, ok := g.prepared[query]
	if !ok {
		g.prepared[query] = nil
		g.unprepared = append(g.unprepared, query)
	}
	return stmt
}

// prepare prepares the statements that were needed. One that cannot be prepared
// runs as it is, and returns its own error.
func (g *groupCommit) prepare() {
	for _, query := range g.unprepared {
		if stmt, err := g.writer.PrepareContext(context.Background(), query); err == nil { //nolint:sqlclosecheck // the pool closes it //nolint:sqlclosecheck // closing the pool closes it
			g.prepared[query] = stmt
		} else {
			delete(g.prepared, query)
		}
	}
	g.unprepared = nil
}
