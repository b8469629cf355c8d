package console

import (
	"net/http"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

const usersPerPage = 50

// usersPage is GET /console/users?search=&page=.
func (h *Handler) usersPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	page := templates.UsersPage{Page: web.PageNumber(r), Search: strings.TrimSpace(r.URL.Query().Get("search"))}
	users, err := h.Store.SearchUsers(r.Context(), page.Search, (page.Page-1)*usersPerPage, usersPerPage+1)
	if err != nil {
		return err
	}
	if page.HasMore = len(users) > usersPerPage; page.HasMore {
		users = users[:usersPerPage]
	}
	page.Users = users
	return h.Pages.Renderer.Render(w, http.StatusOK, frame(r, v), page)
}

// userForm is GET /console/users/add.
func (h *Handler) userForm(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.Pages.Renderer.Render(w, http.StatusOK, frame(r, v), templates.UserFormPage{})
}

// addUser is POST /console/users/add.
func (h *Handler) addUser(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	page := templates.UserFormPage{
		Username: r.PostForm.Get("username"), Email: r.PostForm.Get("email"), IsAdmin: r.PostForm.Get("is_admin") == "true",
	}
	user := gatehouse.User{Username: page.Username, Email: page.Email, Roles: []string{gatehouse.RoleSystemUser}}
	if page.IsAdmin {
		user.Roles = append(user.Roles, gatehouse.RoleSystemAdmin)
	}
	user, err := h.Users.CreateUser(r.Context(), v.Caller, user, r.PostForm.Get("password"))
	if page.Errors = web.FieldErrors(err); len(page.Errors) > 0 {
		return h.Pages.Renderer.Render(w, http.StatusBadRequest, v.Frame(), page)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "/console/users/"+user.ID, "created")
}
