package consent

import (
	"context"
	"fmt"

	"gatehouse"
)

// AuthorizedStore lists what people agreed to.
type AuthorizedStore interface {
	// UserConsents lists the apps that a person authorised, by the app's name.
	UserConsents(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error)
	// App returns ErrNotFound when there is none.
	App(ctx context.Context, id string) (gatehouse.App, error)
}

// AuthorizedApps lists the apps that the user authorised, by name.
func (d *Handler) AuthorizedApps(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error) {
	apps, err := d.store.UserConsents(ctx, userID, offset, limit)
	if err != nil {
		return nil, fmt.Errorf("consent: authorized apps: %w", err)
	}
	return apps, nil
}

// AuthorizedApp is one of the apps that the user authorised. ErrNotFound: they
// did not, or took it back, or the app is gone.
func (d *Handler) AuthorizedApp(ctx context.Context, userID, appID string) (gatehouse.ConsentedApp, error) {
	consent, err := d.store.Consent(ctx, userID, appID)
	if err != nil {
		return gatehouse.ConsentedApp{}, fmt.Errorf("consent: authorized app: %w", err)
	}
	app, err := d.store.App(ctx, appID)
	if err != nil {
		return gatehouse.ConsentedApp{}, fmt.Errorf("consent: authorized app: %w", err)
	}
	return gatehouse.ConsentedApp{Consent: consent, App: app}, nil
}
