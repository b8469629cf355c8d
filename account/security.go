package account

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// AuthorizedApps lists and revokes the apps that a user has authorized; package consent
// implements it.
type AuthorizedApps interface {
	// AuthorizedApps lists a user's apps, by name.
	AuthorizedApps(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error)
	// AuthorizedApp returns ErrNotFound if the user has not authorized the app.
	AuthorizedApp(ctx context.Context, userID, appID string) (gatehouse.ConsentedApp, error)
	// Revoke invalidates every code and token that the app has for the user. It returns
	// ErrNotFound if the user has not authorized the app.
	Revoke(ctx context.Context, actorID, userID, appID string) error
}

// SecurityConfig configures a SecurityHandler.
type SecurityConfig struct {
	Pages   web.Pages
	Service *Service
	Users   *Users
	Store   Store
	Apps    AuthorizedApps
	Cookies Cookies // the same as the Authenticator's
}

// SecurityHandler serves the start page and the page Security, which every user has.
// Users change only their own account: no form names a user.
type SecurityHandler struct {
	pages   web.Pages
	service *Service
	users   *Users
	store   Store
	apps    AuthorizedApps
	cookies Cookies
}

// NewSecurityHandler returns a SecurityHandler.
func NewSecurityHandler(c SecurityConfig) *SecurityHandler {
	return &SecurityHandler{pages: c.Pages, service: c.Service, users: c.Users, store: c.Store, apps: c.Apps, cookies: c.Cookies}
}

const securityPath = "/settings/security"

// Routes returns the pages.
func (h *SecurityHandler) Routes() []web.Route {
	get := func(path string, f web.VisitFunc) web.Route {
		return web.Route{Method: http.MethodGet, Path: path, Handler: h.pages.Handle(f)}
	}
	securityPage := func(*http.Request) string { return h.pageURL() }
	post := func(path string, do web.VisitFunc) web.Route {
		return web.Route{Method: http.MethodPost, Path: path, Handler: h.pages.Form(web.Form{Page: securityPage, Show: h.page, Do: do})}
	}
	// W3C "A Well-Known URL for Changing Passwords" §3: password managers open this path at
	// the root of the host, whose pages may all be below the base path.
	changePassword := web.Route{Method: http.MethodGet, Path: "/.well-known/change-password",
		Handler: http.RedirectHandler(h.pageURL()+"#password-title", http.StatusSeeOther)}
	changePasswordAtRoot := changePassword
	changePasswordAtRoot.AtRoot = true
	return []web.Route{
		changePassword, changePasswordAtRoot,
		get("/", h.home),
		get(securityPath, h.page),
		get(securityPath+"/password", h.redirectToPage),
		post(securityPath+"/password", h.changePassword),
		get(securityPath+"/sign-out-elsewhere", h.redirectToPage),
		post(securityPath+"/sign-out-elsewhere", h.signOutElsewhere),
		get(securityPath+"/sessions/{session_id}/sign-out", h.redirectToPage),
		post(securityPath+"/sessions/{session_id}/sign-out", h.signOutSession),
		get(securityPath+"/apps/{app_id}/revoke", h.revokePage),
		{Method: http.MethodPost, Path: securityPath + "/apps/{app_id}/revoke", Handler: h.pages.Form(web.Form{Show: h.revokePage, Do: h.revoke})},
	}
}

// redirectToPage answers a GET for the address of a form, which users reload.
func (h *SecurityHandler) redirectToPage(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
	web.Redirect(w, r, h.pageURL())
	return nil
}

// pageURL returns the local URL of the page Security.
func (h *SecurityHandler) pageURL() string { return h.cookies.BasePath + securityPath }

// home is GET /, the start page.
func (h *SecurityHandler) home(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	const atMost = 1000 // The page shows no larger number.
	apps, err := h.apps.AuthorizedApps(r.Context(), v.User.ID, 0, atMost)
	if err != nil {
		return err
	}
	return h.pages.Renderer.Render(w, http.StatusOK, v.Frame(), templates.HomePage{
		Apps:            len(apps),
		ProviderEnabled: v.Settings.EnableOAuthServiceProvider,
	})
}

// page is GET /settings/security.
func (h *SecurityHandler) page(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	page := templates.SecurityPage{ProviderEnabled: v.Settings.EnableOAuthServiceProvider, PasswordErrors: v.Kept.Errors}
	sessions, err := h.activeSessions(r.Context(), v.User.ID)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		page.Sessions = append(page.Sessions, templates.SessionItem{Session: s, Current: s.ID == v.Session.ID})
	}
	page.Page = web.PageNumber(r)
	if page.Apps, page.HasMore, err = h.appsPage(r.Context(), v.User.ID, page.Page); err != nil {
		return err
	}
	frame := v.Frame()
	if v.Kept.Status == 0 {
		frame.Notice = h.pages.Notices.Take(w, r, securityNotices())
	}
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), frame, page)
}

// activeSessions lists the sessions of a user that have not expired, the most recently
// used first.
func (h *SecurityHandler) activeSessions(ctx context.Context, userID string) ([]gatehouse.Session, error) {
	sessions, err := h.store.UserSessions(ctx, userID)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return slices.DeleteFunc(sessions, func(s gatehouse.Session) bool { return !now.Before(s.ExpiresAt) }), nil
}

// signOutElsewhere is POST /settings/security/sign-out-elsewhere.
func (h *SecurityHandler) signOutElsewhere(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if _, err := h.service.EndOtherSessions(r.Context(), v.Caller, deviceOf(r)); err != nil {
		return err
	}
	return h.redirect(w, r, "elsewhere")
}

// signOutSession is POST /settings/security/sessions/{session_id}/sign-out. The answer
// is the same for a session that has ended and for another user's session.
func (h *SecurityHandler) signOutSession(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	id := mux.Vars(r)["session_id"]
	sessions, err := h.activeSessions(r.Context(), v.User.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(sessions, func(s gatehouse.Session) bool { return s.ID == id })
	if i < 0 {
		return h.redirect(w, r, "session-gone")
	}
	if err := h.service.EndOwnSession(r.Context(), v.Caller, sessions[i], deviceOf(r)); err != nil {
		return err
	}
	return h.redirect(w, r, "session")
}

// changePassword is POST /settings/security/password. It ends the user's other sessions
// and all grants, and gives the current session a new token, so that a copy of the
// cookie is useless too.
func (h *SecurityHandler) changePassword(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	currentPassword, newPassword, from := r.PostForm.Get("current_password"), r.PostForm.Get("new_password"), deviceOf(r)
	// The new password first: a mistake in it does not use up an attempt.
	err := CheckPassword(newPassword)
	if err == nil {
		err = h.service.CheckOwnPassword(r.Context(), v.User, currentPassword, from)
	}
	if err == nil {
		err = h.users.SetPassword(r.Context(), v.Caller, v.User.ID, newPassword)
	}
	if err != nil {
		return refusePassword(w, err)
	}
	token, err := h.service.RenewSession(r.Context(), v.Caller, from)
	if err != nil {
		return err // The password is changed, and the session keeps its token.
	}
	h.cookies.set(w, r, token, v.User.ID, v.SessionToken)
	return h.redirect(w, r, "password")
}

// refusePassword returns the errors that the user can correct as a *web.FormError. It
// returns every other error.
func refusePassword(w http.ResponseWriter, err error) error {
	var refused *web.Error
	problems := web.FieldErrors(err)
	switch {
	case problems["password"] != "": // CheckPassword's name for the field new_password
		return &web.FormError{Status: http.StatusBadRequest, Errors: map[string]string{"new_password": problems["password"]}}
	case len(problems) > 0:
		return &web.FormError{Status: http.StatusBadRequest, Errors: problems}
	case errors.As(err, &refused):
		setRetryAfter(w, err)
		web.SetRetryAfter(w, refused)
		return &web.FormError{Status: refused.Status, Errors: map[string]string{"": refused.Message}}
	}
	return err
}

// redirect answers a form: it redirects to the page, which shows the notice.
func (h *SecurityHandler) redirect(w http.ResponseWriter, r *http.Request, notice string) error {
	h.pages.Notices.Redirect(w, r, h.pageURL(), notice)
	return nil
}

// securityNotices are the notices of the page Security.
func securityNotices() map[string]string {
	return map[string]string{
		"password":     "Your password was changed. Your other sessions and all apps must sign in again.",
		"elsewhere":    "You are signed out everywhere else.",
		"session":      "The session was signed out.",
		"session-gone": "This session has already ended.",
		"app":          "The app was revoked. Its codes and tokens no longer work.",
		"app-gone":     "This app was already revoked.",
	}
}
