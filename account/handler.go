package account

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// FormTargets tells where a local URL redirects to; package provider implements it.
type FormTargets interface {
	// FormTarget returns the origin to which a local URL redirects a signed-in browser,
	// such as the origin of the redirect URI of an authorization request. It returns ""
	// if the URL does not redirect to another site.
	FormTarget(ctx context.Context, localURL string) string
}

// HandlerConfig configures a Handler.
type HandlerConfig struct {
	Service       *Service
	Authenticator *Authenticator
	SetUp         *SetUp
	Store         Store
	FormTargets   FormTargets
	Renderer      web.PageRenderer
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
	formTargets   FormTargets
	renderer      web.PageRenderer
	cookies       Cookies
	observe       func(outcome string)
	log           *slog.Logger
}

// NewHandler returns a Handler.
func NewHandler(c HandlerConfig) *Handler {
	h := &Handler{
		service: c.Service, authenticator: c.Authenticator, setup: c.SetUp, store: c.Store, formTargets: c.FormTargets,
		renderer: c.Renderer, cookies: c.Cookies, observe: c.Observe, log: c.Log,
	}
	if h.observe == nil {
		h.observe = func(string) {}
	}
	return h
}

// Register adds the endpoints to a router that is below the base path.
func (h *Handler) Register(r *mux.Router) {
	json := func(path, method string, f web.HandlerFunc) {
		r.Handle(path, web.JSON(h.log, f)).Methods(method)
	}
	page := func(path, method string, f web.HandlerFunc) {
		r.Handle(path, web.Page(h.log, h.renderer, f)).Methods(method)
	}
	json("/api/v4/users/login", http.MethodPost, h.apiLogin)
	json("/api/v4/users/logout", http.MethodPost, h.apiLogout)
	json("/api/v4/users/me", http.MethodGet, h.apiMe)
	json("/api/v4/users/{user_id}", http.MethodGet, h.apiUser)
	json("/api/v4/oauth_test", http.MethodGet, h.apiOAuthTest)

	page("/login", http.MethodGet, h.loginPage)
	page("/login", http.MethodPost, h.login)
	page("/logout", http.MethodGet, h.logoutPage)
	page("/logout", http.MethodPost, h.logout)
	page("/setup", http.MethodGet, h.setUpPage)
	page("/setup", http.MethodPost, h.setUp)
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
