package account

import (
	"context"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// AuthorizedApps are the apps that people let act for them; consent.Handler satisfies it.
type AuthorizedApps interface {
	// AuthorizedApps lists a person's apps, by name.
	AuthorizedApps(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error)
	// AuthorizedApp returns ErrNotFound for an app that the person did not authorise.
	AuthorizedApp(ctx context.Context, userID, appID string) (gatehouse.ConsentedApp, error)
	// Revoke kills every code and token of the app for the person. ErrNotFound: there is nothing to revoke.
	Revoke(ctx context.Context, actorID, userID, appID string) error
}

// SessionLister lists where a person is signed in.
type SessionLister interface {
	// UserSessions lists expired sessions too, the most recently seen first.
	UserSessions(ctx context.Context, userID string) ([]gatehouse.Session, error)
}

// SecurityConfig is what a SecurityHandler is made of.
type SecurityConfig struct {
	Pages    web.Pages
	Service  *Service
	Users    *Users
	Sessions SessionLister
	Apps     AuthorizedApps
	Cookies  Cookies // the same as the Authenticator's
}

// SecurityHandler serves the pages that everybody has: the start page and
// Settings > Security. A person acts on their own account only; no form names one.
type SecurityHandler struct {
	SecurityConfig
}

// NewSecurityHandler returns a SecurityHandler.
func NewSecurityHandler(c SecurityConfig) *SecurityHandler { return &SecurityHandler{c} }

const securityPath = "/settings/security"

// Register adds the pages to a router that is below the base path.
func (h *SecurityHandler) Register(r *mux.Router) {
	handle := func(path, method string, f web.VisitFunc) {
		r.Handle(path, h.Pages.Handle(f)).Methods(method)
	}
	// What only takes a POST shows the page when it is asked for: signing in leads
	// back to the address of the form, and people reload it.
	act := func(path string, f web.VisitFunc) {
		handle(path, http.MethodPost, f)
		handle(path, http.MethodGet, func(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
			web.Redirect(w, r, h.Cookies.BasePath+securityPath)
			return nil
		})
	}
	handle("/", http.MethodGet, h.home)
	handle(securityPath, http.MethodGet, h.page)
	act(securityPath+"/password", h.changePassword)
	act(securityPath+"/sign-out-elsewhere", h.signOutElsewhere)
	act(securityPath+"/sessions/{session_id}/sign-out", h.signOutSession)
	handle(securityPath+"/apps/{app_id}/revoke", http.MethodGet, h.askToRevoke)
	handle(securityPath+"/apps/{app_id}/revoke", http.MethodPost, h.revoke)
}

// page is GET /settings/security.
func (h *SecurityHandler) page(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.render(w, r, v, http.StatusOK, nil)
}

// render shows the page, with the errors of the form that it has.
func (h *SecurityHandler) render(w http.ResponseWriter, r *http.Request, v web.Visit, status int, passwordErrors map[string]string) error {
	page := templates.SecurityPage{ProviderEnabled: v.Settings.EnableOAuthServiceProvider, PasswordErrors: passwordErrors}
	sessions, err := h.sessions(r.Context(), v)
	if err != nil {
		return err
	}
	page.Sessions = sessions
	if page.ProviderEnabled {
		page.Page = web.PageNumber(r)
		if page.Apps, page.HasMore, err = h.apps(r.Context(), v.User.ID, page.Page); err != nil {
			return err
		}
	}
	frame := v.Frame()
	if status == http.StatusOK {
		frame.Notice = securityNotice(r.URL.Query().Get("done"))
	}
	return h.Pages.Renderer.Render(w, status, frame, page)
}

// sessions are those that have not expired, in the order of their last use.
func (h *SecurityHandler) sessions(ctx context.Context, v web.Visit) ([]templates.SessionItem, error) {
	all, err := h.Sessions.UserSessions(ctx, v.User.ID)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	items := make([]templates.SessionItem, 0, len(all))
	for _, s := range all {
		if now.Before(s.ExpiresAt) {
			items = append(items, templates.SessionItem{Session: s, Current: s.ID == v.Session.ID})
		}
	}
	return items, nil
}

// done leads back to the page, which then says what happened. Only the name of
// the sentence travels, so that a link cannot put words into our mouth.
func (h *SecurityHandler) done(w http.ResponseWriter, r *http.Request, what string) error {
	web.Redirect(w, r, h.Cookies.BasePath+securityPath+"?done="+what)
	return nil
}

func securityNotice(what string) string {
	return map[string]string{
		"password":     "Your password was changed. Every other session and every app has to sign in again.",
		"elsewhere":    "You are signed out everywhere else.",
		"session":      "That session was signed out.",
		"session-gone": "That session had ended already.",
		"app":          "The app was revoked. Its codes and tokens are dead.",
		"app-gone":     "The app had been revoked already.",
	}[what]
}
