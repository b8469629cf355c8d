package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// call makes one call.
type call func(ctx context.Context) error

// result has the measurements of a run.
type result struct {
	took    []time.Duration // the duration of each successful call, sorted
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

// load makes calls with n workers for the duration. Each worker prepares its own call,
// because a call can have state, such as the last refresh token.
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
			var own result
			for time.Since(begin) < d && ctx.Err() == nil {
				start := time.Now()
				if err := c(ctx); err != nil {
					own.failed++
					if own.err == nil {
						own.err = err
					}
					continue
				}
				own.took = append(own.took, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all.took = append(all.took, own.took...)
			all.failed += own.failed
			if all.err == nil {
				all.err = own.err
			}
		})
	}
	wg.Wait()
	all.elapsed = time.Since(begin)
	slices.Sort(all.took)
	return all
}
