package audit

import (
	"context"
	"log/slog"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// Recorder keeps events.
type Recorder interface {
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error
}

// Trail records what happened. It is not allowed to stop it: an event that
// cannot be written goes to the log of the process instead, with everything that
// it would have said.
type Trail struct {
	recorder Recorder
	log      *slog.Logger
}

// NewTrail returns a Trail.
func NewTrail(recorder Recorder, log *slog.Logger) Trail { return Trail{recorder, log} }

// Record fills in id, time, address and request id, and that it succeeded unless
// the event says else.
func (t Trail) Record(ctx context.Context, e gatehouse.AuditEvent) {
	e.ID, e.At, e.RequestID = gatehouse.NewID(), time.Now(), web.RequestID(ctx)
	if e.IP == "" {
		e.IP = web.ClientIP(ctx)
	}
	if e.Outcome == "" {
		e.Outcome = gatehouse.OutcomeSuccess
	}
	// Somebody who hangs up must not keep what they did out of the trail.
	writing, done := web.Outlive(ctx)
	defer done()
	if err := t.recorder.RecordAuditEvent(writing, e); err != nil {
		t.log.ErrorContext(ctx, "audit event not written", "error", err, "event", e.Event, "outcome", e.Outcome,
			"actor_id", e.ActorID, "target_id", e.TargetID, "detail", e.Detail, "ip", e.IP, "request_id", e.RequestID)
	}
}
