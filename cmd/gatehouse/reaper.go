package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"gatehouse/server"
)

const (
	reapInterval = 5 * time.Minute
	reapBatch    = 500
)

// reaper deletes what nobody needs any more; *storage.Store satisfies it.
type reaper interface {
	Reap(ctx context.Context, now time.Time, limit int) (map[string]int64, error)
	ClockAhead(ctx context.Context) (time.Duration, error)
}

// reapObserver is told of the rounds; *server.Metrics satisfies it.
type reapObserver interface {
	// Reaped is told of each round that was not cut short by the end.
	Reaped(rows map[string]int64, at time.Time, outcome server.ReapOutcome)
	ClockAhead(by time.Duration)
}

// reapForever keeps the database as large as what is alive, until ctx ends. Any
// number of nodes may do so at once. The first round comes after a part of the
// interval, so that nodes that start together do not all reap together.
func reapForever(ctx context.Context, store reaper, observe reapObserver, log *slog.Logger) {
	clock := startReapClock(log)
	wait := rand.N(reapInterval) //nolint:gosec // not a secret
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		reapAll(ctx, store, clock, observe, log)
		wait = reapInterval*9/10 + rand.N(reapInterval/5) //nolint:gosec // not a secret
	}
}

// reapAll goes on in small batches until nothing is left.
func reapAll(ctx context.Context, store reaper, clock *reapClock, observe reapObserver, log *slog.Logger) {
	rows, outcome, err := reapRound(ctx, store, clock, observe)
	if err != nil && ctx.Err() != nil {
		return
	}
	observe.Reaped(rows, time.Now(), outcome)
	if err != nil {
		log.WarnContext(ctx, "expired rows were not deleted; trying again later", "error", err)
	}
	for table, n := range rows {
		if n > 0 {
			log.DebugContext(ctx, "deleted expired rows", "table", table, "rows", n)
		}
	}
}

func reapRound(ctx context.Context, store reaper, clock *reapClock, observe reapObserver) (rows map[string]int64, outcome server.ReapOutcome, err error) {
	rows = map[string]int64{}
	ahead, err := store.ClockAhead(ctx)
	if err != nil {
		return rows, server.ReapFailed, err
	}
	observe.ClockAhead(ahead)
	clock.compare(ahead)
	for more := true; more && ctx.Err() == nil; {
		now, ok := clock.now(ahead)
		if !ok {
			return rows, server.ReapPaused, nil
		}
		reaped, err := store.Reap(ctx, now, reapBatch)
		if err != nil {
			return rows, server.ReapFailed, err
		}
		more = false
		for table, n := range reaped {
			rows[table] += n
			more = more || n >= reapBatch
		}
	}
	return rows, server.ReapDone, nil
}
