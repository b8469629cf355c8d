package registration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
)

// Store keeps apps.
type Store interface {
	CreateApp(ctx context.Context, a gatehouse.App) error
	// App returns the app. ErrNotFound.
	App(ctx context.Context, id string) (gatehouse.App, error)
	// UpdateApp changes the app in one transaction. ErrNotFound; change's error as it is.
	UpdateApp(ctx context.Context, id string, change func(*gatehouse.App) error) (gatehouse.App, error)
	// DeleteApp deletes the app, and what people agreed to for it. ErrNotFound.
	DeleteApp(ctx context.Context, id string) error
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error
	// TakeAttempt takes one try from each budget, or returns how long to wait, and takes nothing.
	TakeAttempt(ctx context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error)
}

// ErrPublicClient: a public app has no secret that could be regenerated (C 1.10 E12).
var ErrPublicClient = errors.New("registration: public apps have no client secret")

// NewApp is what somebody says about an app that they register.
type NewApp struct {
	// ID is "" for a new one. A caller that may be asked twice for the same app
	// chooses it, and gets ErrConflict the second time.
	ID           string
	Name         string
	Description  string
	Homepage     string
	IconURL      string
	RedirectURIs []string
	IsTrusted    bool
	IsPublic     bool
	CreatorID    string
}

// Service registers and changes apps. Who may do so is decided by its callers:
// the API and the pages by permissions, the command line by being there.
type Service struct {
	store Store
	trail audit.Trail
}

// NewService returns a Service.
func NewService(store Store, log *slog.Logger) *Service {
	return &Service{store: store, trail: audit.NewTrail(store, log)}
}

// auditedRefusals is how many refusals of one person, or of one address where
// there is no person, are worth a row: being refused costs nothing, and must not
// fill the database.
func auditedRefusals(who string) gatehouse.RateLimit {
	return gatehouse.RateLimit{ID: "audited refusals " + who, Burst: 50, Refill: time.Minute}
}

// Create registers an app and returns it with its client secret, which is shown
// this once; "" for a public app. A *gatehouse.FieldError says which rule was
// broken. ErrConflict: there is an app with this id.
func (s *Service) Create(ctx context.Context, n NewApp, actorID string) (gatehouse.App, string, error) {
	now := time.Now()
	app := gatehouse.App{
		ID: n.ID, CreatorID: n.CreatorID, Name: n.Name, Description: n.Description, Homepage: n.Homepage, IconURL: n.IconURL,
		RedirectURIs: n.RedirectURIs, IsTrusted: n.IsTrusted, IsPublic: n.IsPublic,
		TokenEndpointAuthMethod: gatehouse.AuthMethodPost, CreateAt: now, UpdateAt: now,
	}
	if app.ID == "" {
		app.ID = gatehouse.NewID()
	}
	var secret string
	if n.IsPublic {
		app.TokenEndpointAuthMethod = gatehouse.AuthMethodNone
	} else {
		secret = gatehouse.NewSecret()
		app.SecretHash = gatehouse.HashSecret(secret)
	}
	if err := Check(app); err != nil {
		return gatehouse.App{}, "", err
	}
	if err := s.store.CreateApp(ctx, app); err != nil {
		return gatehouse.App{}, "", fmt.Errorf("registration: create: %w", err)
	}
	s.audit(ctx, gatehouse.AuditCreateApp, actorID, app)
	return app, secret, nil
}

// Update changes what change changes, if the result keeps the rules. The id, the
// creator, the secret and the app's type never change (C 1.10 E10).
func (s *Service) Update(ctx context.Context, id, actorID string, change func(*gatehouse.App) error) (gatehouse.App, error) {
	app, err := s.store.UpdateApp(ctx, id, func(a *gatehouse.App) error {
		before := *a
		if err := change(a); err != nil {
			return err
		}
		a.ID, a.CreatorID, a.SecretHash, a.CreateAt = before.ID, before.CreatorID, before.SecretHash, before.CreateAt
		a.IsPublic, a.IsDynamicallyRegistered, a.TokenEndpointAuthMethod = before.IsPublic, before.IsDynamicallyRegistered, before.TokenEndpointAuthMethod
		a.UpdateAt = time.Now()
		return Check(*a)
	})
	if err != nil {
		return gatehouse.App{}, fmt.Errorf("registration: update: %w", err)
	}
	s.audit(ctx, gatehouse.AuditUpdateApp, actorID, app)
	return app, nil
}

// RegenerateSecret replaces the client secret; the old one is dead at once, what
// it obtained lives on. ErrPublicClient, ErrNotFound.
func (s *Service) RegenerateSecret(ctx context.Context, id, actorID string) (gatehouse.App, string, error) {
	return s.RegenerateSecretIf(ctx, id, actorID, func(gatehouse.App) error { return nil })
}

// RegenerateSecretIf is RegenerateSecret unless check, which sees the app as it is
// at that moment, returns an error.
func (s *Service) RegenerateSecretIf(ctx context.Context, id, actorID string, check func(gatehouse.App) error) (gatehouse.App, string, error) {
	secret := gatehouse.NewSecret()
	app, err := s.store.UpdateApp(ctx, id, func(a *gatehouse.App) error {
		if a.IsPublic {
			return ErrPublicClient
		}
		if err := check(*a); err != nil {
			return err
		}
		a.SecretHash = gatehouse.HashSecret(secret)
		a.UpdateAt = time.Now()
		return nil
	})
	if err != nil {
		return gatehouse.App{}, "", fmt.Errorf("registration: regenerate secret: %w", err)
	}
	s.audit(ctx, gatehouse.AuditRegenerateSecret, actorID, app)
	return app, secret, nil
}

// Delete deletes the app: every code and token of it is dead at the next
// request. ErrNotFound.
func (s *Service) Delete(ctx context.Context, id, actorID string) error {
	app, err := s.store.App(ctx, id)
	if err != nil {
		return fmt.Errorf("registration: delete: %w", err)
	}
	if err := s.store.DeleteApp(ctx, id); err != nil {
		return fmt.Errorf("registration: delete: %w", err)
	}
	s.audit(ctx, gatehouse.AuditDeleteApp, actorID, app)
	return nil
}

// Refused records that somebody tried and was refused: why is a sentence. Who is
// refused in a loop is recorded for a while, and then now and again.
func (s *Service) Refused(ctx context.Context, event, actorID, appID, why string) {
	who := actorID
	if who == "" {
		who = web.ClientNetwork(web.ClientIP(ctx))
	}
	// Nobody gets more rows by hanging up. A database that cannot be asked takes no
	// event either, and the trail says so.
	asking, done := web.Outlive(ctx)
	defer done()
	if wait, _ := s.store.TakeAttempt(asking, time.Now(), auditedRefusals(who)); wait > 0 {
		return
	}
	s.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: event, TargetID: appID, Detail: why, Outcome: gatehouse.OutcomeFail})
}

func (s *Service) audit(ctx context.Context, event, actorID string, app gatehouse.App) {
	s.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: event, TargetID: app.ID, Detail: "The app is called " + app.Name + "."})
}

func message(err error) string {
	var field *gatehouse.FieldError
	if errors.As(err, &field) {
		return field.Message
	}
	return err.Error()
}
