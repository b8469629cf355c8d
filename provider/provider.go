package provider

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/consent"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// Store is what the protocol endpoints read and write.
type Store interface {
	GrantReader
	// App returns ErrNotFound if there is no app with this client id.
	App(ctx context.Context, id string) (gatehouse.App, error)
	Settings(ctx context.Context) (gatehouse.Settings, error)
	// CreateGrant stores a grant. It returns ErrConflict if a grant with this id
	// exists: its code was redeemed before. It returns ErrNotFound if the consent, its
	// app or its user no longer exists, or the user is deactivated.
	CreateGrant(ctx context.Context, g gatehouse.Grant) error
	// RotateGrant moves a grant from the generation to the next. It returns
	// ErrConflict if the grant has another generation, was revoked or has expired.
	RotateGrant(ctx context.Context, id string, generation int64, now, expires time.Time) error
	// RevokeGrant ends a grant. No error if it has ended or does not exist.
	RevokeGrant(ctx context.Context, id string, at time.Time) error
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error
}

// SignIn authenticates users; account.Authenticator implements it.
type SignIn interface {
	// Caller returns who the request comes from. It returns ErrNotFound if the
	// request has no valid session or token.
	Caller(r *http.Request) (gatehouse.Caller, error)
	// RequireCaller is Caller for JSON endpoints. It returns the contract's errors
	// (C 1.1).
	RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error)
}

// Config is what a Handler needs.
type Config struct {
	Issuer   string // the site URL, byte for byte (RFC 8414 §2, RFC 9207 §2)
	BasePath string // the path of the site URL, "" or "/sso"
	Tokens   *Tokens
	Store    Store
	SignIn   SignIn
	Consents *consent.Handler
	Renderer *templates.Renderer
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
	store    Store
	signIn   SignIn
	consents *consent.Handler
	trail    audit.Trail
	renderer *templates.Renderer
	observe  func(Event)
	log      *slog.Logger
}

// New returns a Handler.
func New(c Config) *Handler {
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	return &Handler{
		issuer: c.Issuer, basePath: c.BasePath, machine: newGrantMachine(c.Tokens), tokens: c.Tokens, store: c.Store, signIn: c.SignIn,
		consents: c.Consents, trail: audit.NewTrail(c.Store, c.Log), renderer: c.Renderer, observe: c.Observe, log: c.Log,
	}
}

// Register adds the endpoints to a router below the base path.
func (h *Handler) Register(r *mux.Router) {
	r.Handle("/oauth/authorize", web.Page(h.log, h.renderer, h.counted(h.authorize))).Methods(http.MethodGet)
	r.Handle("/oauth/authorize", web.JSON(h.log, h.counted(h.authorizeJSON))).Methods(http.MethodPost).MatcherFunc(isJSON)
	r.Handle("/oauth/authorize", web.Page(h.log, h.renderer, h.counted(h.submitConsent))).Methods(http.MethodPost)
	r.Handle("/oauth/access_token", h.clientEndpoint(endpointAccessToken, h.token)).Methods(http.MethodPost)
	r.Handle("/oauth/introspect", h.clientEndpoint(endpointIntrospect, h.introspect)).Methods(http.MethodPost)
	r.Handle("/oauth/revoke", h.clientEndpoint(endpointRevoke, h.revoke)).Methods(http.MethodPost)
	h.registerMetadata(r, "")
}

// RegisterAtRoot adds, to a router of the whole host, the metadata at the places
// that RFC 8414 §3.1 and RFC 9728 §3.1 derive from a site URL with a path.
func (h *Handler) RegisterAtRoot(r *mux.Router) {
	if h.basePath != "" {
		h.registerMetadata(r, h.basePath)
	}
}

func (h *Handler) registerMetadata(r *mux.Router, suffix string) {
	r.Handle(authorizationServerPath+suffix, web.JSON(h.log, h.authorizationServer)).Methods(http.MethodGet)
	r.Handle(protectedResourcePath+suffix, web.JSON(h.log, h.protectedResource)).Methods(http.MethodGet)
}
