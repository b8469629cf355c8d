package registration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	// AccessTokenLifetime and RefreshTokenLifetime are 0 if the settings apply.
	AccessTokenLifetime  time.Duration
	RefreshTokenLifetime time.Duration
	OpenID               gatehouse.AppOpenID
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
		AccessTokenLifetime: n.AccessTokenLifetime, RefreshTokenLifetime: n.RefreshTokenLifetime, OpenID: n.OpenID,
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
//
// Update is for System Admins and the command line; UpdateByUser is for all other users.
func (s *Service) Update(ctx context.Context, id, actorID string, change func(*gatehouse.App) error) (gatehouse.App, error) {
	return s.update(ctx, id, actorID, true, change)
}

// UpdateByUser is Update for a user who is not a System Admin. If it changes the redirect
// URIs, the app is no longer trusted, and all consents to it are deleted in the same
// transaction: a System Admin trusted the old URIs, and users consented to them. Without
// that, a user who manages an app could silently redirect the codes of all its users to
// another site. The grants end too, because a code or a token from before the change must
// not serve the app under its new address.
func (s *Service) UpdateByUser(ctx context.Context, id, actorID string, change func(*gatehouse.App) error) (gatehouse.App, error) {
	return s.update(ctx, id, actorID, false, change)
}

func (s *Service) update(ctx context.Context, id, actorID string, keepTrust bool, change func(*gatehouse.App) error) (gatehouse.App, error) {
	var before gatehouse.App
	app, err := s.store.UpdateAppAndConsents(ctx, id, func(a *gatehouse.App) (endConsents bool, err error) {
		before = *a
		before.RedirectURIs = slices.Clone(a.RedirectURIs)
		if err := change(a); err != nil {
			return false, err
		}
		a.ID, a.CreatorID, a.SecretHash, a.CreateAt = before.ID, before.CreatorID, before.SecretHash, before.CreateAt
		a.IsPublic, a.IsDynamicallyRegistered = before.IsPublic, before.IsDynamicallyRegistered
		a.TokenEndpointAuthMethod, a.IsAuthMethodEnforced = before.TokenEndpointAuthMethod, before.IsAuthMethodEnforced
		a.UpdateAt = time.Now()
		if !keepTrust && !sameURIs(before.RedirectURIs, a.RedirectURIs) {
			a.IsTrusted, endConsents = false, true
		}
		return endConsents, Check(*a)
	})
	if err != nil {
		return gatehouse.App{}, fmt.Errorf("registration: update: %w", err)
	}
	s.audit(ctx, gatehouse.AuditUpdateApp, actorID, app)
	for _, detail := range append(uriChanges(before.RedirectURIs, app.RedirectURIs), lifetimeChanges(before, app)...) {
		s.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: gatehouse.AuditUpdateApp, TargetID: app.ID, Detail: detail})
	}
	if before.IsTrusted && !app.IsTrusted && !keepTrust {
		s.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: gatehouse.AuditUpdateApp, TargetID: app.ID,
			Detail: "The app is no longer trusted, because a user who is not a System Admin changed its callback URLs."})
	}
	return app, nil
}

// sameURIs reports whether two lists have the same redirect URIs, in any order.
func sameURIs(a, b []string) bool {
	a, b = slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b)))
	return slices.Equal(a, b)
}

// uriChanges describes a change of the redirect URIs for the audit trail, one sentence for
// each URI, because the trail cuts off a long text.
func uriChanges(before, after []string) []string {
	var changes []string
	for _, uri := range after {
		if !slices.Contains(before, uri) {
			changes = append(changes, "A callback URL was added: "+uri)
		}
	}
	for _, uri := range before {
		if !slices.Contains(after, uri) {
			changes = append(changes, "A callback URL was removed: "+uri)
		}
	}
	return changes
}

// lifetimeChanges describes a change of the token lifetimes for the audit trail.
func lifetimeChanges(before, after gatehouse.App) []string {
	var changes []string
	if before.AccessTokenLifetime != after.AccessTokenLifetime {
		changes = append(changes, fmt.Sprintf("The access token lifetime changed from %s to %s.", lifetimeText(before.AccessTokenLifetime), lifetimeText(after.AccessTokenLifetime)))
	}
	if before.RefreshTokenLifetime != after.RefreshTokenLifetime {
		changes = append(changes, fmt.Sprintf("The refresh token lifetime changed from %s to %s.", lifetimeText(before.RefreshTokenLifetime), lifetimeText(after.RefreshTokenLifetime)))
	}
	return changes
}

func lifetimeText(d time.Duration) string {
	if d == 0 {
		return "the setting"
	}
	return d.String()
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
	app, secret, err := s.replaceSecret(ctx, id, check)
	if err == nil {
		s.audit(ctx, gatehouse.AuditRegenerateSecret, actorID, app)
	}
	return app, secret, err
}

// FirstSecretIf is RegenerateSecretIf for an app whose secret has not been shown yet. The
// audit trail has the registration already.
func (s *Service) FirstSecretIf(ctx context.Context, id, _ string, check func(gatehouse.App) error) (gatehouse.App, string, error) {
	return s.replaceSecret(ctx, id, check)
}

func (s *Service) replaceSecret(ctx context.Context, id string, check func(gatehouse.App) error) (gatehouse.App, string, error) {
	secret := gatehouse.NewSecret()
	app, err := s.store.UpdateApp(ctx, id, func(a *gatehouse.App) error {
		if a.IsPublic {
			return ErrPublicClient
		}
		if err := check(*a); err != nil {
			return err
		}
		a.SecretHash = gatehouse.HashSecret(secret)
		if a.UpdateAt = time.Now(); !a.UpdateAt.After(a.CreateAt) {
			a.UpdateAt = a.CreateAt.Add(time.Millisecond) // the form that adds an app compares the two
		}
		return nil
	})
	if err != nil {
		return gatehouse.App{}, "", fmt.Errorf("registration: regenerate secret: %w", err)
	}
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
