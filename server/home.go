package server

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

// HomeStore is what the start page shows.
type HomeStore interface {
	Settings(ctx context.Context) (gatehouse.Settings, error)
	// UserConsents lists the apps that a person authorised, by name.
	UserConsents(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error)
}

// Visitors knows who looks at a page.
type Visitors interface {
	// Caller returns who the request comes from. ErrNotFound: nobody.
	Caller(r *http.Request) (gatehouse.Caller, error)
	// RedirectToLogin sends the browser to sign in and to come back.
	RedirectToLogin(w http.ResponseWriter, r *http.Request)
}

// Home is the start page, where people land who come without a purpose.
type Home struct {
	store    HomeStore
	visitors Visitors
	renderer *templates.Renderer
	log      *slog.Logger
}

// NewHome returns a Home.
func NewHome(store HomeStore, visitors Visitors, renderer *templates.Renderer, log *slog.Logger) *Home {
	return &Home{store: store, visitors: visitors, renderer: renderer, log: log}
}

// Register adds the page to a router below the base path.
func (h *Home) Register(r *mux.Router) {
	r.Handle("/", web.Page(h.log, h.renderer, h.page)).Methods(http.MethodGet)
}

func (h *Home) page(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.visitors.Caller(r)
	if errors.Is(err, gatehouse.ErrNotFound) || err == nil && caller.IsOAuth() {
		h.visitors.RedirectToLogin(w, r)
		return nil
	}
	if err != nil {
		return err
	}
	settings, err := h.store.Settings(r.Context())
	if err != nil {
		return err
	}
	const many = 1000 // the page says how many; nobody counts further
	apps, err := h.store.UserConsents(r.Context(), caller.User.ID, 0, many)
	if err != nil {
		return err
	}
	frame := templates.Frame{
		User:             &caller.User,
		ShowIntegrations: caller.User.Can(gatehouse.PermissionManageOAuth, settings),
		ShowConsole:      caller.User.Can(gatehouse.PermissionManageSystem, settings),
	}
	return h.renderer.Render(w, http.StatusOK, frame, templates.HomePage{Apps: len(apps), ProviderEnabled: settings.EnableOAuthServiceProvider})
}
