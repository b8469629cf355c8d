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
	page := templates.ErrorPage{
		Status: http.StatusNotImplemented, RequestID: web.RequestID(r.Context()), BackURL: h.basePath + "/",
		Message: errTurnedOff().Message + " Ask them to turn it on.",
	}
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

const noticeCookie = "GATEHOUSE_NOTICE"

// redirect answers a form: go on with a GET, and show the notice there. It travels
// in a cookie that names it, so that no link can make a page say it.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request, to, notice string) {
	http.SetCookie(w, h.noticeCookie(r, notice, 60))
	web.Redirect(w, r, to)
}

// frame is the frame of a page, with the notice if there is one, which is then over.
func (h *Handler) frame(w http.ResponseWriter, r *http.Request, v web.Visit) templates.Frame {
	frame := v.Frame()
	if c, err := r.Cookie(noticeCookie); err == nil {
		frame.Notice = noticeTexts[c.Value]
		http.SetCookie(w, h.noticeCookie(r, "", -1))
	}
	return frame
}

func (h *Handler) noticeCookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: noticeCookie, Value: value, Path: h.basePath + pagesPath, MaxAge: maxAge, HttpOnly: true,
		Secure: strings.HasPrefix(h.siteURL, "https:") || web.ClientOf(r).HTTPS, SameSite: http.SameSiteLaxMode,
	}
}
