package provider

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// Apps looks up clients.
type Apps interface {
	// App returns the app. ErrNotFound: there is none with this id.
	App(ctx context.Context, id string) (gatehouse.App, error)
}

// Settings reads the switches of this moment.
type Settings interface {
	Settings(ctx context.Context) (gatehouse.Settings, error)
}

// SignIn knows who is at the browser.
type SignIn interface {
	// Caller returns who the request comes from. ErrNotFound: nobody.
	Caller(r *http.Request) (gatehouse.Caller, error)
	// RequireCaller is Caller for JSON endpoints: its errors are the contract's (C 1.1).
	RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error)
}

// Consents knows what people agreed to, and asks them.
type Consents interface {
	// Decide says whether the person must be asked.
	Decide(ctx context.Context, r gatehouse.ConsentRequest) (gatehouse.ConsentDecision, error)
	// Ask shows the consent page.
	Ask(w http.ResponseWriter, r *http.Request, c gatehouse.ConsentRequest, d gatehouse.ConsentDecision) error
	// Allow remembers the yes and returns it. ErrNotFound: the app or user is gone.
	Allow(ctx context.Context, r gatehouse.ConsentRequest, d gatehouse.ConsentDecision) (gatehouse.Consent, error)
	// Deny records the no, which is not remembered: the person is asked again next time.
	Deny(ctx context.Context, r gatehouse.ConsentRequest)
}

// Config is what a Handler is made of.
type Config struct {
	Issuer   string // the site URL, exactly (RFC 8414 §2, RFC 9207 §2)
	BasePath string // its path, "" or "/sso"
	Tokens   *Tokens
	Apps     Apps
	Grants   Grants
	Settings Settings
	SignIn   SignIn
	Consents Consents
	Auditor  audit.Recorder
	Renderer *templates.Renderer
	// Observe is told how requests ended; nil for nobody. It must not block.
	Observe func(Event)
	Log     *slog.Logger
}

// Handler serves the protocol endpoints.
type Handler struct {
	issuer   string
	basePath string
	fosite   fosite.OAuth2Provider
	tokens   *Tokens
	apps     Apps
	grants   Grants
	settings Settings
	signIn   SignIn
	consents Consents
	renderer *templates.Renderer
	observe  func(Event)
	log      *slog.Logger
}

// New composes fosite and returns the endpoints around it.
func New(c Config) *Handler {
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	store := &fositeStore{tokens: c.Tokens, grants: c.Grants, trail: audit.NewTrail(c.Auditor, c.Log), log: c.Log}
	return &Handler{
		issuer: c.Issuer, basePath: c.BasePath, tokens: c.Tokens, apps: c.Apps, grants: c.Grants, settings: c.Settings,
		signIn: c.SignIn, consents: c.Consents, renderer: c.Renderer, observe: c.Observe, log: c.Log,
		fosite: composeFosite(store),
	}
}

// Register adds the endpoints to a router below the base path.
func (h *Handler) Register(r *mux.Router) {
	r.Handle("/oauth/authorize", web.Page(h.log, h.renderer, h.counted(h.authorize))).Methods(http.MethodGet)
	r.Handle("/oauth/authorize", web.JSON(h.log, h.counted(h.authorizeJSON))).Methods(http.MethodPost).MatcherFunc(isJSON)
	r.Handle("/oauth/authorize", web.Page(h.log, h.renderer, h.counted(h.decide))).Methods(http.MethodPost)
	r.HandleFunc("/oauth/access_token", h.token).Methods(http.MethodPost)
	r.HandleFunc("/oauth/introspect", h.introspect).Methods(http.MethodPost)
	r.HandleFunc("/oauth/revoke", h.revoke).Methods(http.MethodPost)
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

// composeFosite lists the handlers in the order in which they judge: our rules
// first, so that they name what is wrong.
func composeFosite(store *fositeStore) fosite.OAuth2Provider {
	config := &fosite.Config{
		AuthorizeCodeLifespan:       codeLifetime,
		EnforcePKCEForPublicClients: true, // the second lock: checkApp and rules come first
		// Plain challenges stay off: S256 only (C 2.4).
		ScopeStrategy:                anyScope,
		AudienceMatchingStrategy:     anyAudience,
		RefreshTokenScopes:           []string{}, // every confidential app gets refresh tokens (C 2.3)
		MinParameterEntropy:          1,          // state is optional, of any length up to the limit: see forFosite
		OmitRedirectScopeParam:       true,
		RedirectSecureChecker:        anyRegisteredURI,
		ClientAuthenticationStrategy: clientOfExchange,
	}
	return compose.Compose(config, store, &strategy{tokens: store.tokens},
		func(fosite.Configurator, interface{}, interface{}) interface{} { return &rules{store: store} },
		compose.OAuth2AuthorizeExplicitFactory,
		compose.OAuth2AuthorizeImplicitFactory,
		compose.OAuth2RefreshTokenGrantFactory,
		compose.OAuth2PKCEFactory,
	)
}

// anyScope lets every well-formed scope be asked for: the person sees and
// decides. check has refused malformed ones.
func anyScope([]string, string) bool { return true }

// anyAudience leaves fosite's own audience parameter without effect: the
// audience is the resource of RFC 8707.
func anyAudience([]string, []string) error { return nil }

// anyRegisteredURI allows http beyond localhost: which redirect URIs are
// acceptable was decided at registration (C 1.15) and again when matching.
func anyRegisteredURI(context.Context, *url.URL) bool { return true }
