package audit

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// Recorder stores events.
type Recorder interface {
	// RecordAuditEvent takes one attempt from each of the limits and stores the event.
	// It returns ErrRateLimited if one of them has no attempt left.
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error
}

// Trail records events. A failure to store an event does not make the action fail: the
// event is then logged, with all its fields. The same holds for an event that a limit
// leaves out (limits.go).
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
	err := t.recorder.RecordAuditEvent(detached, e, limitsOf(e)...)
	switch {
	case err == nil:
	case errors.Is(err, gatehouse.ErrRateLimited):
		t.logEvent(ctx, slog.LevelInfo, "audit event left out of the audit trail, which has many of its kind", e)
		t.summarize(detached, e)
	default:
		t.logEvent(ctx, slog.LevelError, "audit event not written", e, slog.Any("error", err))
	}
}

// summarize stores, once an hour, that events like this one are left out.
func (t Trail) summarize(ctx context.Context, e gatehouse.AuditEvent) {
	summary := gatehouse.AuditEvent{
		ID: gatehouse.NewID(), At: e.At, ActorID: e.ActorID, Event: e.Event, IP: e.IP, Outcome: e.Outcome, RequestID: e.RequestID,
		Detail: summaryDetail,
	}
	if err := t.recorder.RecordAuditEvent(ctx, summary, summaryLimit(e)); err != nil && !errors.Is(err, gatehouse.ErrRateLimited) {
		t.logEvent(ctx, slog.LevelError, "audit event not written", summary, slog.Any("error", err))
	}
}

// logEvent writes an event to the log, with all its fields.
func (t Trail) logEvent(ctx context.Context, level slog.Level, message string, e gatehouse.AuditEvent, more ...slog.Attr) {
	t.log.LogAttrs(ctx, level, message, append( //nolint:sloglint // the callers pass constants
		more, slog.String("event", e.Event), slog.String("outcome", e.Outcome), slog.String("actor_id", e.ActorID),
		slog.String("target_id", e.TargetID), slog.String("detail", e.Detail), slog.String("ip", e.IP), slog.String("request_id", e.RequestID))...)
}
