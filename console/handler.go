package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// People makes and changes accounts, and audits it; account.Users satisfies it.
type Users interface {
	// CreateUser returns a *gatehouse.FieldError for each rule that is broken, joined.
	CreateUser(ctx context.Context, by gatehouse.Caller, user gatehouse.User, password string) (gatehouse.User, error)
	// SetPassword returns a *gatehouse.FieldError for password, or ErrNotFound.
	SetPassword(ctx context.Context, by gatehouse.Caller, userID, password string) error
	// SetActive returns ErrNotFound and ErrLastSystemAdmin.
	SetActive(ctx context.Context, by gatehouse.Caller, userID string, active bool) error
	// SetSystemAdmin returns ErrNotFound and ErrLastSystemAdmin.
	SetSystemAdmin(ctx context.Context, by gatehouse.Caller, userID string, admin bool) error
}

// Store is what the pages show.
type Store interface {
	// SearchUsers lists, by username, whose username or email holds the text.
	SearchUsers(ctx context.Context, search string, offset, limit int) ([]gatehouse.User, error)
	// User returns ErrNotFound when there is none.
	User(ctx context.Context, id string) (gatehouse.User, error)
	// UserConsents lists the apps that a person authorised.
	UserConsents(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error)
	// App returns ErrNotFound when there is none.
	App(ctx context.Context, id string) (gatehouse.App, error)
	// AuditEvents lists what happened before the event with that id, newest first;
	// from the newest if the id is empty.
	AuditEvents(ctx context.Context, beforeID string, limit int) ([]gatehouse.AuditEvent, error)
}

// Config is what a Handler is made of.
type Config struct {
	Pages    web.Pages
	Users    Users
	Switches *Switches
	Store    Store
	BasePath string // "" or "/sso"
}

// Handler serves the pages of the console.
type Handler struct {
	Config
}

// NewHandler returns a Handler.
func NewHandler(c Config) *Handler { return &Handler{c} }

// Register adds the pages to a router that is below the base path.
func (h *Handler) Register(r *mux.Router) {
	handle := func(path, method string, f web.VisitFunc) {
		r.Handle(path, h.Pages.Require(gatehouse.PermissionManageSystem, "The console is for System Admins. Ask one of them for what you need.", f)).Methods(method)
	}
	const one = "/console/users/{user_id}"
	handle("/console", http.MethodGet, h.settingsPage)
	handle("/console", http.MethodPost, h.saveSettings)
	handle("/console/users", http.MethodGet, h.usersPage)
	handle("/console/users/add", http.MethodGet, h.userForm)
	handle("/console/users/add", http.MethodPost, h.addUser)
	handle(one, http.MethodGet, h.user(h.userPage))
	for _, deed := range []string{"password", "activate"} { // they only take a POST
		handle(one+"/"+deed, http.MethodGet, h.user(h.backToUser))
	}
	handle(one+"/password", http.MethodPost, h.user(h.setPassword))
	handle(one+"/activate", http.MethodPost, h.user(h.activate))
	for _, d := range dangerousDeeds() {
		handle(one+"/"+d.path, http.MethodGet, h.user(h.ask(d)))
		handle(one+"/"+d.path, http.MethodPost, h.user(h.carryOut(d)))
	}
	handle("/console/audit", http.MethodGet, h.auditPage)
}

// frame is what surrounds a page, with the sentence that the form before it left.
// Only the name of the sentence travels, so that a link cannot put words into our mouth.
func frame(r *http.Request, v web.Visit) templates.Frame {
	f := v.Frame()
	f.Notice = map[string]string{
		"saved":       "The settings were saved.",
		"unchanged":   "Nothing was changed.",
		"created":     "The user was created.",
		"password":    "The password was set. They are signed out everywhere.",
		"activated":   "The user was activated.",
		"deactivated": "The user was deactivated. They are signed out everywhere, and no app can act for them.",
		"promoted":    "The user is a System Admin now.",
		"demoted":     "The user is no System Admin any more.",
	}[r.URL.Query().Get("done")]
	return f
}

// done leads on to a page, which then says what happened.
func (h *Handler) done(w http.ResponseWriter, r *http.Request, path, what string) error {
	web.Redirect(w, r, h.BasePath+path+"?done="+what)
	return nil
}

// user serves a page about the user in the address.
func (h *Handler) user(f func(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error) web.VisitFunc {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit) error {
		id := mux.Vars(r)["user_id"]
		err := gatehouse.ErrNotFound
		var user gatehouse.User
		if gatehouse.ValidID(id) {
			user, err = h.Store.User(r.Context(), id)
		}
		if errors.Is(err, gatehouse.ErrNotFound) {
			return &web.Error{Status: http.StatusNotFound, ID: "app.user.missing_account.const", Message: "There is no such user. Look for them in the list of users."}
		}
		if err != nil {
			return err
		}
		return f(w, r, v, user)
	}
}
