package account

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// HandlerConfig configures a Handler.
type HandlerConfig struct {
	Service       *Service
	Authenticator *Authenticator
	SetUp         *SetUp
	Store         Store
	Renderer      web.PageRenderer
	Forms         *web.KeptForms
	Cookies       Cookies // the same as the Authenticator's
	// Observe is called with the outcome of each sign-in, one of SignInOutcomes; may be nil.
	Observe func(outcome string)
	Log     *slog.Logger
}

// Handler serves the pages and the API of signing in: api.go, login.go and setup.go.
type Handler struct {
	service       *Service
	authenticator *Authenticator
	setup         *SetUp
	store         Store
	renderer      web.PageRenderer
	forms         *web.KeptForms
	cookies       Cookies
	observe       func(outcome string)
	log           *slog.Logger
}

// NewHandler returns a Handler.
func NewHandler(c HandlerConfig) *Handler {
	h := &Handler{
		service: c.Service, authenticator: c.Authenticator, setup: c.SetUp, store: c.Store,
		renderer: c.Renderer, forms: c.Forms, cookies: c.Cookies, observe: c.Observe, log: c.Log,
	}
	if h.observe == nil {
		h.observe = func(string) {}
	}
	return h
}

// maxLoginURI has room for a return URL that is an authorization request, escaped.
const maxLoginURI = 3*web.MaxPageURI + 64

// Routes returns the pages and the API of signing in with their policies.
func (h *Handler) Routes() []web.Route {
	json := func(f web.HandlerFunc) http.Handler { return web.JSON(h.log, f) }
	page := func(f web.HandlerFunc) http.Handler { return web.Page(h.log, h.renderer, f) }
	// Pages of other origins may read the user of the access token that they send.
	bearer := web.Policy{Errors: web.ContractErrors, CORS: http.MethodGet}
	login := web.Policy{MaxURI: maxLoginURI}
	return []web.Route{
		{Method: http.MethodPost, Path: "/api/v4/users/login", Handler: json(h.apiLogin), Policy: web.APIPolicy()},
		{Method: http.MethodPost, Path: "/api/v4/users/logout", Handler: json(h.apiLogout), Policy: web.APIPolicy()},
		{Method: http.MethodGet, Path: "/api/v4/users/me", Handler: json(h.apiMe), Policy: bearer},
		{Method: http.MethodGet, Path: "/api/v4/users/{user_id}", Handler: json(h.apiUser), Policy: web.APIPolicy()},
		{Method: http.MethodPost, Path: "/api/v4/users/ids", Handler: json(h.apiUsersByID), Policy: web.APIPolicy()},
		{Method: http.MethodGet, Path: "/api/v4/oauth_test", Handler: json(h.apiOAuthTest), Policy: web.APIPolicy()},
		{Path: "/api/", Prefix: true, Policy: web.APIPolicy()}, // C 1.1, "JSON or HTML error?"

		{Method: http.MethodGet, Path: "/login", Handler: page(h.loginPage), Policy: login},
		{Method: http.MethodPost, Path: "/login", Handler: page(h.login), Policy: login},
		{Method: http.MethodGet, Path: "/logout", Handler: page(h.logoutPage)},
		{Method: http.MethodPost, Path: "/logout", Handler: page(h.logout)},
		{Method: http.MethodGet, Path: "/setup", Handler: page(h.setUpPage)},
		{Method: http.MethodPost, Path: "/setup", Handler: page(h.setUp)},
	}
}

// visitor returns the user who looks at a page and has a session. Pages do not accept
// access tokens.
func (h *Handler) visitor(r *http.Request) (caller gatehouse.Caller, signedIn bool, err error) {
	caller, err = h.authenticator.Caller(r)
	switch {
	case errors.Is(err, gatehouse.ErrNotFound) || err == nil && caller.IsOAuth():
		return gatehouse.Caller{}, false, nil
	case err != nil:
		return gatehouse.Caller{}, false, err
	}
	return caller, true, nil
}

func deviceOf(r *http.Request) Device {
	return Device{IP: web.ClientOf(r).IP, UserAgent: r.UserAgent()}
}

// frame returns the frame of a page for a signed-in user.
func (h *Handler) frame(ctx context.Context, u gatehouse.User) (templates.Frame, error) {
	settings, err := h.store.Settings(ctx)
	if err != nil {
		return templates.Frame{}, err
	}
	return templates.FrameFor(u, settings), nil
}
