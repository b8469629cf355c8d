package account

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// loginPage is GET /login. A signed-in browser goes on at once, except with
// prompt=login, which asks the user to sign in again, and prompt=select_account, which
// lets another user sign in (OpenID Connect Core §3.1.2.1).
func (h *Handler) loginPage(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	returnURL := h.returnURL(query.Get("redirect_to"))
	if kept := h.forms.Load(r, ""); kept.Status != 0 {
		return h.renderLoginAgain(w, r, returnURL, kept)
	}
	visitor, signedIn, err := h.visitor(r)
	if err != nil {
		return err
	}
	page := templates.LoginPage{RedirectTo: returnURL}
	if hint := query.Get("login_hint"); plausibleLogin(hint) { // OpenID Connect Core §3.1.2.1
		page.LoginID = hint
	}
	if signedIn {
		switch query.Get("prompt") {
		case "login":
			page.LoginID, page.ReauthenticateAs = visitor.User.Username, visitor.User.Username
		case "select_account":
		default:
			h.redirectBack(w, r, page.RedirectTo)
			return nil
		}
	}
	return h.renderLogin(w, r, http.StatusOK, visitor, page)
}

// login is POST /login. It checks the password, replaces the browser's session and
// sends the browser to the return URL.
func (h *Handler) login(w http.ResponseWriter, r *http.Request) error {
	if err := web.ParseForm(w, r); err != nil {
		return h.refuseLogin(w, r, err)
	}
	loginID, password := r.PostForm.Get("login_id"), r.PostForm.Get("password")
	returnURL, from := h.returnURL(r.PostForm.Get("redirect_to")), deviceOf(r)
	visitor, _, err := h.visitor(r)
	if err != nil {
		return h.refuseLogin(w, r, err)
	}
	user, err := h.service.SignIn(r.Context(), loginID, password, from)
	token := ""
	if err == nil {
		token, err = h.service.StartSession(r.Context(), user, from, visitor.Session)
	}
	h.observe(signInOutcome(err))
	if err != nil {
		return h.refuseLogin(w, r, err)
	}
	h.cookies.set(w, r, token, user.ID, visitor.SessionToken)
	h.redirectBack(w, r, returnURL)
	return nil
}

// refuseLogin redirects to the sign-in page, which shows the reason and the login that was
// typed.
func (h *Handler) refuseLogin(w http.ResponseWriter, r *http.Request, err error) error {
	kept := web.KeptForm{Values: url.Values{}}
	// A login that cannot exist is not shown again: a cookie may have no room for it.
	if login := r.PostForm.Get("login_id"); len(login) <= maxEmailLength {
		kept.Values.Set("login_id", login)
	}
	page, returnURL := h.cookies.BasePath+"/login", h.returnURL(r.PostForm.Get("redirect_to"))
	if returnURL != "" {
		page += "?redirect_to=" + url.QueryEscape(returnURL)
	}
	setRetryAfter(w, err)
	if h.forms.Refuse(w, r, h.log, page, &kept, err) {
		return nil
	}
	return err
}

// renderLoginAgain shows the form with the reason of a refusal and the login that was
// typed.
func (h *Handler) renderLoginAgain(w http.ResponseWriter, r *http.Request, returnURL string, kept web.KeptForm) error {
	visitor, _, err := h.visitor(r)
	if err != nil {
		return err
	}
	page := templates.LoginPage{LoginID: kept.Values.Get("login_id"), RedirectTo: returnURL, Error: kept.Message}
	if visitor.User.ID != "" && hasLogin(visitor.User, page.LoginID) {
		page.ReauthenticateAs = visitor.User.Username
	}
	if kept.RetryAfter != "" {
		w.Header().Set("Retry-After", kept.RetryAfter)
	}
	return h.renderLogin(w, r, kept.StatusCode(), visitor, page)
}

// hasLogin reports whether the login is the user's username or email.
func hasLogin(u gatehouse.User, loginID string) bool {
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
	return h.renderer.Render(w, status, frame, page)
}

// logoutPage is GET /logout. It asks first, because a link on any site can lead here.
func (h *Handler) logoutPage(w http.ResponseWriter, r *http.Request) error {
	visitor, signedIn, err := h.visitor(r)
	if err != nil {
		return err
	}
	if !signedIn {
		return h.renderer.Render(w, http.StatusOK, templates.Frame{}, templates.SignedOutPage{})
	}
	frame, err := h.frame(r.Context(), visitor.User)
	if err != nil {
		return err
	}
	kept := h.forms.Load(r, visitor.User.ID)
	frame.Problem, frame.ProblemRequestID = kept.Message, kept.RequestID
	return h.renderer.Render(w, kept.StatusCode(), frame, templates.LogoutPage{})
}

// logout is POST /logout. The page that follows says that the user is signed out.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request) error {
	page := h.cookies.BasePath + "/logout"
	visitor, signedIn, err := h.visitor(r)
	switch {
	case err != nil:
	case signedIn:
		err = h.SignOut(w, r, visitor)
	default:
		h.cookies.clear(w, r, cookieValues(r, h.cookies.Session)...)
	}
	if err != nil {
		if h.forms.Refuse(w, r, h.log, page, &web.KeptForm{}, err) {
			return nil
		}
		return err
	}
	web.Redirect(w, r, page)
	return nil
}

// SignOut ends the session of the caller and deletes its cookies. If the caller is a
// browser, it ends each session that the browser has here: the site's own cookie and the
// cookie of the contract can hold different ones, and the other would keep the user signed in.
func (h *Handler) SignOut(w http.ResponseWriter, r *http.Request, caller gatehouse.Caller) error {
	own := cookieValues(r, h.cookies.Session)
	sessions := []gatehouse.Caller{caller}
	if slices.Contains(slices.Concat(own, cookieValues(r, cookieToken)), caller.SessionToken) {
		var err error
		if sessions, err = h.authenticator.browserSessions(r); err != nil {
			return err
		}
	}
	tokens := []string{caller.SessionToken}
	for _, s := range sessions {
		if err := h.service.EndSession(r.Context(), s, deviceOf(r)); err != nil {
			return err
		}
		tokens = append(tokens, s.SessionToken)
	}
	h.cookies.clear(w, r, tokens...)
	return nil
}

// returnURL returns redirectTo if it is a local URL below the base path, and "" otherwise.
func (h *Handler) returnURL(redirectTo string) string {
	return web.LocalURL(redirectTo, h.cookies.BasePath)
}

// redirectBack sends the browser to a return URL, or to the start page if it is "".
func (h *Handler) redirectBack(w http.ResponseWriter, r *http.Request, returnURL string) {
	if returnURL == "" {
		returnURL = h.cookies.BasePath + "/"
	}
	web.Redirect(w, r, returnURL)
}
