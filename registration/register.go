package registration

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
)

// RegistrarConfig configures a Registrar.
type RegistrarConfig struct {
	Apps  *Service
	Store Store
	Rate  Rate // the zero value is DefaultRate
	// Observe is called with the outcome of each request, one of RegistrationOutcomes.
	// It may be nil.
	Observe func(outcome string)
	Log     *slog.Logger
}

// Registrar is the endpoint at which clients register themselves without an account
// (RFC 7591 §3, C 1.11). It is off until a System Admin turns it on.
//
// The endpoint does not know who sends a request. It limits and checks all metadata,
// and the consent page says that they are not verified. An app that no user authorizes
// is deleted again (gatehouse.Settings.DCRUnusedLifetime).
type Registrar struct {
	apps    *Service
	store   Store
	trail   audit.Trail
	rate    Rate
	observe func(outcome string)
	log     *slog.Logger
}

// NewRegistrar returns a Registrar.
func NewRegistrar(c RegistrarConfig) *Registrar {
	if c.Observe == nil {
		c.Observe = func(string) {}
	}
	return &Registrar{apps: c.Apps, store: c.Store, trail: audit.NewTrail(c.Store, c.Log), rate: c.Rate, observe: c.Observe, log: c.Log}
}

// Routes returns the endpoint with its policy.
func (h *Registrar) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodPost, Path: apiApps + "/register", Handler: http.HandlerFunc(h.serve), Policy: web.OAuthPolicy()},
	}
}

// serve calls register, counts the outcome and reports an error as RFC 7591 §3.2.2
// requires.
func (h *Registrar) serve(w http.ResponseWriter, r *http.Request) {
	err := h.register(w, r)
	h.observe(outcomeOf(err))
	if err != nil {
		h.writeError(w, r, err)
	}
}

// register is POST /api/v4/oauth/apps/register: it takes an attempt from the rate limit,
// parses the request, checks it, stores the app and answers with its credentials.
func (h *Registrar) register(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	// RFC 7591 §3.2.1. Caches must not store errors either.
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	settings, err := h.store.Settings(ctx)
	if err != nil {
		return fmt.Errorf("registration: read settings: %w", err)
	}

	// Rate limit. It comes before the request is read, so that an invalid request counts
	// too. If registration is off, the request can't store anything, so it does not count.
	isOn := settings.EnableOAuthServiceProvider && settings.EnableDynamicClientRegistration
	if isOn {
		if err := h.takeAttempt(ctx, web.ClientOf(r).IP); err != nil {
			return err
		}
	}

	// Parse. Invalid JSON is reported even if registration is off (C 1.11).
	request, err := readRequest(w, r)
	switch {
	case err != nil:
		return err
	case !settings.EnableOAuthServiceProvider:
		return &registrationError{codeUnsupported, "The OAuth 2.0 service provider of this server is turned off."}
	case !isOn:
		return &registrationError{codeUnsupported, "Dynamic client registration is turned off on this server. Ask its System Admin to register the client."}
	}

	// Check. This is a pure function of the request and the allowlist.
	metadata, err := checkMetadata(request, settings.DCRRedirectURIAllowlist)
	if err != nil {
		h.apps.AuditRefusal(ctx, gatehouse.AuditRegisterClient, "", "", err.Error())
		return err
	}

	// Write.
	app, secret := newSelfRegisteredApp(metadata, time.Now())
	if err := h.store.CreateApp(ctx, app); err != nil {
		return fmt.Errorf("registration: register client: %w", err)
	}
	h.trail.Record(ctx, gatehouse.AuditEvent{Event: gatehouse.AuditRegisterClient, TargetID: app.ID, Detail: registrationDetail(app)})

	// Answer.
	return web.WriteJSON(w, http.StatusCreated, newClientInformation(app, secret, metadata))
}

// takeAttempt takes an attempt from the rate limits of a client address and of all
// addresses. It returns a *rateLimitError if no attempt is left.
func (h *Registrar) takeAttempt(ctx context.Context, ip string) error {
	if h.rate.off {
		return nil
	}
	wait, err := h.store.TakeAttempt(ctx, time.Now(), h.rate.limits(ip)...)
	switch {
	case err != nil:
		return fmt.Errorf("registration: take attempt: %w", err)
	case wait > 0:
		return &rateLimitError{wait}
	}
	return nil
}

// newSelfRegisteredApp returns the app that the metadata describe and its client secret,
// which is "" for a public app.
func newSelfRegisteredApp(md clientMetadata, now time.Time) (app gatehouse.App, secret string) {
	app = md.app()
	app.ID, app.CreateAt, app.UpdateAt = gatehouse.NewID(), now, now
	if !app.IsPublic {
		secret = gatehouse.NewSecret()
		app.SecretHash = gatehouse.HashSecret(secret)
	}
	return app, secret
}

// registrationDetail describes a self-registered app for the audit trail. The trail cuts
// off a long text at its end, so the redirect URIs are last.
func registrationDetail(app gatehouse.App) string {
	return fmt.Sprintf("The app is called %q, authenticates with %s and has the redirect URIs %s.", app.Name, app.TokenEndpointAuthMethod, strings.Join(app.RedirectURIs, ", "))
}
