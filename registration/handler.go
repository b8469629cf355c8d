package registration

import (
	"context"
	"log/slog"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// Catalogue is what the API and the pages read.
type Catalogue interface {
	// App returns the app. ErrNotFound.
	App(ctx context.Context, id string) (gatehouse.App, error)
	// Apps lists apps by name.
	Apps(ctx context.Context, q gatehouse.AppQuery) ([]gatehouse.App, error)
	// AppUsage says how much apps are used; those that nobody uses are missing.
	AppUsage(ctx context.Context, appIDs []string) (map[string]gatehouse.AppUsage, error)
	// User returns the person. ErrNotFound.
	User(ctx context.Context, id string) (gatehouse.User, error)
	Settings(ctx context.Context) (gatehouse.Settings, error)
}

// Callers knows who is asking; account.Authenticator satisfies it.
type Callers interface {
	web.SignIn
	// RequireCaller's errors are the contract's (C 1.1).
	RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error)
}

// HandlerConfig is what a Handler is made of.
type HandlerConfig struct {
	Apps      *Service
	Catalogue Catalogue
	Callers   Callers
	Renderer  web.PageRenderer
	// SiteURL is where clients reach the gateway, without a slash at its end:
	// "https://example.com/sso". BasePath is its path: "/sso", or "".
	SiteURL, BasePath string
	Log               *slog.Logger
}

// Handler serves the management API and the Integrations pages. Both go through
// the same decisions (actions.go), so that a right is checked in one place.
type Handler struct {
	HandlerConfig
}

// NewHandler returns a Handler.
func NewHandler(c HandlerConfig) *Handler { return &Handler{c} }

// The addresses of the API and of the pages.
const (
	apiApps = "/api/v4/oauth/apps"
	apiApp  = apiApps + "/{app_id:[A-Za-z0-9]+}" // C 1.0, "Routing note"

	pagesPath = "/integrations/oauth2-apps"
)

// Routes returns the API and the pages with their policies.
func (h *Handler) Routes() []web.Route {
	var routes []web.Route
	json := func(path, method string, f web.HandlerFunc) {
		routes = append(routes, web.Route{Method: method, Path: path, Handler: web.JSON(h.Log, f), Policy: web.APIPolicy()})
	}
	json(apiApps, http.MethodPost, h.createApp)
	json(apiApps, http.MethodGet, h.listApps)
	json(apiApp, http.MethodGet, h.getApp)
	json(apiApp+"/info", http.MethodGet, h.getAppInfo)
	json(apiApp, http.MethodPut, h.updateApp)
	json(apiApp, http.MethodDelete, h.deleteApp)
	json(apiApp+"/regen_secret", http.MethodPost, h.regenerateSecret)

	page := func(path, method string, f web.VisitFunc) {
		routes = append(routes, web.Route{Method: method, Path: pagesPath + path, Handler: h.page(f)})
	}
	page("", http.MethodGet, h.listPage)
	page("/add", http.MethodGet, h.addPage) // before /{app_id}
	page("/add", http.MethodPost, h.add)
	page("/{app_id:[A-Za-z0-9]+}", http.MethodGet, h.appPage)
	page("/{app_id:[A-Za-z0-9]+}/edit", http.MethodGet, h.editPage)
	page("/{app_id:[A-Za-z0-9]+}/edit", http.MethodPost, h.edit)
	page("/{app_id:[A-Za-z0-9]+}/regenerate", http.MethodGet, h.regeneratePage)
	page("/{app_id:[A-Za-z0-9]+}/regenerate", http.MethodPost, h.regenerate)
	page("/{app_id:[A-Za-z0-9]+}/delete", http.MethodGet, h.deletePage)
	page("/{app_id:[A-Za-z0-9]+}/delete", http.MethodPost, h.delete)
	return routes
}
