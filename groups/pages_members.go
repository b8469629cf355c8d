package groups

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// addMember is POST /console/groups/{group_id}/members.
func (h *Handler) addMember(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group) error {
	refuse := func(message string) error {
		return &web.FormError{Status: http.StatusBadRequest, Errors: map[string]string{"login": message}}
	}
	login := strings.TrimSpace(r.PostForm.Get("login"))
	if login == "" {
		return refuse("Enter a username or an email.")
	}
	user, err := h.store.UserByLogin(r.Context(), login)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return refuse("No user has this username or email. The console lists all users.")
	}
	if err == nil {
		err = h.groups.AddMember(r.Context(), v.Caller, group, user)
	}
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		return refuse("This user is already in the group.")
	case errors.Is(err, gatehouse.ErrNotFound): // deleted since
		return noGroup(err)
	case err != nil:
		return err
	}
	return h.redirect(w, r, h.groupURL(group.ID, ""), noticeAdded)
}

// memberFunc serves a page about one member of a group.
type memberFunc func(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group, user gatehouse.User) error

// withMember calls f with the group and the user of the path, or answers with 404.
func (h *Handler) withMember(f memberFunc) web.VisitFunc {
	return h.withGroup(func(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group) error {
		user, err := h.store.User(r.Context(), mux.Vars(r)["user_id"])
		if errors.Is(err, gatehouse.ErrNotFound) {
			return &web.Error{Status: http.StatusNotFound, ID: "app.user.missing_account.const", Message: "This user does not exist. Find the user in the list of users.", Cause: err}
		}
		if err != nil {
			return err
		}
		return f(w, r, v, group, user)
	})
}

// removePage is GET /console/groups/{group_id}/members/{user_id}/remove.
func (h *Handler) removePage(w http.ResponseWriter, _ *http.Request, v web.Visit, group gatehouse.Group, user gatehouse.User) error {
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), v.Frame(), templates.ConfirmPage{
		Kind: templates.ConfirmRemoveMember, Name: user.DisplayName(), Group: group.Name,
		Action: h.groupURL(group.ID, "/members/"+user.ID+"/remove"), CancelURL: h.groupURL(group.ID, ""),
	})
}

// removeMember is POST /console/groups/{group_id}/members/{user_id}/remove. A user who is not
// in the group, because the form was sent twice, needs no error.
func (h *Handler) removeMember(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group, user gatehouse.User) error {
	if err := h.groups.RemoveMember(r.Context(), v.Caller, group, user); err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return err
	}
	return h.redirect(w, r, h.groupURL(group.ID, ""), noticeRemoved)
}
