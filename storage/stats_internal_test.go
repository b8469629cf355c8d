package storage

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testdb"
)

func TestSizesAreCountedAndThenEstimated(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx, now := context.Background(), time.Now()
		s, err := Open(ctx, Options{URL: url})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		require.NoError(t, s.MigrateUp(ctx))
		require.NoError(t, s.RecordAuditEvent(ctx, gatehouse.AuditEvent{At: now, Event: "new"}))
		require.NoError(t, s.RecordAuditEvent(ctx, gatehouse.AuditEvent{At: now.Add(-2 * maxAuditAge), Event: "old"}))
		rows, expired, err := s.Sizes(ctx, now)
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"users": 0, "sessions": 0, "apps": 0, "consents": 0, "grants": 0, "settings": 0, "audit_events": 2, "rate_limits": 0, "signing_keys": 0, "outbox": 0, "groups": 0, "group_members": 0, "app_groups": 0}, rows)
		require.Equal(t, map[string]int64{"grants": 0, "sessions": 0, "audit_events": 1, "rate_limits": 0, "signing_keys": 0, "outbox": 0}, expired)

		require.NoError(t, s.write(ctx).Exec("INSERT INTO audit_events WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000) SELECT 'event' || i, 1, '', '', '', '', '', '', '' FROM n").Error)
		if s.file == "" {
			require.NoError(t, s.write(ctx).Exec("ANALYZE audit_events").Error)
		}
		rows, expired, err = s.Sizes(ctx, now)
		require.NoError(t, err)
		require.InDelta(t, 120002, rows["audit_events"], 1000)
		require.Equal(t, int64(countedExpired), expired["audit_events"])
	})
}

func TestUnavailableIsCounted(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: testdb.SQLite(t)})
	require.NoError(t, err)
	require.Len(t, s.Pools(), 2)
	require.Zero(t, s.Unavailable())
	require.NoError(t, s.Close())
	_, err = s.CountUsers(ctx)
	require.ErrorIs(t, err, gatehouse.ErrUnavailable)
	require.EqualValues(t, 1, s.Unavailable())
}
