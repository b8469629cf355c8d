package consent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// Store remembers what people agreed to.
type Store interface {
	AuthorizedStore
	// Consent returns what the person agreed to for the app. ErrNotFound: nothing.
	Consent(ctx context.Context, userID, appID string) (gatehouse.Consent, error)
	// RecordConsent adds scopes to what the person agreed to, safely when racing.
	// ErrNotFound: the person or the app is gone.
	RecordConsent(ctx context.Context, userID, appID string, scopes []string, now time.Time) (gatehouse.Consent, error)
	// TouchConsent stamps when the consent was last used.
	TouchConsent(ctx context.Context, id string, now time.Time) error
	// DeleteConsent forgets the consent, and everything that hangs on it. ErrNotFound: there was none.
	DeleteConsent(ctx context.Context, userID, appID string) error
	Settings(ctx context.Context) (gatehouse.Settings, error)
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error
}

// Callers knows who calls a JSON endpoint.
type Callers interface {
	// RequireCaller's errors are the contract's (C 1.1).
	RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error)
}

// Handler asks people, remembers what they said and takes it back.
type Handler struct {
	store    Store
	callers  Callers
	renderer *templates.Renderer
	basePath string
	trail    audit.Trail
	log      *slog.Logger
}

// NewHandler returns a Handler. basePath is the site URL's path.
func NewHandler(store Store, callers Callers, renderer *templates.Renderer, basePath string, log *slog.Logger) *Handler {
	return &Handler{store: store, callers: callers, renderer: renderer, basePath: basePath, trail: audit.NewTrail(store, log), log: log}
}

// Register adds the endpoints to a router below the base path.
func (d *Handler) Register(r *mux.Router) {
	r.Handle("/oauth/deauthorize", web.JSON(d.log, d.deauthorize)).Methods(http.MethodPost)
	r.Handle("/api/v4/users/{user_id:[A-Za-z0-9]+}/oauth/apps/authorized", web.JSON(d.log, d.authorized)).Methods(http.MethodGet)
}

// Decide says whether the person must be asked.
func (d *Handler) Decide(ctx context.Context, r gatehouse.ConsentRequest) (gatehouse.ConsentDecision, error) {
	remembered, err := d.store.Consent(ctx, r.Caller.User.ID, r.App.ID)
	if err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return gatehouse.ConsentDecision{}, fmt.Errorf("consent: remembered: %w", err)
	}
	return Decide(r, remembered), nil
}

// Allow remembers the yes and returns it. A yes that is remembered already costs
// no write, but for a stamp once an hour. ErrNotFound: the app or the person is gone.
func (d *Handler) Allow(ctx context.Context, r gatehouse.ConsentRequest, decision gatehouse.ConsentDecision) (gatehouse.Consent, error) {
	now := time.Now()
	remembered := decision.Remembered
	if remembered.ID != "" && len(decision.Missing) == 0 {
		if now.Sub(remembered.LastUsedAt) >= gatehouse.ConsentTouchInterval {
			if err := d.store.TouchConsent(ctx, remembered.ID, now); err != nil {
				return gatehouse.Consent{}, fmt.Errorf("consent: touch: %w", err)
			}
		}
		return remembered, nil
	}
	consent, err := d.store.RecordConsent(ctx, r.Caller.User.ID, r.App.ID, r.Scopes, now)
	if err != nil {
		return gatehouse.Consent{}, fmt.Errorf("consent: record: %w", err)
	}
	d.trail.Record(ctx, gatehouse.AuditEvent{ActorID: r.Caller.User.ID, Event: gatehouse.AuditAuthorizeApp, TargetID: r.App.ID, Detail: detail(r, decision)})
	return consent, nil
}

// Deny records the no, which is not remembered: the person is asked again next time (C 2.9).
func (d *Handler) Deny(ctx context.Context, r gatehouse.ConsentRequest) {
	d.trail.Record(ctx, gatehouse.AuditEvent{ActorID: r.Caller.User.ID, Event: gatehouse.AuditDenyApp, TargetID: r.App.ID})
}

func detail(r gatehouse.ConsentRequest, decision gatehouse.ConsentDecision) string {
	if decision.Reason == gatehouse.ConsentReasonTrusted {
		return "A trusted app: nobody was asked."
	}
	return "Scopes: " + scopeList(r.Scopes) + "."
}
