package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// Users creates and changes users, and audits it; *account.Users implements it.
type Users interface {
	// CreateUser returns a *gatehouse.FieldError for each rule that is broken, joined.
	CreateUser(ctx context.Context, actor gatehouse.Caller, user gatehouse.User, password string) (gatehouse.User, error)
	// SetPassword returns a *gatehouse.FieldError for password, or ErrNotFound.
	SetPassword(ctx context.Context, actor gatehouse.Caller, userID, password string) error
	// SetActive returns ErrNotFound, and ErrLastSystemAdmin if no active System Admin
	// would remain.
	SetActive(ctx context.Context, actor gatehouse.Caller, userID string, active bool) error
	// SetSystemAdmin returns ErrNotFound, and ErrLastSystemAdmin if no active System
	// Admin would remain.
	SetSystemAdmin(ctx context.Context, actor gatehouse.Caller, userID string, admin bool) error
}

// Store is what package console needs of the storage; *storage.Store implements it.
// Each method returns gatehouse.ErrUnavailable if the database can't be reached.
type Store interface {
	// Settings returns the settings, at most a second old.
	Settings(ctx context.Context) (gatehouse.Settings, error)
	// SetSettings saves all values or none. It returns a *gatehouse.FieldError if a value
	// breaks a rule, and ErrSettingFixed if the environment fixes the setting.
	SetSettings(ctx context.Context, values map[string]string, actorID string, now time.Time) error
	// UnsetSetting deletes the stored value of a setting. It returns ErrSettingFixed if the
	// environment fixes the setting.
	UnsetSetting(ctx context.Context, key string) error

	// SearchUsers lists the users whose username or email contains the text, by username.
	SearchUsers(ctx context.Context, search string, offset, limit int) ([]gatehouse.User, error)
	// User returns ErrNotFound if the user does not exist.
	User(ctx context.Context, id string) (gatehouse.User, error)
	// UserConsents lists the apps that a user has authorized.
	UserConsents(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error)
	// App returns ErrNotFound if the app does not exist.
	App(ctx context.Context, id string) (gatehouse.App, error)
	// Groups lists groups by name.
	Groups(ctx context.Context, q gatehouse.GroupQuery) ([]gatehouse.Group, error)
	// Group returns ErrNotFound if the group does not exist.
	Group(ctx context.Context, id string) (gatehouse.Group, error)

	// AuditEvents lists the events before the event with this id, newest first. It starts
	// with the newest event if the id is "".
	AuditEvents(ctx context.Context, beforeID string, limit int) ([]gatehouse.AuditEvent, error)
	// RecordAuditEvent adds an event to the audit trail. It returns ErrRateLimited if one
	// of the limits has no attempt left.
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error
}

// Config configures a Handler.
type Config struct {
	Pages    web.Pages
	Users    Users
	Settings *SettingsEditor
	Keys     SigningKeys
	Store    Store
	BasePath string // "" or "/sso"
}

// Handler serves the pages of the console.
type Handler struct {
	pages    web.Pages
	users    Users
	settings *SettingsEditor
	keys     SigningKeys
	store    Store
	basePath string
}

// NewHandler returns a Handler.
func NewHandler(c Config) *Handler {
	return &Handler{pages: c.Pages, users: c.Users, settings: c.Settings, keys: c.Keys, store: c.Store, basePath: c.BasePath}
}

// Routes returns the pages. All of them need the permission manage_system (C 2.10).
func (h *Handler) Routes() []web.Route {
	require := func(f web.VisitFunc) web.VisitFunc {
		return web.Require(gatehouse.PermissionManageSystem, "Only System Admins can use the console. Ask a System Admin if you need access.", f)
	}
	get := func(path string, f web.VisitFunc) web.Route {
		return web.Route{Method: http.MethodGet, Path: path, Handler: h.pages.Handle(require(f))}
	}
	post := func(path string, f web.Form) web.Route {
		f.Show, f.Do = require(f.Show), require(f.Do)
		return web.Route{Method: http.MethodPost, Path: path, Handler: h.pages.Form(f)}
	}
	const user = "/console/users/{user_id}"
	userPage := h.withUser(h.userPage)
	pageOfUser := func(r *http.Request) string {
		return h.basePath + "/console/users/" + url.PathEscape(mux.Vars(r)["user_id"])
	}
	routes := []web.Route{
		get("/console", h.settingsPage),
		post("/console", web.Form{Show: h.settingsPage, Do: h.saveSettings, Keep: changedValues}),
		get("/console/users", h.usersPage),
		get("/console/users/add", h.userForm),
		post("/console/users/add", web.Form{Show: h.userForm, Do: h.addUser, Keep: web.KeepFields("username", "email", "is_admin")}),
		get(user, userPage),
		get(user+"/password", h.withUser(h.redirectToUser)),
		post(user+"/password", web.Form{Page: pageOfUser, Show: userPage, Do: h.withUser(h.setPassword)}),
		get(user+"/activate", h.withUser(h.redirectToUser)),
		post(user+"/activate", web.Form{Page: pageOfUser, Show: userPage, Do: h.withUser(h.activate)}),
		get("/console/keys", h.keysPage),
		get("/console/keys/rotate", h.redirectToKeys),
		post("/console/keys/rotate", web.Form{Page: func(*http.Request) string { return h.basePath + "/console/keys" }, Show: h.keysPage, Do: h.rotateKeys}),
		get("/console/audit", h.auditPage),
	}
	for _, a := range h.confirmedActions() {
		confirm := h.withUser(h.confirm(a))
		routes = append(routes, get(user+"/"+a.path, confirm), post(user+"/"+a.path, web.Form{Show: confirm, Do: h.withUser(h.carryOut(a))}))
	}
	return routes
}

// redirect answers a form: it redirects to a page, which shows the notice.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request, path, notice string) error {
	h.pages.Notices.Redirect(w, r, h.basePath+path, notice)
	return nil
}
