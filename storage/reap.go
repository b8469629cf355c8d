package storage

import (
	"context"
	"time"
)

const (
	// grantMemory is how long a grant is kept at least, so that a code that is
	// replayed after its grant expired is still recognised: longer than any code lives.
	grantMemory = time.Hour
	auditMemory = 400 * 24 * time.Hour
)

// expiredRows are the rows of a table that nobody needs any more.
type expiredRows struct {
	table, order, where string
	args                []any
}

func expirable(now time.Time) []expiredRows {
	return []expiredRows{
		{"grants", "expires_at", "expires_at <= ? AND create_at <= ?", []any{millis(now), millis(now.Add(-grantMemory))}},
		{"sessions", "expires_at", "expires_at <= ?", []any{millis(now)}},
		{"rate_limits", "updated_at + level_ms", "updated_at + level_ms <= ?", []any{millis(now)}},
		{"audit_events", "at", "at < ?", []any{millis(now.Add(-auditMemory))}},
	}
}

// Reap deletes what nobody needs any more: grants and sessions that have expired,
// empty rate limits, audit events older than 400 days, apps that registered
// themselves and were abandoned (gatehouse.Settings.DCRUnusedLifetime,
// DCRIdleLifetime); at most limit rows of each table, each in a transaction of its
// own, so that nobody waits for it. Several nodes may reap at once. It returns how
// many rows went, by table; whoever gets limit for one may call again at once.
func (s *Store) Reap(ctx context.Context, now time.Time, limit int) (map[string]int64, error) {
	reaped := make(map[string]int64, 5)
	for _, r := range expirable(now) {
		lock := ""
		if s.forUpdate != "" {
			lock = s.forUpdate + s.skipLocked
		}
		result := s.write(ctx).Exec("DELETE FROM "+r.table+" WHERE id IN (SELECT id FROM "+r.table+" WHERE "+r.where+" ORDER BY "+r.order+" LIMIT ?"+lock+")",
			append(r.args, limit)...)
		if result.Error != nil {
			return reaped, s.fail("reap "+r.table, result.Error)
		}
		reaped[r.table] = result.RowsAffected
	}
	clients, err := s.reapClients(ctx, now, limit)
	if err != nil {
		return reaped, err
	}
	reaped["apps"] = clients
	return reaped, nil
}
