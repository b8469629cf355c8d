package storage

import (
	"context"

	"gatehouse"
)

// maxAuditDetail bounds AuditEvent.Detail in bytes; the other members have 128.
const maxAuditDetail = 512

// RecordAuditEvent writes down that something happened. An event without an id
// gets one; what is too long is cut.
func (s *Store) RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error {
	if e.ID == "" {
		e.ID = gatehouse.NewID()
	}
	row := auditRow{
		ID: e.ID, At: millis(e.At), ActorID: cut(e.ActorID, 128), Event: cut(e.Event, 128), TargetID: cut(e.TargetID, 128),
		Detail: cut(e.Detail, maxAuditDetail), IP: cut(e.IP, 128), Outcome: cut(e.Outcome, 128), RequestID: cut(e.RequestID, 128),
	}
	return s.fail("record audit event", s.write(ctx).Create(&row).Error)
}

// AuditEvents lists what happened, newest first: the first page if beforeID is
// empty, else what came before the event with that id. An event that is not
// there any more has nothing before it.
func (s *Store) AuditEvents(ctx context.Context, beforeID string, limit int) ([]gatehouse.AuditEvent, error) {
	query := s.read(ctx).Order("at DESC, id DESC").Limit(limit)
	if beforeID != "" {
		query = query.Where("(at, id) < (SELECT at, id FROM audit_events WHERE id = ?)", text(beforeID))
	}
	var rows []auditRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, s.fail("list audit events", err)
	}
	events := make([]gatehouse.AuditEvent, len(rows))
	for i := range rows {
		events[i] = rows[i].event()
	}
	return events, nil
}
