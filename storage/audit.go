package storage

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"gatehouse"
)

type auditRow struct {
	ID        string
	At        int64
	ActorID   string
	Event     string
	TargetID  string
	Detail    string
	IP        string `gorm:"column:ip"`
	Outcome   string
	RequestID string
}

func (auditRow) TableName() string { return "audit_events" }

func (r *auditRow) event() gatehouse.AuditEvent {
	return gatehouse.AuditEvent{
		ID: r.ID, At: fromMillis(r.At), ActorID: r.ActorID, Event: r.Event, TargetID: r.TargetID,
		Detail: r.Detail, IP: r.IP, Outcome: r.Outcome, RequestID: r.RequestID,
	}
}

// maxAuditDetail is the maximum length of AuditEvent.Detail in bytes; it is 128 for the
// other fields.
const maxAuditDetail = 512

// RecordAuditEvent stores an audit event. An event without an id gets one. Values that
// are too long are cut. It takes one attempt from each of the limits, in the same
// commit; if one has no attempt left, it stores nothing and returns ErrRateLimited.
func (s *Store) RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error {
	if e.ID == "" {
		e.ID = gatehouse.NewID()
	}
	row := auditRow{
		ID: e.ID, At: millis(e.At), ActorID: cut(e.ActorID, 128), Event: cut(e.Event, 128), TargetID: cut(e.TargetID, 128),
		Detail: cut(e.Detail, maxAuditDetail), IP: cut(e.IP, 128), Outcome: cut(e.Outcome, 128), RequestID: cut(e.RequestID, 128),
	}
	if len(limits) == 0 {
		return s.fail("record audit event", s.write(ctx).Create(&row).Error)
	}
	// The first look does not write, so that an event that is left out costs little.
	wait, err := s.untilAttempt(ctx, e.At, limits)
	if err == nil && wait > 0 {
		err = gatehouse.ErrRateLimited
	}
	if err != nil {
		return s.fail("record audit event", err)
	}
	err = s.transactAgain(ctx, func(tx *gorm.DB) error {
		if err := takeAttempts(tx, e.At, limits); err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
	if errors.Is(err, gatehouse.ErrNotFound) { // Other events took the last attempt since the look.
		err = gatehouse.ErrRateLimited
	}
	return s.fail("record audit event", err)
}

// AuditEvents lists audit events, the newest first: the first page if beforeID is
// empty, and otherwise the events before the one with that id. The list is empty if
// that event no longer exists.
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
