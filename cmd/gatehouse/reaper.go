package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	reapInterval = 5 * time.Minute
	reapBatch    = 500
)

// reaper deletes what nobody needs any more; *storage.Store satisfies it.
type reaper interface {
	Reap(ctx context.Context, now time.Time, limit int) (map[string]int64, error)
}

// reapForever keeps the database as large as what is alive, until ctx ends. Any
// number of nodes may do so at once. The first round comes after a part of the
// interval, so that nodes that start together do not all reap together.
func reapForever(ctx context.Context, store reaper, observe observeReaped, log *slog.Logger) {
	wait := rand.N(reapInterval) //nolint:gosec // not a secret
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		reapAll(ctx, store, observe, log)
		wait = reapInterval*9/10 + rand.N(reapInterval/5) //nolint:gosec // not a secret
	}
}

// observeReaped is told of each round that was not cut short by ctx.
type observeReaped func(rows map[string]int64, at time.Time, err error)

// reapAll goes on in small batches until nothing is left.
func reapAll(ctx context.Context, store reaper, observe observeReaped, log *slog.Logger) {
	total := map[string]int64{}
	for more := true; more && ctx.Err() == nil; {
		reaped, err := store.Reap(ctx, time.Now(), reapBatch)
		if err != nil {
			if ctx.Err() == nil {
				observe(total, time.Now(), err)
				log.WarnContext(ctx, "expired rows were not deleted; trying again later", "error", err)
			}
			return
		}
		more = false
		for table, n := range reaped {
			total[table] += n
			more = more || n >= reapBatch
		}
	}
	observe(total, time.Now(), nil)
	for table, n := range total {
		if n > 0 {
			log.DebugContext(ctx, "deleted expired rows", "table", table, "rows", n)
		}
	}
}
