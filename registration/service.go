package registration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gatehouse"
	"gatehouse/internal/audit"
)

// ErrPublicClient means that a public app has no secret to regenerate (C 1.10 E12).
var ErrPublicClient = errors.New("registration: public apps have no client secret")

// NewApp is what a user enters to register an app.
type NewApp struct {
	// ID is the id of the app, or "" for a new id. A caller that can send the same app
	// twice chooses the id, and gets ErrConflict the second time.
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

// ServiceConfig configures a Service.
type ServiceConfig struct {
	Store Store
	Log   *slog.Logger
}

// Service registers and changes apps: it checks the rules, writes once and records an
// audit event. It checks no permissions. The API and the pages do (manage.go); the command
// line needs none.
type Service struct {
	store Store
	trail audit.Trail
}

// NewService returns a Service.
func NewService(c ServiceConfig) *Service {
	return &Service{store: c.Store, trail: audit.NewTrail(c.Store, c.Log)}
}

// Create registers an app and returns it with its client secret, which can't be shown
// again. The secret of a public app is "". It returns a *gatehouse.FieldError for the first
// broken rule, and ErrConflict if an app with this id exists.
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

// Update calls change on the stored app and stores the result. The id, the creator, the
// secret and the type of an app never change (C 1.10 E10): Update restores them. It returns
// the error of change, a *gatehouse.FieldError for the first broken rule, and ErrNotFound.
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

// RegenerateSecret replaces the client secret. The current secret stops working
// immediately; tokens that the app already has keep working. It returns ErrPublicClient
// and ErrNotFound.
func (s *Service) RegenerateSecret(ctx context.Context, id, actorID string) (gatehouse.App, string, error) {
	return s.RegenerateSecretIf(ctx, id, actorID, func(gatehouse.App) error { return nil })
}

// RegenerateSecretIf is RegenerateSecret with a condition: check gets the app inside the
// transaction, and its error leaves the secret unchanged.
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

// Delete deletes the app. Its codes and tokens stop working with the next request. It
// returns ErrNotFound.
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

func (s *Service) audit(ctx context.Context, event, actorID string, app gatehouse.App) {
	s.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: event, TargetID: app.ID, Detail: fmt.Sprintf("The app is called %q.", app.Name)})
}

// AuditRefusal records that a request was refused. why is a sentence that says why.
func (s *Service) AuditRefusal(ctx context.Context, event, actorID, appID, why string) {
	s.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: event, TargetID: appID, Detail: why, Outcome: gatehouse.OutcomeFail})
}
