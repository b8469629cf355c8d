package account

import (
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// setUpPage is GET /setup?token=…
func (h *Handler) setUpPage(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	if err := h.checkSetUp(r, token); err != nil {
		return h.explainSetUp(w, r, err)
	}
	return h.Renderer.Render(w, http.StatusOK, templates.Frame{}, templates.SetUpPage{Token: token})
}

// setUp is POST /setup: it makes the first System Admin and signs them in.
func (h *Handler) setUp(w http.ResponseWriter, r *http.Request) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	token, password := r.PostForm.Get("token"), r.PostForm.Get("password")
	if err := h.checkSetUp(r, token); err != nil {
		return h.explainSetUp(w, r, err)
	}
	typed := gatehouse.User{Username: r.PostForm.Get("username"), Email: r.PostForm.Get("email")}
	admin, err := h.SetUp.CreateAdmin(r.Context(), typed, password)
	if errors.Is(err, gatehouse.ErrConflict) {
		return h.explainSetUp(w, r, errSetUpDone)
	}
	if err != nil {
		return h.renderSetUpAgain(w, err, templates.SetUpPage{Token: token, Username: typed.Username, Email: typed.Email})
	}
	session, _, err := h.Service.StartSession(r.Context(), admin, deviceOf(r), "")
	if err != nil {
		return err // The account is made: the person can sign in.
	}
	h.Cookies.set(w, r, session, admin.ID)
	h.goOn(w, r, "")
	return nil
}

// renderSetUpAgain shows the form with what has to be changed, or returns err
// when that is not up to the person.
func (h *Handler) renderSetUpAgain(w http.ResponseWriter, err error, page templates.SetUpPage) error {
	var refused *web.Error
	page.FieldErrors = web.FieldErrors(err)
	switch {
	case len(page.FieldErrors) > 0:
		return h.Renderer.Render(w, http.StatusBadRequest, templates.Frame{}, page)
	case errors.As(err, &refused):
		web.SetRetryAfter(w, refused)
		page.Error = refused.Message
		return h.Renderer.Render(w, refused.Status, templates.Frame{}, page)
	}
	return err
}

// What stands in the way of setting up, other than a broken database.
var (
	errSetUpDone = errors.New("account: the gateway is set up already")
	errSetUpLink = errors.New("account: not the newest set-up link")
)

func (h *Handler) checkSetUp(r *http.Request, token string) error {
	needed, err := h.SetUp.Needed(r.Context())
	switch {
	case err != nil:
		return err
	case !needed:
		return errSetUpDone
	case !h.SetUp.Admits(token):
		return errSetUpLink
	}
	return nil
}

// explainSetUp says on a page why there is nothing to set up here, or returns err.
func (h *Handler) explainSetUp(w http.ResponseWriter, r *http.Request, err error) error {
	page := templates.ErrorPage{RequestID: web.RequestID(r.Context())}
	switch {
	case errors.Is(err, errSetUpDone):
		page.Status, page.Title = http.StatusNotFound, "This gateway is set up"
		page.Message = "There are people already, so this link has done its work. Sign in, or ask a System Admin for an account."
		page.BackURL, page.BackLabel = h.Cookies.BasePath+"/login", "Sign in"
	case errors.Is(err, errSetUpLink):
		page.Status, page.Title = http.StatusForbidden, "This set-up link is not valid"
		page.Message = "Open the newest link in the log of the gateway, or restart the gateway to get a new one."
	default:
		return err
	}
	return h.Renderer.Render(w, page.Status, templates.Frame{}, page)
}
