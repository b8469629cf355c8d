package consent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// Store keeps consents.
type Store interface {
	// App returns ErrNotFound if the app does not exist.
	App(ctx context.Context, id string) (gatehouse.App, error)
	// Consent returns ErrNotFound if the user has not consented to the app.
	Consent(ctx context.Context, userID, appID string) (gatehouse.Consent, error)
	// UserConsents lists the apps that a user has consented to, by the app's name.
	UserConsents(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error)
	// RecordConsent adds scopes and resources to the consent, or creates it. Racing
	// calls lose none. It returns ErrNotFound if the user or the app no longer exists, and
	// ErrNoAccess if the user may not use the app.
	RecordConsent(ctx context.Context, userID, appID string, scopes, resources []string, now time.Time) (gatehouse.Consent, error)
	// TouchConsent stores when the consent was last used.
	TouchConsent(ctx context.Context, id string, now time.Time) error
	// DeleteConsent deletes the consent and its grants. It returns ErrNotFound if
	// there is no such consent.
	DeleteConsent(ctx context.Context, userID, appID string, now time.Time) error
	Settings(ctx context.Context) (gatehouse.Settings, error)
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error
}

// Callers authenticates the callers of the JSON endpoints; account.Authenticator
// implements it.
type Callers interface {
	// RequireCaller returns the contract's errors (C 1.1).
	RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error)
}

// Config is what a Handler needs.
type Config struct {
	Store    Store
	Callers  Callers
	Renderer *templates.Renderer
	BasePath string // the path of the site URL, "" or "/sso"
	Log      *slog.Logger
}

// Handler asks users for consent, stores and revokes it, and serves the two JSON
// endpoints about it.
type Handler struct {
	store    Store
	callers  Callers
	renderer *templates.Renderer
	basePath string
	trail    audit.Trail
	log      *slog.Logger
}

// NewHandler returns a Handler.
func NewHandler(c Config) *Handler {
	return &Handler{store: c.Store, callers: c.Callers, renderer: c.Renderer, basePath: c.BasePath, trail: audit.NewTrail(c.Store, c.Log), log: c.Log}
}

// Routes returns the endpoints with their policies.
func (h *Handler) Routes() []web.Route {
	const authorized = "/api/v4/users/{user_id:[A-Za-z0-9]+}/oauth/apps/authorized"
	return []web.Route{
		{Method: http.MethodPost, Path: "/oauth/deauthorize", Handler: web.JSON(h.log, h.deauthorize), Policy: web.APIPolicy()},
		{Method: http.MethodGet, Path: authorized, Handler: web.JSON(h.log, h.authorized), Policy: web.APIPolicy()},
		{Path: "/oauth/apps/authorized", Policy: web.APIPolicy()}, // C 1.1, "JSON or HTML error?"
	}
}

// Decide reads the stored consent and decides whether the user must be asked.
func (h *Handler) Decide(ctx context.Context, r Request) (Decision, error) {
	remembered, err := h.store.Consent(ctx, r.Caller.User.ID, r.App.ID)
	if err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return Decision{}, fmt.Errorf("consent: read: %w", err)
	}
	return Decide(r, remembered), nil
}

// HasConsent reports whether the user has consented to the app, with any scope.
func (h *Handler) HasConsent(ctx context.Context, userID, appID string) (bool, error) {
	_, err := h.store.Consent(ctx, userID, appID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("consent: read: %w", err)
	}
	return true, nil
}

// Allow stores the user's consent and returns it. If the stored consent already
// covers the request, Allow writes nothing but the time of last use, and that once
// an hour. It returns ErrNotFound if the app or the user no longer exists, and ErrNoAccess
// if the user may not use the app.
func (h *Handler) Allow(ctx context.Context, r Request, d Decision) (gatehouse.Consent, error) {
	now := time.Now()
	if d.Remembered.ID != "" && len(d.Missing) == 0 && !d.NewResource {
		if now.Sub(d.Remembered.LastUsedAt) >= gatehouse.ConsentTouchInterval {
			if err := h.store.TouchConsent(ctx, d.Remembered.ID, now); err != nil {
				return gatehouse.Consent{}, fmt.Errorf("consent: touch: %w", err)
			}
		}
		return d.Remembered, nil
	}
	consent, err := h.store.RecordConsent(ctx, r.Caller.User.ID, r.App.ID, r.Scopes, r.resources(), now)
	if err != nil {
		return gatehouse.Consent{}, fmt.Errorf("consent: record: %w", err)
	}
	detail := "Scopes: " + strings.Join(r.Scopes, ", ") + "."
	if r.Resource != "" {
		detail += " Resource: " + r.Resource + "."
	}
	if d.Reason == ReasonTrusted {
		detail = "The app is trusted, so the user was not asked."
	}
	h.trail.Record(ctx, gatehouse.AuditEvent{ActorID: r.Caller.User.ID, Event: gatehouse.AuditAuthorizeApp, TargetID: r.App.ID, Detail: detail})
	return consent, nil
}

// Deny records that the user denied the request. A denial is not stored: the user
// is asked again next time (C 2.9).
func (h *Handler) Deny(ctx context.Context, r Request) {
	h.trail.Record(ctx, gatehouse.AuditEvent{ActorID: r.Caller.User.ID, Event: gatehouse.AuditDenyApp, TargetID: r.App.ID})
}

// Revoke deletes the user's consent to the app. From the next request on, every
// node refuses the codes and tokens of this app for this user, because they belong
// to the consent's row. It returns ErrNotFound if there is no consent.
func (h *Handler) Revoke(ctx context.Context, actorID, userID, appID string) error {
	if err := h.store.DeleteConsent(ctx, userID, appID, time.Now()); err != nil {
		return fmt.Errorf("consent: revoke: %w", err)
	}
	h.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: gatehouse.AuditDeauthorizeApp, TargetID: appID})
	return nil
}

// AuthorizedApps lists the apps that the user has consented to, by name.
func (h *Handler) AuthorizedApps(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error) {
	apps, err := h.store.UserConsents(ctx, userID, offset, limit)
	if err != nil {
		return nil, fmt.Errorf("consent: authorized apps: %w", err)
	}
	return apps, nil
}

// AuthorizedApp returns one of the apps that the user has consented to. It returns
// ErrNotFound if the user has not consented to it, or if it no longer exists.
func (h *Handler) AuthorizedApp(ctx context.Context, userID, appID string) (gatehouse.ConsentedApp, error) {
	consent, err := h.store.Consent(ctx, userID, appID)
	if err != nil {
		return gatehouse.ConsentedApp{}, fmt.Errorf("consent: authorized app: %w", err)
	}
	app, err := h.store.App(ctx, appID)
	if err != nil {
		return gatehouse.ConsentedApp{}, fmt.Errorf("consent: authorized app: %w", err)
	}
	return gatehouse.ConsentedApp{Consent: consent, App: app}, nil
}
