package registration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// maxRegistration bounds a registration request, in bytes: logos and keys come
// as links, and everything that we keep fits into two kilobytes.
const maxRegistration = 64 << 10

// SettingsStore says whether clients may register, and which.
type SettingsStore interface {
	Settings(ctx context.Context) (gatehouse.Settings, error)
}

// RegistrarConfig is what a Registrar is made of.
type RegistrarConfig struct {
	Apps     *Service
	Settings SettingsStore
	Rate     Rate // the zero value is DefaultRate
	// Observe is told how each registration ended, as one of RegistrationOutcomes; nil for nobody.
	Observe func(outcome string)
	Log     *slog.Logger
}

// Registrar is the endpoint at which clients register themselves, without an
// account (RFC 7591 §3, C 1.11). It is off until a System Admin turns it on.
//
//	rate (if it is on) ─▶ size ─▶ JSON ─▶ switches ─▶ metadata ─▶ allowlist ─▶ app ─▶ audit ─▶ 201
//
// Everybody is a stranger here: what a client says about itself is bounded,
// checked, and shown to people as its own claim. A client that nobody uses is
// removed again (gatehouse.Settings.DCRUnusedLifetime).
type Registrar struct {
	apps     *Service
	settings SettingsStore
	rate     Rate
	observe  func(outcome string)
	log      *slog.Logger
}

// NewRegistrar returns a Registrar.
func NewRegistrar(c RegistrarConfig) *Registrar {
	if c.Observe == nil {
		c.Observe = func(string) {}
	}
	return &Registrar{apps: c.Apps, settings: c.Settings, rate: c.Rate, observe: c.Observe, log: c.Log}
}

// Routes returns the endpoint with its policy.
func (h *Registrar) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodPost, Path: apiApps + "/register", Handler: http.HandlerFunc(h.serve), Policy: web.OAuthPolicy()},
	}
}

func (h *Registrar) serve(w http.ResponseWriter, r *http.Request) {
	// RFC 7591 §3.2.1; errors are no more for caches than secrets are.
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	info, err := h.register(w, r)
	h.observe(outcomeOf(err))
	if err == nil {
		err = web.WriteJSON(w, http.StatusCreated, info)
	}
	if err != nil {
		h.writeError(w, r, err)
	}
}

func (h *Registrar) register(w http.ResponseWriter, r *http.Request) (clientInformation, error) {
	settings, err := h.settings.Settings(r.Context())
	if err != nil {
		return clientInformation{}, fmt.Errorf("registration: settings: %w", err)
	}
	if err := h.takeTry(r, settings); err != nil {
		return clientInformation{}, err
	}
	m, err := readRequest(w, r)
	switch {
	case err != nil:
		return clientInformation{}, err
	case !settings.EnableOAuthServiceProvider:
		return clientInformation{}, &registrationError{codeUnsupported, "The OAuth 2.0 service provider of this server is turned off."}
	case !settings.EnableDynamicClientRegistration:
		return clientInformation{}, &registrationError{codeUnsupported, "Dynamic client registration is turned off on this server. Ask its System Admin to register the client."}
	}
	info, err := h.create(r.Context(), m, settings)
	var refused *registrationError
	if errors.As(err, &refused) {
		h.apps.Refused(r.Context(), gatehouse.AuditRegisterClient, "", "", refused.Error())
	}
	return info, err
}

// takeTry counts a request, whatever comes of it: at all nodes together. Where nothing
// can come of it, nothing is written for it.
func (h *Registrar) takeTry(r *http.Request, settings gatehouse.Settings) error {
	if h.rate.off || !settings.EnableOAuthServiceProvider || !settings.EnableDynamicClientRegistration {
		return nil
	}
	wait, err := h.apps.store.TakeAttempt(r.Context(), time.Now(), h.rate.budget(web.ClientOf(r).IP))
	switch {
	case err != nil:
		return fmt.Errorf("registration: take a try: %w", err)
	case wait > 0:
		return &tooOften{wait}
	}
	return nil
}

// create makes the client that the members describe.
func (h *Registrar) create(ctx context.Context, m members, settings gatehouse.Settings) (clientInformation, error) {
	md, err := m.metadata()
	if err != nil {
		return clientInformation{}, err
	}
	app, secret := newClient(md, time.Now())
	if err := checkClient(app); err != nil {
		return clientInformation{}, err
	}
	for i, uri := range app.RedirectURIs {
		if !allowed(settings.DCRRedirectURIAllowlist, uri) {
			return clientInformation{}, invalidRedirectURI(fmt.Sprintf("redirect_uris[%d]: One or more redirect URIs do not match the allowlist of this server. Ask its System Admin which ones it takes.", i))
		}
	}
	if err := h.apps.store.CreateApp(ctx, app); err != nil {
		return clientInformation{}, fmt.Errorf("registration: register client: %w", err)
	}
	h.apps.trail.Record(ctx, gatehouse.AuditEvent{
		Event: gatehouse.AuditRegisterClient, TargetID: app.ID, Outcome: gatehouse.OutcomeSuccess,
		// What is too long is cut off at its end, where it tells least.
		Detail: fmt.Sprintf("It is called %q, authenticates with %s, and gets its answers at %s.", app.Name, app.TokenEndpointAuthMethod, strings.Join(app.RedirectURIs, ", ")),
	})
	return newClientInformation(app, secret, md), nil
}

// readRequest reads the members of the body. The content type should be JSON
// (RFC 7591 §3.1) and is not insisted on (C 1.11); only what says that it is a
// form is believed.
func readRequest(w http.ResponseWriter, r *http.Request) (members, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (mediaType == "application/x-www-form-urlencoded" || strings.HasPrefix(mediaType, "multipart/")) {
		return nil, invalidMetadata("The request must be JSON, sent with Content-Type: application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRegistration))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, invalidMetadata("The request body could not be read.")
	}
	return readMembers(body)
}

// newClient is the app that the metadata describe, with its secret; "" for a public one.
func newClient(md metadata, now time.Time) (app gatehouse.App, secret string) {
	app = gatehouse.App{
		ID: gatehouse.NewID(), Name: md.name, Homepage: md.uri, IconURL: md.logoURI, RedirectURIs: md.redirectURIs,
		IsPublic: md.authMethod == gatehouse.AuthMethodNone, IsDynamicallyRegistered: true,
		TokenEndpointAuthMethod: md.authMethod, CreateAt: now, UpdateAt: now,
	}
	if !app.IsPublic {
		secret = gatehouse.NewSecret()
		app.SecretHash = gatehouse.HashSecret(secret)
	}
	return app, secret
}

// checkClient is Check for a client that registers itself, with the names of its metadata.
func checkClient(app gatehouse.App) error {
	var field *gatehouse.FieldError
	switch err := Check(app); {
	case err == nil:
		return nil
	case !errors.As(err, &field):
		return err
	case field.Field == "callback_urls":
		return invalidRedirectURI("redirect_uris: " + field.Message)
	default:
		names := map[string]string{"name": "client_name", "homepage": "client_uri", "icon_url": "logo_uri"}
		return invalidMetadata(names[field.Field] + ": " + field.Message)
	}
}
