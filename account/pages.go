package account

import (
	"errors"
	"net/http"
	"path"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// loginPage is GET /login. Who is signed in goes on at once, unless prompt=login
// asks them to prove it again, or prompt=select_account lets them be somebody else
// (the values of OpenID Connect Core §3.1.2.1).
func (h *Handler) loginPage(w http.ResponseWriter, r *http.Request) error {
	visitor, signedIn, err := h.visitor(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	page := templates.LoginPage{RedirectTo: h.wayBack(query.Get("redirect_to"))}
	if hint := query.Get("login_hint"); plausibleLogin(hint) { // OpenID Connect Core §3.1.2.1
		page.LoginID = hint
	}
	if signedIn {
		switch query.Get("prompt") {
		case "login":
			page.LoginID, page.ReauthenticateAs = visitor.User.Username, visitor.User.Username
		case "select_account":
		default:
			h.goOn(w, r, page.RedirectTo)
			return nil
		}
	}
	return h.renderLogin(w, r, http.StatusOK, visitor, page)
}

// login is POST /login: check, a new session, the old one ends, and on.
func (h *Handler) login(w http.ResponseWriter, r *http.Request) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	visitor, _, err := h.visitor(r)
	if err != nil {
		return err
	}
	loginID, from := r.PostForm.Get("login_id"), deviceOf(r)
	redirectTo := h.wayBack(r.PostForm.Get("redirect_to"))
	user, err := h.Service.SignIn(r.Context(), loginID, r.PostForm.Get("password"), from)
	if err == nil {
		var token string
		if token, _, err = h.Service.StartSession(r.Context(), user, from, visitor.Session.ID); err == nil {
			h.Observe(signInOutcome(nil))
			h.Cookies.set(w, r, token, user.ID)
			h.goOn(w, r, redirectTo)
			return nil
		}
	}
	h.Observe(signInOutcome(err))
	// What the person can mend is said on the page, with what they typed.
	var refused *web.Error
	if !errors.As(err, &refused) {
		return err
	}
	setRetryAfter(w, err)
	web.SetRetryAfter(w, refused)
	if len(loginID) > MaxEmailLength {
		loginID = ""
	}
	page := templates.LoginPage{LoginID: loginID, RedirectTo: redirectTo, Error: refused.Message}
	if visitor.User.ID != "" && isCalled(visitor.User, loginID) {
		page.ReauthenticateAs = visitor.User.Username
	}
	return h.renderLogin(w, r, refused.Status, visitor, page)
}

// isCalled reports whether a person typed a name of u's.
func isCalled(u gatehouse.User, loginID string) bool {
	loginID = strings.TrimSpace(loginID)
	return strings.EqualFold(loginID, u.Username) || strings.EqualFold(loginID, u.Email)
}

func (h *Handler) renderLogin(w http.ResponseWriter, r *http.Request, status int, visitor gatehouse.Caller, page templates.LoginPage) error {
	frame := templates.Frame{}
	if visitor.User.ID != "" {
		var err error
		if frame, err = h.frame(r.Context(), visitor.User); err != nil {
			return err
		}
	}
	// Browsers apply form-action to the redirects that follow a form: a trusted
	// app's sign-in goes from this form straight on to the app (CSP3 §6.4.1).
	if page.RedirectTo != "" {
		if target := h.FormTargets.FormTarget(r.Context(), page.RedirectTo); target != "" {
			frame.FormTargets = []string{target}
		}
	}
	return h.Renderer.Render(w, status, frame, page)
}

// logoutPage is GET /logout: it asks, since any link may lead here.
func (h *Handler) logoutPage(w http.ResponseWriter, r *http.Request) error {
	visitor, signedIn, err := h.visitor(r)
	if err != nil {
		return err
	}
	if !signedIn {
		return h.Renderer.Render(w, http.StatusOK, templates.Frame{}, templates.SignedOutPage{})
	}
	frame, err := h.frame(r.Context(), visitor.User)
	if err != nil {
		return err
	}
	return h.Renderer.Render(w, http.StatusOK, frame, templates.LogoutPage{})
}

// logout is POST /logout.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request) error {
	visitor, signedIn, err := h.visitor(r)
	if err != nil {
		return err
	}
	if signedIn {
		if err := h.Service.EndSession(r.Context(), visitor, deviceOf(r)); err != nil {
			return err
		}
	}
	h.Cookies.clear(w, r)
	return h.Renderer.Render(w, http.StatusOK, templates.Frame{}, templates.SignedOutPage{})
}

// wayBack is where to go after signing in: a page of this gateway, or "" for none.
// What else lives on the host is none of our business, and may send people on.
func (h *Handler) wayBack(redirectTo string) string {
	redirectTo = web.LocalPath(redirectTo)
	below, _, _ := strings.Cut(redirectTo, "?")
	below, _, _ = strings.Cut(below, "#")
	if base := h.Cookies.BasePath; base != "" && !strings.HasPrefix(path.Clean(below)+"/", base+"/") {
		return ""
	}
	return redirectTo
}

// goOn sends the browser where it wanted to go, as a GET (RFC 9110 §15.4.4).
// redirectTo is a wayBack.
func (h *Handler) goOn(w http.ResponseWriter, r *http.Request, redirectTo string) {
	if redirectTo == "" {
		redirectTo = h.Cookies.BasePath + "/"
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, redirectTo, http.StatusSeeOther)
}
