package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func budgetCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a budget is used up, and comes back":          budgetComesBack,
		"nodes share a budget":                         budgetIsShared,
		"all budgets are taken from, or none":          budgetsTogether,
		"tries are taken, returned and reaped at once": budgetRace,
		"a try that is returned costs nothing":         budgetReturned,
		"clocks that are apart add nothing up":         budgetOfTwoClocks,
		"a clock that was ahead keeps nobody out":      budgetFromTheFuture,
		"a budget that is whole is reaped, no other":   budgetsReaped,
	}
}

var someBudget = gatehouse.RateLimit{ID: "some", Burst: 5, Refill: 30 * time.Second}

// takeAll takes what there is, and says how much that was.
func takeAll(t *testing.T, store *storage.Store, now time.Time, limits ...gatehouse.RateLimit) (tries int) {
	t.Helper()
	for {
		wait, err := store.TakeAttempt(context.Background(), now, limits...)
		require.NoError(t, err)
		if wait > 0 {
			return tries
		}
		tries++
	}
}

func budgetComesBack(t *testing.T, d *database) {
	store := d.node()
	require.Equal(t, 5, takeAll(t, store, start, someBudget))
	wait, err := store.TakeAttempt(context.Background(), start, someBudget)
	require.NoError(t, err)
	require.Equal(t, 30*time.Second, wait)
	require.Zero(t, takeAll(t, store, start.Add(wait-time.Millisecond), someBudget))
	require.Equal(t, 1, takeAll(t, store, start.Add(wait), someBudget), "what was said is true")
	require.Equal(t, 2, takeAll(t, store, start.Add(wait+60*time.Second), someBudget))
	require.Equal(t, 5, takeAll(t, store, start.Add(time.Hour), someBudget), "it never grows beyond its size")
	other := someBudget
	other.ID = "other"
	require.Equal(t, 5, takeAll(t, store, start, other))
}

func budgetIsShared(t *testing.T, d *database) {
	nodes := d.nodes()
	errSpent := errors.New("spent")
	results := race(40, func(i int) error {
		wait, err := nodes[i%2].TakeAttempt(context.Background(), start, someBudget)
		if err == nil && wait > 0 {
			return errSpent
		}
		return err
	})
	requireNilOr(t, results, errSpent)
	taken := 0
	for _, err := range results {
		if err == nil {
			taken++
		}
	}
	require.Equal(t, 5, taken)
	require.Zero(t, takeAll(t, nodes[0], start, someBudget))
}

func budgetsTogether(t *testing.T, d *database) {
	store := d.node()
	wide := gatehouse.RateLimit{ID: "wide", Burst: 8, Refill: time.Second}
	require.Equal(t, 5, takeAll(t, store, start, wide, someBudget))
	wait, err := store.TakeAttempt(context.Background(), start, wide, someBudget)
	require.NoError(t, err)
	require.Equal(t, 30*time.Second, wait, "the longest")
	require.Equal(t, 3, takeAll(t, store, start, wide), "who was refused took nothing")
	spent := gatehouse.RateLimit{ID: "wide", Burst: 1, Refill: time.Second}
	wait, err = store.TakeAttempt(context.Background(), start, spent, gatehouse.RateLimit{ID: "new", Burst: 1, Refill: time.Second})
	require.NoError(t, err)
	require.Equal(t, 8*time.Second, wait, "whichever it is")
	nodes := d.nodes()
	for _, err := range race(20, func(i int) error {
		_, err := nodes[i%2].TakeAttempt(context.Background(), start.Add(time.Hour), wide, someBudget)
		return err
	}) {
		require.NoError(t, err)
	}
	require.Equal(t, 3, takeAll(t, store, start.Add(time.Hour), wide), "nor did who came second in a race")
}

func budgetReturned(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	for range 20 {
		wait, err := store.TakeAttempt(ctx, start, someBudget)
		require.NoError(t, err)
		require.Zero(t, wait)
		require.NoError(t, store.ReturnAttempt(ctx, someBudget))
	}
	require.Equal(t, 5, takeAll(t, store, start, someBudget))

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
	require.Equal(t, 5, takeAll(t, store, start.Add(50*time.Second), later), "what time has paid off is not paid back again")
	require.NoError(t, store.ReturnAttempt(ctx, gatehouse.RateLimit{ID: "unknown", Burst: 1, Refill: time.Second}))
}

// A storm of sign-ins from one address, while the nodes reap.
func budgetRace(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for _, err := range race(40, func(i int) error {
		everybody := gatehouse.RateLimit{ID: "everybody", Burst: 1000, Refill: time.Second}
		person := gatehouse.RateLimit{ID: "person" + string(rune('a'+i%4)), Burst: 1000, Refill: time.Second}
		for range 10 {
			if i < 2 {
				if _, err := nodes[i].Reap(ctx, start.Add(time.Hour), 100); err != nil {
					return err
				}
				continue
			}
			if wait, err := nodes[i%2].TakeAttempt(ctx, start, everybody, person); err != nil || wait > 0 {
				return errors.Join(err, errors.New("refused"))
			}
			if err := nodes[i%2].ReturnAttempt(ctx, everybody, person); err != nil {
				return err
			}
		}
		return nil
	}) {
		require.NoError(t, err)
	}
}

func budgetOfTwoClocks(t *testing.T, d *database) {
	ahead, behind := d.node(), d.node()
	const apart = 4 * time.Minute
	taken := 0
	for n := range 20 { // seconds, at one node after the other
		store, now := behind, start.Add(time.Duration(n)*time.Second)
		if n%2 == 0 {
			store, now = ahead, now.Add(apart)
		}
		wait, err := store.TakeAttempt(context.Background(), now, someBudget)
		require.NoError(t, err)
		if wait == 0 {
			taken++
		}
	}
	require.Equal(t, 5, taken)
	wait, err := behind.TakeAttempt(context.Background(), start.Add(time.Minute), someBudget)
	require.NoError(t, err)
	require.Zero(t, takeAll(t, behind, start.Add(time.Minute+wait-time.Millisecond), someBudget))
	require.Equal(t, 1, takeAll(t, behind, start.Add(time.Minute+wait), someBudget), "what was said is true")

	other := gatehouse.RateLimit{ID: "other", Burst: 5, Refill: 30 * time.Second}
	wait, err = ahead.TakeAttempt(context.Background(), start.Add(apart), other)
	require.NoError(t, err)
	require.Zero(t, wait)
	require.Equal(t, 4, takeAll(t, behind, start, other), "what is left does not depend on the time")
}

func budgetFromTheFuture(t *testing.T, d *database) {
	store := d.node()
	require.Equal(t, 5, takeAll(t, store, start.Add(24*time.Hour), someBudget))
	require.Equal(t, 5, takeAll(t, store, start, someBudget))
	require.Zero(t, takeAll(t, store, start.Add(29*time.Second), someBudget))
	require.Equal(t, 1, takeAll(t, store, start.Add(30*time.Second), someBudget))
}

func budgetsReaped(t *testing.T, d *database) {
	store := d.node()
	takeAll(t, store, start, someBudget)
	require.Empty(t, reapAll(t, store, start.Add(150*time.Second-time.Millisecond), 100, "budgets"))
	require.Equal(t, []int64{1}, reapAll(t, store, start.Add(150*time.Second), 100, "budgets"))
	require.Equal(t, 5, takeAll(t, store, start.Add(150*time.Second), someBudget))
}
