package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func upkeepCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"audit events are listed in pages, the newest first":   auditPages,
		"long values of an audit event are cut":                auditLimits,
		"audit events keep their rate limits":                  auditRateLimits,
		"nodes share the rate limits of audit events":          auditRateLimitRace,
		"expired rows are reaped in batches":                   reapsInBatches,
		"a grant is not reaped while its code can be replayed": reapsNoFreshGrant,
		"nodes reap at the same time":                          reapRace,
		"the database's clock is compared":                     clocksAgree,
	}
}

func auditPages(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	var want []gatehouse.AuditEvent
	for i := range 7 {
		e := gatehouse.AuditEvent{
			ID: gatehouse.NewID(), At: start.Add(time.Duration(i/2) * time.Millisecond), ActorID: "actor", Event: gatehouse.AuditLogin, TargetID: "target",
			Detail: "It happened.", IP: "192.0.2.1", Outcome: gatehouse.OutcomeFail, RequestID: "request",
		}
		require.NoError(t, store.RecordAuditEvent(ctx, e))
		want = append(want, e)
	}
	var got []gatehouse.AuditEvent
	for before := ""; ; before = got[len(got)-1].ID {
		page, err := store.AuditEvents(ctx, before, 3)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	require.ElementsMatch(t, want, got, "each event once, also events of the same millisecond")
	for i := 1; i < len(got); i++ {
		require.False(t, got[i].At.After(got[i-1].At))
	}
	page, err := store.AuditEvents(ctx, gatehouse.NewID(), 3)
	require.NoError(t, err)
	require.Empty(t, page)
}

func auditRateLimits(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	first := gatehouse.RateLimit{ID: "first", Burst: 3, Refill: time.Minute}
	second := gatehouse.RateLimit{ID: "second", Burst: 1, Refill: time.Minute}
	record := func(at time.Time, limits ...gatehouse.RateLimit) error {
		return store.RecordAuditEvent(ctx, gatehouse.AuditEvent{At: at, Event: "e"}, limits...)
	}
	require.NoError(t, record(start, first, second))
	require.ErrorIs(t, record(start, first, second), gatehouse.ErrRateLimited)
	require.Equal(t, 1, d.count("audit_events"))
	require.NoError(t, record(start, first), "the refused event took no attempt from the first limit")
	require.NoError(t, record(start, first))
	require.ErrorIs(t, record(start.Add(59*time.Second), first), gatehouse.ErrRateLimited)
	require.NoError(t, record(start), "an event without a limit is always stored")
	require.NoError(t, record(start.Add(time.Minute), first, second))
	require.Equal(t, 5, d.count("audit_events"))

	// An event that cannot be stored takes no attempt.
	same := gatehouse.AuditEvent{ID: gatehouse.NewID(), At: start.Add(time.Hour), Event: "e"}
	require.NoError(t, store.RecordAuditEvent(ctx, same))
	require.Error(t, store.RecordAuditEvent(ctx, same, second))
	require.NoError(t, record(start.Add(time.Hour), second))
}

func auditRateLimitRace(t *testing.T, d *database) {
	nodes := d.nodes()
	limits := []gatehouse.RateLimit{{ID: "a", Burst: 20, Refill: time.Minute}, {ID: "b", Burst: 10, Refill: time.Minute}}
	results := race(40, func(i int) error {
		return nodes[i%2].RecordAuditEvent(context.Background(), gatehouse.AuditEvent{At: start, Event: "e"}, limits...)
	})
	requireNilOr(t, results, gatehouse.ErrRateLimited)
	require.Equal(t, 10, d.count("audit_events"))
}

func auditLimits(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	long := make([]byte, 5000)
	for i := range long {
		long[i] = 'x'
	}
	require.NoError(t, store.RecordAuditEvent(ctx, gatehouse.AuditEvent{At: start, Event: "e", Detail: "€" + string(long), TargetID: string(long)}))
	events, err := store.AuditEvents(ctx, "", 1)
	require.NoError(t, err)
	require.Len(t, events[0].Detail, 512)
	require.Len(t, events[0].TargetID, 128)
	require.True(t, gatehouse.ValidID(events[0].ID), "an event without an id gets one")
}

// reapAll calls Reap until it deletes no more rows of a table, and returns the number of
// deleted rows of each call.
func reapAll(t *testing.T, store *storage.Store, now time.Time, limit int, table string) []int64 {
	t.Helper()
	var rounds []int64
	for {
		reaped, err := store.Reap(context.Background(), now, limit)
		require.NoError(t, err)
		require.Contains(t, reaped, table)
		if reaped[table] == 0 {
			return rounds
		}
		rounds = append(rounds, reaped[table])
	}
}

func reapsInBatches(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	stays := pair.NewGrant(start)
	stays.ExpiresAt = start.Add(1000 * time.Hour)
	require.NoError(t, store.CreateGrant(ctx, stays))
	session := NewSession(pair.User.ID, start)
	session.ExpiresAt = start.Add(1000 * time.Hour)
	require.NoError(t, store.CreateSession(ctx, session))
	for range 5 {
		require.NoError(t, store.CreateGrant(ctx, pair.NewGrant(start)))
		expired := NewSession(pair.User.ID, start)
		expired.ExpiresAt = start.Add(time.Hour)
		require.NoError(t, store.CreateSession(ctx, expired))
		require.NoError(t, store.RecordAuditEvent(ctx, gatehouse.AuditEvent{At: start.Add(-400 * 24 * time.Hour), Event: "old"}))
	}
	require.NoError(t, store.RecordAuditEvent(ctx, gatehouse.AuditEvent{At: start, Event: "new"}))

	now := start.Add(time.Hour)
	require.Equal(t, []int64{2, 2, 1}, reapAll(t, store, now, 2, "grants"))
	require.Equal(t, 1, d.count("grants"))
	require.Equal(t, 1, d.count("sessions"))
	require.Equal(t, 1, d.count("audit_events"))
	require.Equal(t, 1, d.count("consents"), "consents are not reaped")
	_, _, err := store.Grant(ctx, stays.ID)
	require.NoError(t, err)
}

// Attack: replay the code of a grant with a short lifetime after the grant was reaped.
func reapsNoFreshGrant(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	grant.ExpiresAt = start.Add(time.Minute)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.Empty(t, reapAll(t, store, start.Add(59*time.Minute), 100, "grants"))
	require.ErrorIs(t, store.CreateGrant(ctx, grant), gatehouse.ErrConflict)
	require.Equal(t, []int64{1}, reapAll(t, store, start.Add(time.Hour), 100, "grants"))
}

func reapRace(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	pair := NewPair(t, nodes[0])
	for range 60 {
		require.NoError(t, nodes[0].CreateGrant(ctx, pair.NewGrant(start)))
	}
	for _, err := range race(8, func(i int) error {
		_, err := nodes[i%2].Reap(ctx, start.Add(2*time.Hour), 10)
		return err
	}) {
		require.NoError(t, err)
	}
	reapAll(t, nodes[0], start.Add(2*time.Hour), 10, "grants")
	require.Zero(t, d.count("grants"))
}

func clocksAgree(t *testing.T, d *database) {
	ahead, err := d.node().ClockAhead(context.Background())
	require.NoError(t, err)
	require.Less(t, ahead.Abs(), time.Minute, "the database is on this machine")
}
