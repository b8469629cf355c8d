package groups

import (
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// HandlerConfig configures a Handler.
type HandlerConfig struct {
	Groups   *Service
	Store    Store
	Pages    web.Pages
	BasePath string // "" or "/sso"
}

// Handler serves the pages of the console about groups.
type Handler struct {
	groups   *Service
	store    Store
	pages    web.Pages
	basePath string
}

// NewHandler returns a Handler.
func NewHandler(c HandlerConfig) *Handler {
	return &Handler{groups: c.Groups, store: c.Store, pages: c.Pages, basePath: c.BasePath}
}

// The paths of the pages.
const (
	pageGroups = "/console/groups"
	pageGroup  = pageGroups + "/{group_id}"
	pageMember = pageGroup + "/members/{user_id}/remove"
)

// Routes returns the pages. All of them need the permission manage_system (C 2.10).
func (h *Handler) Routes() []web.Route {
	require := func(f web.VisitFunc) web.VisitFunc {
		return web.Require(gatehouse.PermissionManageSystem, "Only System Admins can use the console. Ask a System Admin if you need access.", f)
	}
	get := func(path string, f web.VisitFunc) web.Route {
		return web.Route{Method: http.MethodGet, Path: path, Handler: h.pages.Handle(require(f))}
	}
	post := func(path string, f web.Form) web.Route {
		f.Show, f.Do = require(f.Show), require(f.Do)
		return web.Route{Method: http.MethodPost, Path: path, Handler: h.pages.Form(f)}
	}
	groupPage := h.withGroup(h.groupPage)
	return []web.Route{
		get(pageGroups, h.listPage),
		get(pageGroups+"/add", h.addPage), // before pageGroup, which matches it too
		post(pageGroups+"/add", web.Form{Show: h.addPage, Do: h.add, Keep: web.KeepFields("name", "description")}),
		get(pageGroup, groupPage),
		get(pageGroup+"/edit", h.withGroup(h.editPage)),
		post(pageGroup+"/edit", web.Form{Show: h.withGroup(h.editPage), Do: h.withGroup(h.edit), Keep: web.KeepFields("name", "description")}),
		get(pageGroup+"/delete", h.withGroup(h.deletePage)),
		post(pageGroup+"/delete", web.Form{Show: h.withGroup(h.deletePage), Do: h.withGroup(h.delete)}),
		get(pageGroup+"/members", h.withGroup(h.redirectToGroup)),
		post(pageGroup+"/members", web.Form{Page: h.pageOfGroup, Show: groupPage, Do: h.withGroup(h.addMember), Keep: web.KeepFields("login")}),
		get(pageMember, h.withMember(h.removePage)),
		post(pageMember, web.Form{Show: h.withMember(h.removePage), Do: h.withMember(h.removeMember)}),
	}
}

// groupURL returns the local URL of a group's page, or of a page below it such as "/edit".
func (h *Handler) groupURL(id, below string) string {
	return h.basePath + pageGroups + "/" + url.PathEscape(id) + below
}

// pageOfGroup returns the page that shows the form for a new member.
func (h *Handler) pageOfGroup(r *http.Request) string { return h.groupURL(mux.Vars(r)["group_id"], "") }

// redirect answers a form: it redirects to a page, which shows the notice.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request, to, notice string) error {
	h.pages.Notices.Redirect(w, r, to, notice)
	return nil
}

// The notices that a page shows once after a form.
const (
	noticeCreated = "group-created"
	noticeUpdated = "group-updated"
	noticeDeleted = "group-deleted"
	noticeAdded   = "member-added"
	noticeRemoved = "member-removed"
)

// notice returns the sentence that the form before this page left; "" if the page shows a
// refused form.
func (h *Handler) notice(w http.ResponseWriter, r *http.Request, v web.Visit) string {
	if v.Kept.Status != 0 {
		return ""
	}
	return h.pages.Notices.Take(w, r, map[string]string{
		noticeCreated: "The group was created. Add its members.",
		noticeUpdated: "The group was updated.",
		noticeDeleted: "The group was deleted.",
		noticeAdded:   "The user was added.",
		noticeRemoved: "The user was removed. Apps that the user can no longer use have lost access to the account.",
	})
}
