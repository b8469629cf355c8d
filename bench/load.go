package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// call is one measured call.
type call func(ctx context.Context) error

// result is what a run measured.
type result struct {
	took    []time.Duration // of each call that succeeded, sorted
	failed  int
	err     error // the first failure
	elapsed time.Duration
}

func (r result) perSecond() float64 { return float64(len(r.took)) / r.elapsed.Seconds() }

func (r result) quantile(q float64) time.Duration {
	if len(r.took) == 0 {
		return 0
	}
	return r.took[min(int(q*float64(len(r.took))), len(r.took)-1)].Round(10 * time.Microsecond)
}

// load makes calls with n workers for the duration. Each worker prepares its own
// call, so that what it keeps (a chain of refresh tokens) is its own.
func load(ctx context.Context, n int, d time.Duration, prepare func(ctx context.Context) (call, error)) result {
	var (
		mu  sync.Mutex
		all result
		wg  sync.WaitGroup
	)
	calls := make([]call, 0, n)
	for range n {
		c, err := prepare(ctx)
		if err != nil {
			return result{failed: 1, err: err, elapsed: d}
		}
		calls = append(calls, c)
	}
	begin := time.Now()
	for _, c := range calls {
		wg.Go(func() {
			var mine result
			for time.Since(begin) < d && ctx.Err() == nil {
				start := time.Now()
				if err := c(ctx); err != nil {
					mine.failed++
					if mine.err == nil {
						mine.err = err
					}
					continue
				}
				mine.took = append(mine.took, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all.took = append(all.took, mine.took...)
			all.failed += mine.failed
			if all.err == nil {
				all.err = mine.err
			}
		})
	}
	wg.Wait()
	all.elapsed = time.Since(begin)
	slices.Sort(all.took)
	return all
}
