package storagetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func rateLimitCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a rate limit is used up and refills":                      rateLimitRefills,
		"nodes share a rate limit":                                 rateLimitIsShared,
		"an attempt is taken from all rate limits or from none":    rateLimitsTogether,
		"attempts are taken, returned and reaped at the same time": rateLimitRace,
		"an attempt that is returned costs nothing":                attemptReturned,
		"asking how long to wait takes nothing":                    untilAttempt,
		"clocks that differ do not add attempts":                   rateLimitOfTwoClocks,
		"a clock that was ahead does not lock users out":           rateLimitFromTheFuture,
		"only rate limits that are full again are reaped":          rateLimitsReaped,
		"rate limits survive the migration from budgets":           rateLimitsMigrated,
	}
}

// testLimit allows 5 attempts immediately and is full again after 150 seconds.
var testLimit = gatehouse.RateLimit{ID: "test", Burst: 5, Refill: 30 * time.Second}

// takeAll takes attempts until one is refused, and returns how many it got.
func takeAll(t *testing.T, store *storage.Store, now time.Time, limits ...gatehouse.RateLimit) (attempts int) {
	t.Helper()
	for {
		wait, err := store.TakeAttempt(context.Background(), now, limits...)
		require.NoError(t, err)
		if wait > 0 {
			return attempts
		}
		attempts++
	}
}

func rateLimitRefills(t *testing.T, d *database) {
	store := d.node()
	require.Equal(t, 5, takeAll(t, store, start, testLimit))
	wait, err := store.TakeAttempt(context.Background(), start, testLimit)
	require.NoError(t, err)
	require.Equal(t, 30*time.Second, wait)
	require.Zero(t, takeAll(t, store, start.Add(wait-time.Millisecond), testLimit))
	require.Equal(t, 1, takeAll(t, store, start.Add(wait), testLimit), "the wait was right")
	require.Equal(t, 2, takeAll(t, store, start.Add(wait+60*time.Second), testLimit))
	require.Equal(t, 5, takeAll(t, store, start.Add(time.Hour), testLimit), "it never grows beyond its burst")
	other := testLimit
	other.ID = "other"
	require.Equal(t, 5, takeAll(t, store, start, other))
}

func rateLimitIsShared(t *testing.T, d *database) {
	nodes := d.nodes()
	errRefused := errors.New("refused")
	results := race(40, func(i int) error {
		wait, err := nodes[i%2].TakeAttempt(context.Background(), start, testLimit)
		if err == nil && wait > 0 {
			return errRefused
		}
		return err
	})
	requireNilOr(t, results, errRefused)
	taken := 0
	for _, err := range results {
		if err == nil {
			taken++
		}
	}
	require.Equal(t, 5, taken)
	require.Zero(t, takeAll(t, nodes[0], start, testLimit))
}

func rateLimitsTogether(t *testing.T, d *database) {
	store := d.node()
	wide := gatehouse.RateLimit{ID: "wide", Burst: 8, Refill: time.Second}
	require.Equal(t, 5, takeAll(t, store, start, wide, testLimit))
	wait, err := store.TakeAttempt(context.Background(), start, wide, testLimit)
	require.NoError(t, err)
	require.Equal(t, 30*time.Second, wait, "the longest wait")
	require.Equal(t, 3, takeAll(t, store, start, wide), "a refused attempt takes nothing")
	narrow := gatehouse.RateLimit{ID: "wide", Burst: 1, Refill: time.Second}
	wait, err = store.TakeAttempt(context.Background(), start, narrow, gatehouse.RateLimit{ID: "new", Burst: 1, Refill: time.Second})
	require.NoError(t, err)
	require.Equal(t, 8*time.Second, wait, "the longest wait, in any order")
	nodes := d.nodes()
	for _, err := range race(20, func(i int) error {
		_, err := nodes[i%2].TakeAttempt(context.Background(), start.Add(time.Hour), wide, testLimit)
		return err
	}) {
		require.NoError(t, err)
	}
	require.Equal(t, 3, takeAll(t, store, start.Add(time.Hour), wide), "an attempt that loses a race takes nothing")
}

func attemptReturned(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	for range 20 {
		wait, err := store.TakeAttempt(ctx, start, testLimit)
		require.NoError(t, err)
		require.Zero(t, wait)
		require.NoError(t, store.ReturnAttempt(ctx, testLimit))
	}
	require.Equal(t, 5, takeAll(t, store, start, testLimit))

	later := gatehouse.RateLimit{ID: "later", Burst: 5, Refill: 30 * time.Second}
	for range 2 {
		_, err := store.TakeAttempt(ctx, start, later)
		require.NoError(t, err)
	}
	_, err := store.TakeAttempt(ctx, start.Add(50*time.Second), later)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, store.ReturnAttempt(ctx, later))
	}
	require.Equal(t, 5, takeAll(t, store, start.Add(50*time.Second), later), "attempts that time has refilled are not returned again")
	require.NoError(t, store.ReturnAttempt(ctx, gatehouse.RateLimit{ID: "unknown", Burst: 1, Refill: time.Second}))
}

// Many sign-ins come from one address while the nodes reap. The lock of a SQLite file is
// not fair: on a busy machine, a node may wait for longer than its limit, and tries again.
func rateLimitRace(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	patiently := func(call func() error) error {
		for {
			if err := call(); !strings.HasPrefix(d.url, "sqlite:") || !errors.Is(err, gatehouse.ErrUnavailable) {
				return err
			}
		}
	}
	for _, err := range race(40, func(i int) error {
		address := gatehouse.RateLimit{ID: "address", Burst: 1000, Refill: time.Second}
		user := gatehouse.RateLimit{ID: "user" + string(rune('a'+i%4)), Burst: 1000, Refill: time.Second}
		for range 10 {
			if i < 2 {
				if err := patiently(func() error { _, err := nodes[i].Reap(ctx, start.Add(time.Hour), 100); return err }); err != nil {
					return err
				}
				continue
			}
			if err := patiently(func() error {
				wait, err := nodes[i%2].TakeAttempt(ctx, start, address, user)
				if err == nil && wait > 0 {
					err = errors.New("refused")
				}
				return err
			}); err != nil {
				return err
			}
			if err := patiently(func() error { return nodes[i%2].ReturnAttempt(ctx, address, user) }); err != nil {
				return err
			}
		}
		return nil
	}) {
		require.NoError(t, err)
	}
}

func rateLimitOfTwoClocks(t *testing.T, d *database) {
	ahead, behind := d.node(), d.node()
	const apart = 4 * time.Minute
	taken := 0
	for n := range 20 { // one attempt each second, at one node after the other
		store, now := behind, start.Add(time.Duration(n)*time.Second)
		if n%2 == 0 {
			store, now = ahead, now.Add(apart)
		}
		wait, err := store.TakeAttempt(context.Background(), now, testLimit)
		require.NoError(t, err)
		if wait == 0 {
			taken++
		}
	}
	require.Equal(t, 5, taken)
	wait, err := behind.TakeAttempt(context.Background(), start.Add(time.Minute), testLimit)
	require.NoError(t, err)
	require.Zero(t, takeAll(t, behind, start.Add(time.Minute+wait-time.Millisecond), testLimit))
	require.Equal(t, 1, takeAll(t, behind, start.Add(time.Minute+wait), testLimit), "the wait was right")

	other := gatehouse.RateLimit{ID: "other", Burst: 5, Refill: 30 * time.Second}
	wait, err = ahead.TakeAttempt(context.Background(), start.Add(apart), other)
	require.NoError(t, err)
	require.Zero(t, wait)
	require.Equal(t, 4, takeAll(t, behind, start, other), "the attempts that are left do not depend on the clock")
}

func rateLimitFromTheFuture(t *testing.T, d *database) {
	store := d.node()
	require.Equal(t, 5, takeAll(t, store, start.Add(24*time.Hour), testLimit))
	require.Equal(t, 5, takeAll(t, store, start, testLimit))
	require.Zero(t, takeAll(t, store, start.Add(29*time.Second), testLimit))
	require.Equal(t, 1, takeAll(t, store, start.Add(30*time.Second), testLimit))
}

func rateLimitsReaped(t *testing.T, d *database) {
	store := d.node()
	takeAll(t, store, start, testLimit)
	require.Empty(t, reapAll(t, store, start.Add(150*time.Second-time.Millisecond), 100, "rate_limits"))
	require.Equal(t, []int64{1}, reapAll(t, store, start.Add(150*time.Second), 100, "rate_limits"))
	require.Equal(t, 5, takeAll(t, store, start.Add(150*time.Second), testLimit))
}

// The version before this one kept rate limits in the table budgets. Its nodes still
// use that table after another node has migrated the database.
func rateLimitsMigrated(t *testing.T, d *database) {
	ctx, store := context.Background(), unmigrated(t, d)
	require.NoError(t, store.MigrateUp(ctx))
	for { // back to the schema with the table budgets only
		status, err := store.MigrationStatus(ctx)
		require.NoError(t, err)
		if status[2].Applied.IsZero() {
			break
		}
		require.NoError(t, store.MigrateDown(ctx))
	}
	old := d.sql()
	exec := func(statement string) {
		_, err := old.ExecContext(ctx, statement)
		require.NoError(t, err)
	}
	exec(fmt.Sprintf("INSERT INTO budgets (id, debt, at) VALUES ('test', 120000, %d)", start.UnixMilli()))
	require.NoError(t, store.MigrateUp(ctx))
	require.Equal(t, 1, takeAll(t, store, start, testLimit), "four attempts were taken before")
	exec(fmt.Sprintf("UPDATE budgets SET debt = debt + 30000, at = %d WHERE id = 'test'", start.UnixMilli()))
}

func untilAttempt(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	month := gatehouse.RateLimit{ID: gatehouse.NewID(), Burst: 1, Refill: 30 * 24 * time.Hour}
	for range 3 {
		wait, err := store.UntilAttempt(ctx, start, month)
		require.NoError(t, err)
		require.Zero(t, wait)
	}
	_, err := store.TakeAttempt(ctx, start, month)
	require.NoError(t, err)
	for range 3 {
		wait, err := store.UntilAttempt(ctx, start.Add(24*time.Hour), month)
		require.NoError(t, err)
		require.Equal(t, 29*24*time.Hour, wait)
	}
	wait, err := store.UntilAttempt(ctx, start.Add(month.Refill), month)
	require.NoError(t, err)
	require.Zero(t, wait)
}
