package account

import (
	"context"
	"log/slog"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// Auditor keeps the audit log.
type Auditor interface {
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error
}

// auditLog records what happens to people. It is not allowed to stop them: an
// event that cannot be written goes to the log of the process instead, with
// everything that it would have said.
type auditLog struct {
	auditor Auditor
	log     *slog.Logger
}

// record fills in id, time, request id and outcome (success unless it says else).
func (a auditLog) record(ctx context.Context, e gatehouse.AuditEvent) {
	e.ID, e.At, e.RequestID = gatehouse.NewID(), time.Now(), web.RequestID(ctx)
	if e.Outcome == "" {
		e.Outcome = gatehouse.OutcomeSuccess
	}
	// Somebody who hangs up must not keep what they did out of the log.
	if err := a.auditor.RecordAuditEvent(context.WithoutCancel(ctx), e); err != nil {
		a.log.ErrorContext(ctx, "audit event not written", "error", err, "event", e.Event, "outcome", e.Outcome,
			"actor_id", e.ActorID, "target_id", e.TargetID, "detail", e.Detail, "ip", e.IP, "request_id", e.RequestID)
	}
}
