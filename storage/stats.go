package storage

import (
	"context"
	"database/sql"
	"time"
)

const (
	// countedRows is how many rows of a table are counted; of a larger one the
	// number is estimated, so that asking stays cheap whatever is stored.
	countedRows = 100_000
	// countedExpired bounds how many rows that wait for Reap are counted.
	countedExpired = 10_000
)

// Pools are the connections at this moment, by what they are for.
func (s *Store) Pools() map[string]sql.DBStats {
	stats := make(map[string]sql.DBStats, len(s.pools))
	for name, pool := range s.pools {
		stats[name] = pool.Stats()
	}
	return stats
}

// Unavailable is how often an operation failed with ErrUnavailable so far.
func (s *Store) Unavailable() uint64 { return s.unavailable.Load() }

// Sizes returns how many rows each table has, exactly up to 100,000 and as the
// engine estimates beyond, and how many of them wait for Reap at the time now, up
// to 10,000. Abandoned apps do not count as waiting: finding them is Reap's work.
func (s *Store) Sizes(ctx context.Context, now time.Time) (rows, expired map[string]int64, err error) {
	rows, expired = map[string]int64{}, map[string]int64{}
	for _, t := range tables() {
		if rows[t.name], err = s.countAtMost(ctx, countedRows+1, t.name, ""); err != nil {
			return nil, nil, err
		}
		if rows[t.name] <= countedRows {
			continue
		}
		var estimate int64
		if err := scanOne(s.read(ctx).Raw(s.estimateRows(t.name)), &estimate); err != nil {
			return nil, nil, s.fail("estimate "+t.name, err)
		}
		rows[t.name] = max(estimate, countedRows+1)
	}
	for _, e := range expirable(now) {
		if expired[e.table], err = s.countAtMost(ctx, countedExpired, e.table, " WHERE "+e.where, e.args...); err != nil {
			return nil, nil, err
		}
	}
	return rows, expired, nil
}

func (s *Store) countAtMost(ctx context.Context, limit int, table, where string, args ...any) (n int64, err error) {
	statement := s.read(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM "+table+where+" LIMIT ?) AS counted", append(args, limit)...)
	return n, s.fail("count "+table, scanOne(statement, &n))
}

// estimateRowsSQLite is how many row numbers there have been since the oldest
// row: what is reaped, is reaped from that end.
func estimateRowsSQLite(table string) string {
	return "SELECT (SELECT MAX(rowid) FROM " + table + ") - (SELECT MIN(rowid) FROM " + table + ") + 1"
}

// estimateRowsPostgres is what autovacuum saw last.
func estimateRowsPostgres(table string) string {
	return "SELECT reltuples::BIGINT FROM pg_class WHERE oid = '" + table + "'::regclass"
}
