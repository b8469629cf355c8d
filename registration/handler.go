package registration

import (
	"context"
	"log/slog"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// Callers identifies the caller of an API request; *account.Authenticator implements it.
type Callers interface {
	// RequireCaller returns the contract's errors (C 1.1).
	RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error)
}

// Access changes who can use an app; *groups.Service implements it.
type Access interface {
	// OpenToAll opens an app to all users. It returns ErrNotFound.
	OpenToAll(ctx context.Context, actor gatehouse.Caller, appID string) error
	// OpenToGroups opens an app to the members of groups only. It returns a
	// *gatehouse.FieldError for groups, and ErrNotFound.
	OpenToGroups(ctx context.Context, actor gatehouse.Caller, appID string, groups []gatehouse.Group) error
}

// HandlerConfig configures a Handler.
type HandlerConfig struct {
	Apps    *Service
	Access  Access
	Store   Store
	Callers Callers
	Pages   web.Pages
	// SiteURL is the URL at which clients reach Gatehouse, without a slash at the end:
	// "https://example.com/sso". BasePath is its path: "/sso", or "".
	SiteURL, BasePath string
	Log               *slog.Logger
}

// Handler serves the management API and the Integrations pages. Both use the same
// permissions and actions (manage.go).
type Handler struct {
	apps              *Service
	access            Access
	store             Store
	callers           Callers
	pages             web.Pages
	siteURL, basePath string
	log               *slog.Logger
}

// NewHandler returns a Handler.
func NewHandler(c HandlerConfig) *Handler {
	return &Handler{apps: c.Apps, access: c.Access, store: c.Store, callers: c.Callers, pages: c.Pages, siteURL: c.SiteURL, basePath: c.BasePath, log: c.Log}
}

// The paths of the API and of the pages.
const (
	apiApps = "/api/v4/oauth/apps"
	apiApp  = apiApps + "/{app_id:[A-Za-z0-9]+}" // C 1.0, "Routing note"

	pageApps = "/integrations/oauth2-apps"
	pageApp  = pageApps + "/{app_id:[A-Za-z0-9]+}"
)

// Routes returns the API and the pages with their policies.
func (h *Handler) Routes() []web.Route {
	api := func(method, path string, f web.HandlerFunc) web.Route {
		return web.Route{Method: method, Path: path, Handler: web.JSON(h.log, f), Policy: web.APIPolicy()}
	}
	page := func(path string, f web.VisitFunc) web.Route {
		return web.Route{Method: http.MethodGet, Path: path, Handler: h.pages.Handle(h.guard(f))}
	}
	form := func(path string, f web.Form) web.Route {
		f.Show, f.Do = h.guard(f.Show), h.guard(f.Do)
		return web.Route{Method: http.MethodPost, Path: path, Handler: h.pages.Form(f)}
	}
	return []web.Route{
		api(http.MethodPost, apiApps, h.createApp),
		api(http.MethodGet, apiApps, h.listApps),
		api(http.MethodGet, apiApp, h.getApp),
		api(http.MethodGet, apiApp+"/info", h.getAppInfo),
		api(http.MethodPut, apiApp, h.updateApp),
		api(http.MethodDelete, apiApp, h.deleteApp),
		api(http.MethodPost, apiApp+"/regen_secret", h.regenerateSecret),

		page(pageApps, h.listPage),
		page(pageApps+"/add", h.addPage), // before pageApp, which matches it too
		form(pageApps+"/add", web.Form{Show: h.addPage, Do: h.add, Keep: keptFields}),
		page(pageApp, h.appPage),
		page(pageApp+"/created", h.createdPage),
		page(pageApp+"/edit", h.editPage),
		form(pageApp+"/edit", web.Form{Show: h.editPage, Do: h.edit, Keep: keptFields}),
		page(pageApp+"/regenerate", h.regeneratePage),
		form(pageApp+"/regenerate", web.Form{Show: h.regeneratePage, Do: h.regenerate}),
		page(pageApp+"/delete", h.deletePage),
		form(pageApp+"/delete", web.Form{Show: h.deletePage, Do: h.delete}),
	}
}
