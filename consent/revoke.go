package consent

import (
	"context"
	"fmt"

	"gatehouse"
)

// Revoke forgets what the user agreed to for the app. Every code and token of it
// is dead at the next request, on every node: they hang on the consent's row.
// ErrNotFound: there was nothing to forget.
func (d *Handler) Revoke(ctx context.Context, actorID, userID, appID string) error {
	if err := d.store.DeleteConsent(ctx, userID, appID); err != nil {
		return fmt.Errorf("consent: revoke: %w", err)
	}
	d.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: gatehouse.AuditDeauthorizeApp, TargetID: appID})
	return nil
}
