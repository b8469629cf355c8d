package storage

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func constant(v string) func() (string, error) { return func() (string, error) { return v, nil } }

func TestAValueIsCachedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache[string](8)
		get := func(now string) string {
			v, err := c.get("key", constant(now))
			require.NoError(t, err)
			return v
		}
		require.Equal(t, "old", get("old"))
		time.Sleep(cacheTTL - time.Nanosecond)
		require.Equal(t, "old", get("new"))
		time.Sleep(time.Nanosecond)
		require.Equal(t, "new", get("new"))
	})
}

// The second counts from before the read: the result of a slow read is as old as its snapshot.
func TestASlowReadIsNotCachedLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache[string](8)
		v, err := c.get("key", func() (string, error) { time.Sleep(cacheTTL); return "old", nil })
		require.NoError(t, err)
		require.Equal(t, "old", v)
		v, err = c.get("key", constant("new"))
		require.NoError(t, err)
		require.Equal(t, "new", v)
	})
}

// Attack: request an app again and again while it is changed, so that a read that began
// before the change stores the old redirect URIs after it.
func TestAReadThatBeganBeforeAChangeIsNotCached(t *testing.T) {
	c := newCache[string](8)
	v, err := c.get("key", func() (string, error) {
		c.invalidate("key") // the change is committed and announced during the read
		return "old", nil
	})
	require.NoError(t, err)
	require.Equal(t, "old", v, "a request from before the change may get the old value")
	v, err = c.get("key", constant("new"))
	require.NoError(t, err)
	require.Equal(t, "new", v)
}

func TestErrorsAreNotCached(t *testing.T) {
	c := newCache[string](8)
	lost := errors.New("lost")
	_, err := c.get("key", func() (string, error) { return "", lost })
	require.ErrorIs(t, err, lost)
	v, err := c.get("key", constant("found"))
	require.NoError(t, err)
	require.Equal(t, "found", v)
}

// Attack: request many ids to fill the memory. (Only apps that exist are cached, so the
// attacker would also have to register them.)
func TestACacheIsBounded(t *testing.T) {
	c := newCache[int](8)
	for i := range 100 {
		v, err := c.get(strconv.Itoa(i), func() (int, error) { return i, nil })
		require.NoError(t, err)
		require.Equal(t, i, v)
		require.LessOrEqual(t, len(c.entries), 8)
	}
}

func TestACacheIsSafeForConcurrentUse(t *testing.T) {
	c := newCache[int](4)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := range 200 {
				key := strconv.Itoa(n % 6)
				if i%4 == 0 {
					c.invalidate(key)
				}
				if _, err := c.get(key, func() (int, error) { return n % 6, nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
