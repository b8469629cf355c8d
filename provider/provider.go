package provider

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"gatehouse"
	"gatehouse/consent"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
	"gatehouse/openid"
	"gatehouse/templates"
)

// Store is what the protocol endpoints read and write.
type Store interface {
	GrantReader
	// App returns ErrNotFound if there is no app with this client id.
	App(ctx context.Context, id string) (gatehouse.App, error)
	// TouchApp stores that a user began to authorize a self-registered app. No error if
	// the app does not exist.
	TouchApp(ctx context.Context, id string, now time.Time) error
	Settings(ctx context.Context) (gatehouse.Settings, error)
	// User returns ErrNotFound if the user does not exist.
	User(ctx context.Context, id string) (gatehouse.User, error)
	// GroupNames returns the names of a user's groups, sorted.
	GroupNames(ctx context.Context, userID string) ([]string, error)
	// MayUseApp reports whether a user may use an app. It returns ErrNotFound if the app does
	// not exist.
	MayUseApp(ctx context.Context, userID, appID string) (bool, error)
	// CreateGrant stores a grant. It returns ErrConflict if a grant with this id
	// exists: its code was redeemed before. It returns ErrNotFound if the consent, its
	// app or its user no longer exists, or the user is deactivated.
	CreateGrant(ctx context.Context, g gatehouse.Grant) error
	// RotateGrant moves a grant from the generation to the next. It returns
	// ErrConflict if the grant has another generation, was revoked or has expired.
	RotateGrant(ctx context.Context, id string, generation int64, now, expires time.Time) error
	// MarkGrace stores that the predecessor of the generation was used again. It returns
	// ErrConflict if that is stored already.
	MarkGrace(ctx context.Context, id string, generation int64) error
	// Consent returns ErrNotFound if the user has not consented to the app.
	Consent(ctx context.Context, userID, appID string) (gatehouse.Consent, error)
	// RevokeGrant ends a grant. No error if it has ended or does not exist.
	RevokeGrant(ctx context.Context, id string, at time.Time) error
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error
}

// SignIn authenticates users; account.Authenticator implements it.
type SignIn interface {
	// SignedIn returns the user who is signed in at the browser. An access token does not
	// count.
	SignedIn(r *http.Request) (caller gatehouse.Caller, signedIn bool, err error)
	// RequireCaller returns who a request to a JSON endpoint comes from. It returns the
	// contract's errors (C 1.1).
	RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error)
}

// Keys signs ID tokens and verifies them; *signing.Keys implements it.
type Keys interface {
	// Sign returns a signed token with the claims. typ is signing.TypeIDToken.
	Sign(ctx context.Context, algorithm, typ string, claims any) (string, error)
	openid.Verifier
}

// Config is what a Handler needs.
type Config struct {
	Issuer   string // the site URL, byte for byte (RFC 8414 §2, RFC 9207 §2)
	BasePath string // the path of the site URL, "" or "/sso"
	Tokens   *Tokens
	Keys     Keys
	Store    Store
	SignIn   SignIn
	Consents *consent.Handler
	Renderer *templates.Renderer
	Forms    *web.KeptForms
	// Observe is called with the result of each request; nil ignores them. It must
	// not block.
	Observe func(Event)
	Log     *slog.Logger
}

// Handler serves the protocol endpoints.
type Handler struct {
	issuer   string
	basePath string
	machine  *grantMachine
	tokens   *Tokens
	keys     Keys
	store    Store
	signIn   SignIn
	consents *consent.Handler
	trail    audit.Trail
	renderer *templates.Renderer
	forms    *web.KeptForms
	observe  func(Event)
	log      *slog.Logger
}

// New returns a Handler.
func New(c Config) *Handler {
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	return &Handler{
		issuer: c.Issuer, basePath: c.BasePath, machine: newGrantMachine(c.Tokens, c.Keys), tokens: c.Tokens, keys: c.Keys, store: c.Store, signIn: c.SignIn,
		consents: c.Consents, trail: audit.NewTrail(c.Store, c.Log), renderer: c.Renderer, forms: c.Forms, observe: c.Observe, log: c.Log,
	}
}

// Routes returns the protocol endpoints with their policies.
func (h *Handler) Routes() []web.Route {
	const authorize = "/oauth/authorize"
	apiForm := web.Policy{Errors: web.ContractErrors, MaxURI: web.MaxPageURI}
	consentForm := web.Page(h.log, h.renderer, h.submitConsent)
	routes := []web.Route{
		{Method: http.MethodGet, Path: authorize, Handler: web.Page(h.log, h.renderer, h.counted(h.authorize))},
		{Method: http.MethodPost, Path: authorize, Matches: isJSON, Handler: web.JSON(h.log, h.counted(h.authorizeJSON)), Policy: apiForm},
		{Method: http.MethodPost, Path: authorize, Matches: hasNoQuery, Handler: consentForm, Policy: web.Policy{CrossSite: true}},
		{Method: http.MethodPost, Path: authorize, Handler: consentForm},
		{Method: http.MethodPost, Path: "/oauth/access_token", Handler: h.clientEndpoint(endpointAccessToken, h.token), Policy: web.OAuthPolicy()},
		{Method: http.MethodPost, Path: "/oauth/introspect", Handler: h.clientEndpoint(endpointIntrospect, h.introspect), Policy: web.OAuthPolicy()},
		{Method: http.MethodPost, Path: "/oauth/revoke", Handler: h.clientEndpoint(endpointRevoke, h.revoke), Policy: web.OAuthPolicy()},
	}
	routes = append(routes, h.metadataRoutes("", false)...)
	if h.basePath != "" {
		// RFC 8414 §3.1 and RFC 9728 §3.1 derive these places from an issuer with a path.
		routes = append(routes, h.metadataRoutes(h.basePath, true)...)
	}
	// Clients in a browser try several places of the metadata, and must be able to read a 404.
	return append(routes,
		web.Route{Path: "/.well-known/oauth-", Prefix: true, Policy: web.MetadataPolicy()},
		web.Route{Path: openIDConfigurationPath, Prefix: true, Policy: web.MetadataPolicy()},
		web.Route{Path: "/.well-known/", Prefix: true, Policy: web.APIPolicy()})
}

func (h *Handler) metadataRoutes(suffix string, atRoot bool) []web.Route {
	route := func(path string, f web.HandlerFunc) web.Route {
		return web.Route{Method: http.MethodGet, Path: path + suffix, AtRoot: atRoot, Handler: web.JSON(h.log, f), Policy: web.MetadataPolicy()}
	}
	return []web.Route{
		route(authorizationServerPath, h.authorizationServer),
		route(protectedResourcePath, h.protectedResource),
		route(openIDConfigurationPath, h.openIDProvider),
	}
}

// hasNoQuery matches an authorization request that an app sends by POST (RFC 6749
// §3.1). It is redirected to the same request by GET and has no other effect. The
// consent form always has a query.
func hasNoQuery(r *http.Request) bool { return r.URL.RawQuery == "" }
