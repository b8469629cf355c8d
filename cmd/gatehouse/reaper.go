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

	// clockJump is more than the small corrections that NTP makes all the time.
	clockJump = 30 * time.Second
	// clockPause is how long nothing is deleted after the clock was set. If it was set
	// wrongly, the operator has this time to correct it.
	clockPause = 15 * time.Minute
	// clockWarning is the difference between the node's clock and the database's at which
	// the log has a warning.
	clockWarning = 5 * time.Second
)

// reaperStore is what the reaper uses of *storage.Store.
type reaperStore interface {
	Reap(ctx context.Context, now time.Time, limit int) (map[string]int64, error)
	ClockAhead(ctx context.Context) (time.Duration, error)
}

type reaperConfig struct {
	Store   reaperStore
	Metrics *server.Metrics
	Log     *slog.Logger
}

// reaper deletes expired rows. Every node runs one.
type reaper struct {
	store   reaperStore
	metrics *server.Metrics
	log     *slog.Logger
	clock   reaperClock
}

func newReaper(c reaperConfig) *reaper {
	return &reaper{store: c.Store, metrics: c.Metrics, log: c.Log, clock: reaperClock{log: c.Log, started: time.Now()}}
}

// run reaps about every five minutes until ctx ends. The first wait is a random part of
// the interval, so that nodes that start together do not reap together.
func (r *reaper) run(ctx context.Context) {
	wait := rand.N(reapInterval) //nolint:gosec // not a secret
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		r.reap(ctx)
		wait = reapInterval*9/10 + rand.N(reapInterval/5) //nolint:gosec // not a secret
	}
}

// reap deletes the expired rows and reports the result to the metrics and the log. It
// reports no error if ctx ended, because then the gateway is stopping.
func (r *reaper) reap(ctx context.Context) {
	rows, outcome, err := r.deleteExpired(ctx)
	if err != nil && ctx.Err() != nil {
		return
	}
	r.metrics.Reaped(rows, time.Now(), outcome)
	if err != nil {
		r.log.WarnContext(ctx, "could not delete expired rows; the reaper will try again", "error", err)
	}
	for table, n := range rows {
		if n > 0 {
			r.log.DebugContext(ctx, "deleted expired rows", "table", table, "rows", n)
		}
	}
}

// deleteExpired deletes in small batches until a batch is not full, and returns the
// number of rows by table.
func (r *reaper) deleteExpired(ctx context.Context) (rows map[string]int64, outcome server.ReapOutcome, err error) {
	rows = map[string]int64{}
	ahead, err := r.store.ClockAhead(ctx)
	if err != nil {
		return rows, server.ReapFailed, err
	}
	r.metrics.ClockAhead(ahead)
	r.clock.compare(ahead)
	for more := true; more && ctx.Err() == nil; {
		now, ok := r.clock.now(ahead)
		if !ok {
			return rows, server.ReapPaused, nil
		}
		reaped, err := r.store.Reap(ctx, now, reapBatch)
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

// reaperClock decides the time by which rows have expired. While a clock is wrong, a
// valid token is refused only until the clock is right again, but a row that was deleted
// is lost.
type reaperClock struct {
	log     *slog.Logger
	started time.Time     // has a monotonic reading, which does not change if the clock is set
	offset  time.Duration // how far the clock was set since the start
	paused  time.Duration // nothing is deleted until this long after the start
}

// compare logs a warning if the node's clock and the database's clock differ.
func (c *reaperClock) compare(ahead time.Duration) {
	if ahead.Abs() >= clockWarning {
		c.log.Warn("the clocks of this node and of the database differ; set both with NTP", "ahead", ahead.String())
	}
}

// now returns the earlier of the node's time and the database's time. It is not ok
// for a while after the clock was set.
func (c *reaperClock) now(ahead time.Duration) (now time.Time, ok bool) {
	wall, up := time.Now().Round(0), time.Since(c.started)
	if !c.settled(wall.Sub(c.started.Round(0)), up) {
		return time.Time{}, false
	}
	return wall.Add(-max(ahead, 0)), true
}

// settled reports whether the clock was not set within clockPause. wall is the time since
// the start by the clock that can be set, and up the time since the start by the monotonic clock.
func (c *reaperClock) settled(wall, up time.Duration) bool {
	if offset := wall - up; (offset - c.offset).Abs() >= clockJump {
		c.log.Warn("the clock was set; expired rows are kept for a while, in case it was set wrongly", "by", (offset - c.offset).String(), "wait", clockPause.String())
		c.offset, c.paused = offset, up+clockPause
	}
	return up >= c.paused
}
