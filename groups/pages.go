package groups

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

const (
	groupsPerPage  = 50
	membersPerPage = 50
	appsOfGroup    = 200 // The page of a group shows no more.
)

// listPage is GET /console/groups?search=&page=.
func (h *Handler) listPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	page := templates.GroupsPage{Page: web.PageNumber(r), Search: strings.TrimSpace(r.URL.Query().Get("search"))}
	list, err := h.store.Groups(r.Context(), gatehouse.GroupQuery{Search: page.Search, Offset: (page.Page - 1) * groupsPerPage, Limit: groupsPerPage + 1})
	if err != nil {
		return err
	}
	if page.HasMore = len(list) > groupsPerPage; page.HasMore {
		list = list[:groupsPerPage]
	}
	ids := make([]string, len(list))
	for i, group := range list {
		ids[i] = group.ID
	}
	sizes, err := h.store.GroupSizes(r.Context(), ids)
	if err != nil {
		return err
	}
	for _, group := range list {
		page.Groups = append(page.Groups, templates.GroupItem{Group: group, Size: sizes[group.ID]})
	}
	frame := v.Frame()
	frame.Notice = h.notice(w, r, v)
	return h.pages.Renderer.Render(w, http.StatusOK, frame, page)
}

// addPage is GET /console/groups/add.
func (h *Handler) addPage(w http.ResponseWriter, _ *http.Request, v web.Visit) error {
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), v.Frame(), templates.GroupFormPage{
		Name: v.Kept.Values.Get("name"), Description: v.Kept.Values.Get("description"), Errors: v.Kept.Errors,
	})
}

// add is POST /console/groups/add.
func (h *Handler) add(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	group, err := h.groups.Create(r.Context(), v.Caller, r.PostForm.Get("name"), r.PostForm.Get("description"))
	if err != nil {
		return formError(err)
	}
	return h.redirect(w, r, h.groupURL(group.ID, ""), noticeCreated)
}

// formError returns the errors of the fields of a form, or the error itself if it is another
// one.
func formError(err error) error {
	if problems := web.FieldErrors(err); len(problems) > 0 {
		return &web.FormError{Status: http.StatusBadRequest, Errors: problems}
	}
	return err
}

// groupFunc serves a page about one group.
type groupFunc func(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group) error

// withGroup calls f with the group whose id is in the path, or answers with 404.
func (h *Handler) withGroup(f groupFunc) web.VisitFunc {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit) error {
		group, err := h.store.Group(r.Context(), mux.Vars(r)["group_id"])
		if errors.Is(err, gatehouse.ErrNotFound) {
			return noGroup(err)
		}
		if err != nil {
			return err
		}
		return f(w, r, v, group)
	}
}

func noGroup(cause error) *web.Error {
	return &web.Error{Status: http.StatusNotFound, ID: "app.group.not_found.app_error", Message: "This group does not exist. It may have been deleted.", Cause: cause}
}

// groupPage is GET /console/groups/{group_id}?page=.
func (h *Handler) groupPage(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group) error {
	page := templates.GroupPage{Group: group, Page: web.PageNumber(r), Login: v.Kept.Values.Get("login"), Errors: v.Kept.Errors}
	size, err := h.size(r.Context(), group)
	if err != nil {
		return err
	}
	page.Size = size
	if page.Members, err = h.store.GroupMembers(r.Context(), group.ID, (page.Page-1)*membersPerPage, membersPerPage+1); err != nil {
		return err
	}
	if page.HasMore = len(page.Members) > membersPerPage; page.HasMore {
		page.Members = page.Members[:membersPerPage]
	}
	if page.Apps, err = h.store.Apps(r.Context(), gatehouse.AppQuery{GroupID: group.ID, Limit: appsOfGroup}); err != nil {
		return err
	}
	frame := v.Frame()
	frame.Notice = h.notice(w, r, v)
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), frame, page)
}

func (h *Handler) size(ctx context.Context, group gatehouse.Group) (gatehouse.GroupSize, error) {
	sizes, err := h.store.GroupSizes(ctx, []string{group.ID})
	return sizes[group.ID], err
}

// redirectToGroup answers a GET for the address of a form, which users reload.
func (h *Handler) redirectToGroup(w http.ResponseWriter, r *http.Request, _ web.Visit, group gatehouse.Group) error {
	web.Redirect(w, r, h.groupURL(group.ID, ""))
	return nil
}

// editPage is GET /console/groups/{group_id}/edit.
func (h *Handler) editPage(w http.ResponseWriter, _ *http.Request, v web.Visit, group gatehouse.Group) error {
	page := templates.GroupFormPage{ID: group.ID, CurrentName: group.Name, Name: group.Name, Description: group.Description, Errors: v.Kept.Errors}
	if len(v.Kept.Values) > 0 {
		page.Name, page.Description = v.Kept.Values.Get("name"), v.Kept.Values.Get("description")
	}
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), v.Frame(), page)
}

// edit is POST /console/groups/{group_id}/edit.
func (h *Handler) edit(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group) error {
	_, err := h.groups.Update(r.Context(), v.Caller, group.ID, func(g *gatehouse.Group) {
		g.Name, g.Description = r.PostForm.Get("name"), r.PostForm.Get("description")
	})
	if errors.Is(err, gatehouse.ErrNotFound) {
		return noGroup(err)
	}
	if err != nil {
		return formError(err)
	}
	return h.redirect(w, r, h.groupURL(group.ID, ""), noticeUpdated)
}

// deletePage is GET /console/groups/{group_id}/delete. It says what stops working.
func (h *Handler) deletePage(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group) error {
	size, err := h.size(r.Context(), group)
	if err != nil {
		return err
	}
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), v.Frame(), templates.ConfirmPage{
		Kind: templates.ConfirmDeleteGroup, Name: group.Name, Users: size.Members, Apps: size.Apps,
		Action: h.groupURL(group.ID, "/delete"), CancelURL: h.groupURL(group.ID, ""),
	})
}

// delete is POST /console/groups/{group_id}/delete.
func (h *Handler) delete(w http.ResponseWriter, r *http.Request, v web.Visit, group gatehouse.Group) error {
	err := h.groups.Delete(r.Context(), v.Caller, group.ID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return noGroup(err)
	}
	if err != nil {
		return err
	}
	return h.redirect(w, r, h.basePath+pageGroups, noticeDeleted)
}
