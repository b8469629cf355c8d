package console

import (
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// userPage is GET /console/users/{user_id}.
func (h *Handler) userPage(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
	return h.renderUser(w, r, v, user, nil)
}

// renderUser shows a user, with the errors of the form that the page has.
func (h *Handler) renderUser(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User, problems map[string]string) error {
	const many = 1000 // the page says how many; nobody counts further
	apps, err := h.Store.UserConsents(r.Context(), user.ID, 0, many)
	if err != nil {
		return err
	}
	status, f := http.StatusOK, frame(r, v)
	if len(problems) > 0 {
		status, f = http.StatusBadRequest, v.Frame()
	}
	return h.Pages.Renderer.Render(w, status, f, templates.UserPage{User: user, IsSelf: user.ID == v.User.ID, Apps: len(apps), Errors: problems})
}

// backToUser shows the page that a form is on when its address is asked for:
// signing in leads back to it, and people reload it.
func (h *Handler) backToUser(w http.ResponseWriter, r *http.Request, _ web.Visit, user gatehouse.User) error {
	web.Redirect(w, r, h.BasePath+"/console/users/"+user.ID)
	return nil
}

// setPassword is POST /console/users/{user_id}/password. One's own password needs
// the old one, so it is changed under Security: a session that somebody left open
// must not be enough.
func (h *Handler) setPassword(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	if user.ID == v.User.ID {
		return forbidden("You change your own password under Security, with the one that you have.")
	}
	err := h.Users.SetPassword(r.Context(), v.Caller, user.ID, r.PostForm.Get("password"))
	if problems := web.FieldErrors(err); len(problems) > 0 {
		return h.renderUser(w, r, v, user, problems)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "/console/users/"+user.ID, "password")
}

// activate is POST /console/users/{user_id}/activate.
func (h *Handler) activate(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
	if err := h.Users.SetActive(r.Context(), v.Caller, user.ID, true); err != nil {
		return err
	}
	return h.done(w, r, "/console/users/"+user.ID, "activated")
}

// deed is something that is done to a user after asking.
type deed struct {
	path     string // below the user's page
	kind     templates.ConfirmKind
	notSelf  string // why nobody can do it to themselves; "" if they can
	carryOut func(h *Handler, r *http.Request, by gatehouse.Caller, userID string) error
	done     string // the sentence afterwards
}

func dangerousDeeds() []deed {
	return []deed{
		{"deactivate", templates.ConfirmDeactivateUser, "You cannot deactivate yourself. Ask another System Admin to do it.",
			func(h *Handler, r *http.Request, by gatehouse.Caller, userID string) error {
				return h.Users.SetActive(r.Context(), by, userID, false)
			}, "deactivated"},
		{"promote", templates.ConfirmPromoteUser, "",
			func(h *Handler, r *http.Request, by gatehouse.Caller, userID string) error {
				return h.Users.SetSystemAdmin(r.Context(), by, userID, true)
			}, "promoted"},
		{"demote", templates.ConfirmDemoteUser, "You cannot take the System Admin role from yourself. Ask another System Admin to do it.",
			func(h *Handler, r *http.Request, by gatehouse.Caller, userID string) error {
				return h.Users.SetSystemAdmin(r.Context(), by, userID, false)
			}, "demoted"},
	}
}

type userFunc = func(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error

// ask is GET /console/users/{user_id}/{deed}.
func (h *Handler) ask(d deed) userFunc {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
		if user.ID == v.User.ID && d.notSelf != "" {
			return forbidden(d.notSelf)
		}
		back := h.BasePath + "/console/users/" + user.ID
		return h.Pages.Renderer.Render(w, http.StatusOK, v.Frame(), templates.ConfirmPage{
			Kind: d.kind, Name: user.DisplayName(), Action: back + "/" + d.path, CancelURL: back,
		})
	}
}

// carryOut is POST /console/users/{user_id}/{deed}.
func (h *Handler) carryOut(d deed) userFunc {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
		if user.ID == v.User.ID && d.notSelf != "" {
			return forbidden(d.notSelf)
		}
		err := d.carryOut(h, r, v.Caller, user.ID)
		if errors.Is(err, gatehouse.ErrLastSystemAdmin) {
			back := h.BasePath + "/console/users/" + user.ID
			return h.Pages.Renderer.Render(w, http.StatusConflict, v.Frame(), templates.ErrorPage{
				Status: http.StatusConflict, Title: "Somebody has to stay in charge", RequestID: web.RequestID(r.Context()),
				Message: "This is the last active System Admin. Make somebody else a System Admin first.",
				BackURL: back, BackLabel: "Back to the user",
			})
		}
		if err != nil {
			return err
		}
		return h.done(w, r, "/console/users/"+user.ID, d.done)
	}
}

func forbidden(message string) *web.Error {
	e := web.Forbidden(nil)
	e.Message = message
	return e
}
