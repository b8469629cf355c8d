package storage

import (
	"context"
	"database/sql"
	"maps"
	"time"
)

const (
	// countedRows is the number of rows up to which a table is counted. The size of a
	// larger table is estimated, so that the query stays cheap.
	countedRows = 100_000
	// countedExpired is the number of expired rows up to which they are counted.
	countedExpired = 10_000
)

// Pools returns the connection pools, by their purpose.
func (s *Store) Pools() map[string]*sql.DB { return maps.Clone(s.pools) }

// Unavailable returns how many operations have failed with ErrUnavailable.
func (s *Store) Unavailable() uint64 { return s.unavailable.Load() }

// Sizes returns the number of rows of each table, exact up to 100,000 and otherwise
// an estimate of the engine, and the number of rows that Reap would delete at the time
// now, up to 10,000. Abandoned apps are not included: only Reap searches for them.
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

// estimateRowsSQLite is the number of row numbers since the oldest row. It is close
// to the number of rows because Reap deletes the oldest ones.
func estimateRowsSQLite(table string) string {
	return "SELECT (SELECT MAX(rowid) FROM " + table + ") - (SELECT MIN(rowid) FROM " + table + ") + 1"
}

// estimateRowsPostgres is the number that autovacuum last found.
func estimateRowsPostgres(table string) string {
	return "SELECT reltuples::BIGINT FROM pg_class WHERE oid = '" + table + "'::regclass"
}

// EngineVersion returns the name and the version of the database engine.
func (s *Store) EngineVersion(ctx context.Context) (string, error) {
	statement := "SELECT 'SQLite ' || sqlite_version()"
	if s.file == "" {
		statement = "SELECT 'PostgreSQL ' || current_setting('server_version')"
	}
	var version string
	err := scanOne(s.read(ctx).Raw(statement), &version)
	return version, s.fail("read the version of the engine", err)
}

// ClockAhead returns by how much this node's clock is ahead of the database's, as
// precisely as the network allows. It is negative if this node's clock is behind, and
// 0 for SQLite, which uses this node's clock.
func (s *Store) ClockAhead(ctx context.Context) (time.Duration, error) {
	if s.clock == "" {
		return 0, nil
	}
	var milliseconds int64
	before := time.Now()
	if err := scanOne(s.read(ctx).Raw(s.clock), &milliseconds); err != nil {
		return 0, s.fail("read the database's clock", err)
	}
	after, database := time.Now(), time.UnixMilli(milliseconds)
	switch {
	case database.Before(before):
		return before.Sub(database), nil
	case database.After(after):
		return after.Sub(database), nil
	default:
		return 0, nil // The database's time is between the two.
	}
}
