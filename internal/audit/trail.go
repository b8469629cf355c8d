package audit

import (
	"context"
	"log/slog"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// Recorder stores events.
type Recorder interface {
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error
}

// Trail records events. A failure to store an event does not make the action fail: the
// event is then logged, with all its fields.
type Trail struct {
	recorder Recorder
	log      *slog.Logger
}

// NewTrail returns a Trail.
func NewTrail(recorder Recorder, log *slog.Logger) Trail { return Trail{recorder, log} }

// Record stores an event. It sets the id, the time and the request id, the address if
// the event has none, and the outcome to success if the event has none.
func (t Trail) Record(ctx context.Context, e gatehouse.AuditEvent) {
	e.ID, e.At, e.RequestID = gatehouse.NewID(), time.Now(), web.RequestID(ctx)
	if e.IP == "" {
		e.IP = web.ClientIP(ctx)
	}
	if e.Outcome == "" {
		e.Outcome = gatehouse.OutcomeSuccess
	}
	// A client that closes the connection must not keep its action out of the trail.
	detached, cancel := web.Detach(ctx)
	defer cancel()
	if err := t.recorder.RecordAuditEvent(detached, e); err != nil {
		t.log.ErrorContext(ctx, "audit event not written", "error", err, "event", e.Event, "outcome", e.Outcome,
			"actor_id", e.ActorID, "target_id", e.TargetID, "detail", e.Detail, "ip", e.IP, "request_id", e.RequestID)
	}
}
