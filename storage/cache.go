package storage

import (
	"sync"
	"time"
)

// cacheTTL is how long an app or the settings may be out of date on a node that did
// not change them.
const cacheTTL = time.Second

// cache keeps values for at most cacheTTL after they were read. It has a limited size
// and is safe for concurrent use.
//
// A read that began before a change must not store the old value after the change was
// announced. So each read remembers the epoch, and its result is not stored if any key
// was invalidated in the meantime:
//
//	reader: epoch 7 ── SELECT (old) ───────────────▶ put at epoch 7: dropped
//	writer:              UPDATE, COMMIT, invalidate: epoch 8
type cache[V any] struct {
	limit int

	mu      sync.Mutex
	epoch   uint64
	entries map[string]cached[V]
}

type cached[V any] struct {
	value V
	until time.Time
}

func newCache[V any](limit int) *cache[V] {
	return &cache[V]{limit: limit, entries: make(map[string]cached[V])}
}

// get returns the cached value, or what read returns. Errors are not cached.
func (c *cache[V]) get(key string, read func() (V, error)) (V, error) {
	now := time.Now() // before the read: the value is at least this old
	c.mu.Lock()
	entry, ok := c.entries[key]
	epoch := c.epoch
	c.mu.Unlock()
	if ok && now.Before(entry.until) {
		return entry.value, nil
	}
	value, err := read()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch == epoch {
		if len(c.entries) >= c.limit {
			clear(c.entries) // All are at most a second old, so it does not matter which ones stay.
		}
		c.entries[key] = cached[V]{value: value, until: now.Add(cacheTTL)}
	}
	return value, nil
}

// invalidate removes a key, and the result of each read that is in progress. Call it
// after a change was committed, and also if it is unknown whether it was.
func (c *cache[V]) invalidate(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	delete(c.entries, key)
}
