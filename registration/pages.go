package registration

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

// page serves a page of Integrations > OAuth 2.0 Applications: signed in? →
// manage_oauth? → is the provider on? (C 4.1)
func (h *Handler) page(f web.VisitFunc) http.Handler {
	pages := web.Pages{SignIn: h.callers, Settings: h.store, Renderer: h.renderer, Log: h.log}
	return pages.Handle(func(w http.ResponseWriter, r *http.Request, v web.Visit) error {
		switch {
		case !mayManageApps(v):
			return errNotAllowed(v)
		case !v.Settings.EnableOAuthServiceProvider:
			return h.turnedOffPage(w, r, v)
		}
		return f(w, r, v)
	})
}

// turnedOffPage says that the provider is off, and to whom can turn it on, where.
func (h *Handler) turnedOffPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	off := web.ProviderOff("api.oauth.allow_oauth.turn_off.app_error")
	page := templates.ErrorPage{Status: off.Status, Message: off.Message, RequestID: web.RequestID(r.Context()), BackURL: h.basePath + "/"}
	if v.Can(gatehouse.PermissionManageSystem) {
		page.Message = "While they are off, apps get no codes and no tokens, and cannot be managed. You can turn them on in the console."
		page.BackURL, page.BackLabel = h.basePath+"/console", "Go to the console"
	}
	return h.renderer.Render(w, page.Status, v.Frame(), page)
}

// appIDOf is the app that a page is about. An id of the wrong form belongs to no app.
func appIDOf(r *http.Request) string { return mux.Vars(r)["app_id"] }

// pageOf is the address of an app's page, or of one below it ("/edit").
func (h *Handler) pageOf(appID, below string) string {
	return h.basePath + pagesPath + "/" + appID + below
}

// usageOf says how much one app is used.
func (h *Handler) usageOf(ctx context.Context, appID string) (gatehouse.AppUsage, error) {
	usage, err := h.store.AppUsage(ctx, []string{appID})
	return usage[appID], err
}

// usernames are those of who registered apps. Somebody who is gone has none.
func (h *Handler) usernames(ctx context.Context, v web.Visit, apps ...gatehouse.App) (map[string]string, error) {
	names := map[string]string{"": "", v.User.ID: v.User.Username}
	for _, app := range apps {
		if _, ok := names[app.CreatorID]; ok {
			continue
		}
		user, err := h.store.User(ctx, app.CreatorID)
		if err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
			return nil, err
		}
		names[app.CreatorID] = user.Username
	}
	return names, nil
}

// The notices that a page shows once, after a redirect.
const (
	noticeUpdated     = "updated"
	noticeDeleted     = "deleted"
	noticeSentTwice   = "sent-twice"
	noticeRegenerated = "regenerated"
)

var noticeTexts = map[string]string{
	noticeUpdated:     "The application was updated.",
	noticeDeleted:     "The application was deleted.",
	noticeSentTwice:   "The form was sent twice, and the application was registered once. Its secret was shown the first time; if you did not copy it, regenerate it.",
	noticeRegenerated: "The secret was regenerated in the meantime, so it was left as it is. If you did not copy the new one, regenerate it again.",
}

// redirect answers a form: it redirects to a page, which shows the notice.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request, to, notice string) {
	h.notices().Redirect(w, r, to, notice)
}

// frame returns the frame of a page, with the notice that the form before it left.
func (h *Handler) frame(w http.ResponseWriter, r *http.Request, v web.Visit) templates.Frame {
	frame := v.Frame()
	frame.Notice = h.notices().Take(w, r, noticeTexts)
	return frame
}

func (h *Handler) notices() web.Notices {
	return web.Notices{BasePath: h.basePath, SiteHTTPS: strings.HasPrefix(h.siteURL, "https:")}
}
