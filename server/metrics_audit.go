package server

import (
	"context"

	"gatehouse"
)

// auditedStore counts the audit events on their way into the store.
type auditedStore struct {
	Store
	metrics *Metrics
}

// counted is the store as all parts get it.
func (m *Metrics) counted(s Store) Store {
	if m == nil {
		return s
	}
	return auditedStore{s, m}
}

func (s auditedStore) RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error {
	err := s.Store.RecordAuditEvent(ctx, e)
	if err == nil {
		s.metrics.auditEvents.WithLabelValues(e.Event, e.Outcome).Inc()
	}
	return err
}
