package registration

import (
	"context"
	"time"

	"gatehouse"
)

// Store is what package registration needs of the storage; *storage.Store implements
// it. Each method returns gatehouse.ErrUnavailable if the database can't be reached.
type Store interface {
	// CreateApp returns ErrConflict if an app with this id exists.
	CreateApp(ctx context.Context, a gatehouse.App) error
	// App returns ErrNotFound if the app does not exist.
	App(ctx context.Context, id string) (gatehouse.App, error)
	// Apps lists apps by name.
	Apps(ctx context.Context, q gatehouse.AppQuery) ([]gatehouse.App, error)
	// AppUsage returns how much each app is used, by app id. An app without users has no entry.
	AppUsage(ctx context.Context, appIDs []string) (map[string]gatehouse.AppUsage, error)
	// UpdateApp calls change on the stored app and stores the result, in one
	// transaction. It returns ErrNotFound, or the error of change unwrapped.
	UpdateApp(ctx context.Context, id string, change func(*gatehouse.App) error) (gatehouse.App, error)
	// UpdateAppAndConsents is UpdateApp, and deletes all consents to the app in the same
	// transaction if change returns true.
	UpdateAppAndConsents(ctx context.Context, id string, change func(*gatehouse.App) (endConsents bool, err error)) (gatehouse.App, error)
	// DeleteApp also deletes the app's consents, grants and codes. It returns ErrNotFound.
	DeleteApp(ctx context.Context, id string) error

	// Groups lists groups by name.
	Groups(ctx context.Context, q gatehouse.GroupQuery) ([]gatehouse.Group, error)
	// User returns ErrNotFound if the user does not exist.
	User(ctx context.Context, id string) (gatehouse.User, error)
	// Settings returns the settings, at most a second old.
	Settings(ctx context.Context) (gatehouse.Settings, error)
	// TakeAttempt takes one attempt from each rate limit, and returns 0. If one of them
	// has no attempt left, it takes nothing and returns how long to wait. It counts for
	// all nodes together.
	TakeAttempt(ctx context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error)
	// RecordAuditEvent adds an event to the audit trail. It returns ErrRateLimited if one
	// of the limits has no attempt left.
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error
}
