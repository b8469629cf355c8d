package registration

import (
	"log/slog"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// Callers identifies the caller of a request; account.Authenticator implements it.
type Callers interface {
	web.SignIn
	// RequireCaller returns the contract's errors (C 1.1).
	RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error)
}

// HandlerConfig configures a Handler.
type HandlerConfig struct {
	Apps     *Service
	Store    Store
	Callers  Callers
	Renderer web.PageRenderer
	// SiteURL is the URL at which clients reach Gatehouse, without a slash at the end:
	// "https://example.com/sso". BasePath is its path: "/sso", or "".
	SiteURL, BasePath string
	Log               *slog.Logger
}

// Handler serves the management API and the Integrations pages. Both use the same
// permissions and actions (manage.go).
type Handler struct {
	apps              *Service
	store             Store
	callers           Callers
	renderer          web.PageRenderer
	siteURL, basePath string
	log               *slog.Logger
}

// NewHandler returns a Handler.
func NewHandler(c HandlerConfig) *Handler {
	return &Handler{apps: c.Apps, store: c.Store, callers: c.Callers, renderer: c.Renderer, siteURL: c.SiteURL, basePath: c.BasePath, log: c.Log}
}

// The paths of the API and of the pages.
const (
	apiApps = "/api/v4/oauth/apps"
	apiApp  = apiApps + "/{app_id:[A-Za-z0-9]+}" // C 1.0, "Routing note"

	pagesPath = "/integrations/oauth2-apps"
)

// Routes returns the API and the pages with their policies.
func (h *Handler) Routes() []web.Route {
	var routes []web.Route
	json := func(path, method string, f web.HandlerFunc) {
		routes = append(routes, web.Route{Method: method, Path: path, Handler: web.JSON(h.log, f), Policy: web.APIPolicy()})
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
