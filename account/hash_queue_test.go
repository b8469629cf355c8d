package account_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/account"
	"gatehouse/internal/web"
)

// turnHasher returns a Hasher with one slot whose hashes take a second of the bubble.
func turnHasher(queue, clientQueue int, maxWait time.Duration) *account.Hasher {
	return account.NewHasher(cheap(account.HasherConfig{
		Concurrency: 1, Queue: queue, ClientQueue: clientQueue, MaxWait: maxWait, Observe: func(int) { time.Sleep(time.Second) },
	}))
}

// calls starts n calls from an address, in order, and counts how they end.
func calls(t *testing.T, h *account.Hasher, wg *sync.WaitGroup, ip string, n int) (done, busy *atomic.Int64) {
	t.Helper()
	done, busy = &atomic.Int64{}, &atomic.Int64{}
	ctx := web.WithClient(t.Context(), web.Client{IP: ip})
	for range n {
		wg.Go(func() {
			if _, err := h.Matches(ctx, "password", ""); err != nil {
				busy.Add(1)
				return
			}
			done.Add(1)
		})
		synctest.Wait()
	}
	return done, busy
}

func TestEachNetworkGetsItsTurnToHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := turnHasher(100, 50, time.Hour)
		var flood, honest sync.WaitGroup
		for i := range 3 {
			calls(t, h, &flood, fmt.Sprintf("192.0.2.%d", i), 30)
		}
		before := time.Now()
		done, busy := calls(t, h, &honest, "198.51.100.7", 1)
		honest.Wait()
		require.EqualValues(t, 1, done.Load())
		require.Zero(t, busy.Load())
		require.LessOrEqual(t, time.Since(before), 5*time.Second, "one round, and not the 89 s of the queue")
		flood.Wait()
	})
}

func TestNetworksOfAnAllocationShareTheirTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := turnHasher(100, 10, time.Hour)
		var flood, honest sync.WaitGroup
		first, _ := calls(t, h, &flood, "2001:db8:1::1", 1)
		var floodDone []*atomic.Int64
		for i := range 20 {
			done, _ := calls(t, h, &flood, fmt.Sprintf("2001:db8:1:%x::1", i), 1)
			floodDone = append(floodDone, done)
		}
		before := time.Now()
		calls(t, h, &honest, "198.51.100.7", 1)
		calls(t, h, &honest, "2001:db8:2::1", 1)
		honest.Wait()
		require.LessOrEqual(t, time.Since(before), 5*time.Second)
		flood.Wait()
		require.EqualValues(t, 1, first.Load())
		for i, done := range floodDone[:19] {
			require.EqualValues(t, 1, done.Load(), "network %d", i)
		}
	})
}

func TestFullQueueMakesPlaceForANetworkThatWaitsForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := turnHasher(10, 50, time.Hour)
		var wg sync.WaitGroup
		greedyDone, greedyBusy := calls(t, h, &wg, "192.0.2.1", 30)
		require.EqualValues(t, 19, greedyBusy.Load(), "one hashes and ten wait")
		honestDone, honestBusy := calls(t, h, &wg, "198.51.100.7", 2)
		otherDone, _ := calls(t, h, &wg, "198.51.100.8", 1)
		require.Zero(t, honestBusy.Load())
		require.EqualValues(t, 22, greedyBusy.Load(), "its newest calls made place")
		wg.Wait()
		require.EqualValues(t, 8, greedyDone.Load())
		require.EqualValues(t, 2, honestDone.Load())
		require.EqualValues(t, 1, otherDone.Load())
	})
}

func TestOneNetworkWaitsWithABoundedNumberOfCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := turnHasher(100, 5, time.Hour)
		var wg sync.WaitGroup
		_, busy := calls(t, h, &wg, "2001:db8:1:1::1", 20)
		require.EqualValues(t, 14, busy.Load(), "one hashes and five wait")
		_, busy = calls(t, h, &wg, "2001:db8:1:2::1", 20)
		require.EqualValues(t, 15, busy.Load())
		_, busy = calls(t, h, &wg, "2001:db8:1:3::1", 20)
		require.EqualValues(t, 20, busy.Load(), "the allocation has ten places")
		_, busy = calls(t, h, &wg, "2001:db8:2:1::1", 1)
		require.Zero(t, busy.Load())
		wg.Wait()
	})
}

// TestQueueLosesNoSlot: calls that end, are refused, wait too long and are cancelled race
// with each other.
func TestQueueLosesNoSlot(t *testing.T) {
	var most, running atomic.Int64
	h := account.NewHasher(cheap(account.HasherConfig{Concurrency: 2, Queue: 20, ClientQueue: 8, MaxWait: 2 * time.Millisecond, Observe: func(int) {
		most.Store(max(most.Load(), running.Add(1)))
		time.Sleep(50 * time.Microsecond)
		running.Add(-1)
	}}))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			ctx := web.WithClient(context.Background(), web.Client{IP: fmt.Sprintf("2001:db8:%x:%x::1", i%3, i%7)})
			for n := range 40 {
				limited, cancel := context.WithTimeout(ctx, time.Duration(n%5)*300*time.Microsecond)
				_, _ = h.Matches(limited, "password", "")
				cancel()
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int64(2))
	for range 2 {
		wg.Go(func() {
			if _, err := h.Matches(context.Background(), "password", ""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
