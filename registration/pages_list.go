package registration

import (
	"net/http"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

const listPerPage = 50

// listPage is GET /integrations/oauth2-apps?search=…&page=… (C 4.2). It lists the apps of
// all users for a System Admin, and the user's own apps for other users.
func (h *Handler) listPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	page := templates.AppListPage{
		Search: strings.TrimSpace(r.URL.Query().Get("search")), Page: web.PageNumber(r),
		ShowsAll: mayManageAll(v),
	}
	query := gatehouse.AppQuery{Search: page.Search, Offset: (page.Page - 1) * listPerPage, Limit: listPerPage + 1}
	if !page.ShowsAll {
		query.CreatorID = v.User.ID
	}
	apps, err := h.store.Apps(r.Context(), query)
	if err != nil {
		return err
	}
	if page.HasMore = len(apps) > listPerPage; page.HasMore {
		apps = apps[:listPerPage]
	}
	ids := make([]string, len(apps))
	for i, app := range apps {
		ids[i] = app.ID
	}
	usage, err := h.store.AppUsage(r.Context(), ids)
	if err != nil {
		return err
	}
	creators, err := h.loadCreators(r.Context(), v, apps...)
	if err != nil {
		return err
	}
	for _, app := range apps {
		page.Items = append(page.Items, templates.AppItem{App: app, Usage: usage[app.ID], Creator: creators[app.CreatorID].Username, CreatorDeactivated: isDeactivated(creators[app.CreatorID])})
	}
	return h.pages.Renderer.Render(w, http.StatusOK, h.frame(w, r, v), page)
}
