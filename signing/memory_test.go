package signing_test

import (
	"context"
	"slices"
	"sync"

	"gatehouse"
)

// memory is a store for tests with a fake time, where a real database would stop the
// clock. The other tests use real databases, and so check its rules.
type memory struct {
	mu     sync.Mutex
	keys   []gatehouse.SigningKey
	events []gatehouse.AuditEvent
}

func (m *memory) SigningKeys(context.Context) ([]gatehouse.SigningKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.keys), nil
}

func (m *memory) ChangeSigningKeys(_ context.Context, added []gatehouse.SigningKey, changed []gatehouse.SigningKeyChange, removed []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := slices.Clone(m.keys)
	for _, k := range added {
		if slices.ContainsFunc(after, func(o gatehouse.SigningKey) bool { return o.Algorithm == k.Algorithm && o.Number == k.Number }) {
			return gatehouse.ErrConflict
		}
		after = append(after, k)
	}
	for _, c := range changed {
		i := slices.Index(after, c.Before)
		if i < 0 {
			return gatehouse.ErrConflict
		}
		after[i] = c.After
	}
	for _, id := range removed {
		i := slices.IndexFunc(after, func(o gatehouse.SigningKey) bool { return o.ID == id })
		if i < 0 {
			return gatehouse.ErrConflict
		}
		after = slices.Delete(after, i, i+1)
	}
	m.keys = after
	return nil
}

func (m *memory) RecordAuditEvent(_ context.Context, e gatehouse.AuditEvent, _ ...gatehouse.RateLimit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
	return nil
}

func (m *memory) recorded(event string) (ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.Event == event {
			ids = append(ids, e.TargetID)
		}
	}
	return ids
}
