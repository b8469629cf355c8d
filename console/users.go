package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

const usersPerPage = 50

// usersPage is GET /console/users?search=&page=.
func (h *Handler) usersPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	page := templates.UsersPage{Page: web.PageNumber(r), Search: strings.TrimSpace(r.URL.Query().Get("search"))}
	users, err := h.store.SearchUsers(r.Context(), page.Search, (page.Page-1)*usersPerPage, usersPerPage+1)
	if err != nil {
		return err
	}
	if page.HasMore = len(users) > usersPerPage; page.HasMore {
		users = users[:usersPerPage]
	}
	page.Users = users
	return h.pages.Renderer.Render(w, http.StatusOK, v.Frame(), page)
}

// userForm is GET /console/users/add.
func (h *Handler) userForm(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), v.Frame(), templates.UserFormPage{
		Username: v.Kept.Values.Get("username"), Email: v.Kept.Values.Get("email"), IsAdmin: v.Kept.Values.Get("is_admin") == "true",
		Errors: v.Kept.Errors,
	})
}

// addUser is POST /console/users/add.
func (h *Handler) addUser(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	user := gatehouse.User{Username: r.PostForm.Get("username"), Email: r.PostForm.Get("email"), Roles: []string{gatehouse.RoleSystemUser}}
	if r.PostForm.Get("is_admin") == "true" {
		user.Roles = append(user.Roles, gatehouse.RoleSystemAdmin)
	}
	user, err := h.users.CreateUser(r.Context(), v.Caller, user, r.PostForm.Get("password"))
	if problems := web.FieldErrors(err); len(problems) > 0 {
		return &web.FormError{Status: http.StatusBadRequest, Errors: problems}
	}
	if err != nil {
		return err
	}
	return h.redirect(w, r, "/console/users/"+user.ID, "created")
}

// userFunc serves a page about one user.
type userFunc func(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error

// withUser calls f with the user whose id is in the path, or answers with 404.
func (h *Handler) withUser(f userFunc) web.VisitFunc {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit) error {
		user, err := h.loadUser(r.Context(), mux.Vars(r)["user_id"])
		if errors.Is(err, gatehouse.ErrNotFound) {
			return &web.Error{Status: http.StatusNotFound, ID: "app.user.missing_account.const", Message: "This user does not exist. Find the user in the list of users."}
		}
		if err != nil {
			return err
		}
		return f(w, r, v, user)
	}
}

// loadUser returns ErrNotFound for an unknown or malformed id.
func (h *Handler) loadUser(ctx context.Context, id string) (gatehouse.User, error) {
	if !gatehouse.ValidID(id) {
		return gatehouse.User{}, gatehouse.ErrNotFound
	}
	return h.store.User(ctx, id)
}

// userPage is GET /console/users/{user_id}.
func (h *Handler) userPage(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
	const atMost = 1000 // The page shows no larger number.
	apps, err := h.store.UserConsents(r.Context(), user.ID, 0, atMost)
	if err != nil {
		return err
	}
	const shownGroups = 200
	groups, err := h.store.Groups(r.Context(), gatehouse.GroupQuery{UserID: user.ID, Limit: shownGroups})
	if err != nil {
		return err
	}
	frame := v.Frame()
	if v.Kept.Status == 0 {
		frame.Notice = h.pages.Notices.Take(w, r, userNotices(user.Username))
	}
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), frame, templates.UserPage{
		User: user, IsSelf: user.ID == v.User.ID, Apps: len(apps), Groups: groups, Errors: v.Kept.Errors,
	})
}

// userNotices are the notices of a user's page.
func userNotices(username string) map[string]string {
	return map[string]string{
		"created":     fmt.Sprintf("User %s was created.", username),
		"password":    fmt.Sprintf("The password of user %s was changed. The user is signed out everywhere.", username),
		"activated":   fmt.Sprintf("User %s was activated.", username),
		"deactivated": fmt.Sprintf("User %s was deactivated and signed out everywhere. Apps no longer have access to the account.", username),
		"promoted":    fmt.Sprintf("User %s is now a System Admin.", username),
		"demoted":     fmt.Sprintf("User %s is no longer a System Admin.", username),
	}
}

// redirectToUser answers a GET for the address of a form, which users reload.
func (h *Handler) redirectToUser(w http.ResponseWriter, r *http.Request, _ web.Visit, user gatehouse.User) error {
	web.Redirect(w, r, h.userURL(user))
	return nil
}

// userURL returns the local URL of a user's page.
func (h *Handler) userURL(user gatehouse.User) string {
	return h.basePath + "/console/users/" + user.ID
}

// setPassword is POST /console/users/{user_id}/password. System Admins change their own
// password on the Security page, which asks for the current one: an unattended session
// must not be enough.
func (h *Handler) setPassword(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
	if user.ID == v.User.ID {
		return forbidden("Change your own password on the Security page. It asks for your current password.")
	}
	err := h.users.SetPassword(r.Context(), v.Caller, user.ID, r.PostForm.Get("password"))
	if problems := web.FieldErrors(err); len(problems) > 0 {
		return &web.FormError{Status: http.StatusBadRequest, Errors: problems}
	}
	if err != nil {
		return err
	}
	return h.redirect(w, r, "/console/users/"+user.ID, "password")
}

// activate is POST /console/users/{user_id}/activate.
func (h *Handler) activate(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
	if err := h.users.SetActive(r.Context(), v.Caller, user.ID, true); err != nil {
		return err
	}
	return h.redirect(w, r, "/console/users/"+user.ID, "activated")
}

func forbidden(message string) *web.Error {
	e := web.Forbidden(nil)
	e.Message = message
	return e
}
