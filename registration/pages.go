package registration

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// guard returns f for the pages of Integrations > OAuth 2.0 Applications. They need a
// signed-in user with the permission manage_oauth, and the provider must be on (C 4.1).
func (h *Handler) guard(f web.VisitFunc) web.VisitFunc {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit) error {
		switch {
		case !mayManageApps(v):
			return errNotAllowed(v)
		case !v.Settings.EnableOAuthServiceProvider:
			return h.providerOff(v)
		}
		return f(w, r, v)
	}
}

// providerOff says that the provider is off. For a user who can turn it on, it links to the
// console.
func (h *Handler) providerOff(v web.Visit) error {
	off := web.ProviderOff("api.oauth.allow_oauth.turn_off.app_error")
	if v.Can(gatehouse.PermissionManageSystem) {
		off.Message = "While OAuth 2.0 applications are turned off, apps get no codes and no tokens, and you can't manage apps. You can turn them on in the console."
		off.BackURL, off.BackLabel = h.basePath+"/console", "Go to the console"
	}
	return off
}

// appIDOf returns the app id of the path. A malformed id needs no check, because no app
// has it.
func appIDOf(r *http.Request) string { return mux.Vars(r)["app_id"] }

// appURL returns the URL of an app's page, or of a page below it such as "/edit".
func (h *Handler) appURL(appID, below string) string {
	return h.basePath + pageApps + "/" + appID + below
}

// loadUsage loads how much one app is used.
func (h *Handler) loadUsage(ctx context.Context, appID string) (gatehouse.AppUsage, error) {
	usage, err := h.store.AppUsage(ctx, []string{appID})
	return usage[appID], err
}

// loadCreators loads the creators of apps, by user id. The creator of a self-registered
// app, and one that does not exist any longer, is the zero value.
func (h *Handler) loadCreators(ctx context.Context, v web.Visit, apps ...gatehouse.App) (map[string]gatehouse.User, error) {
	creators := map[string]gatehouse.User{"": {}, v.User.ID: v.User}
	for _, app := range apps {
		if _, ok := creators[app.CreatorID]; ok {
			continue
		}
		user, err := h.store.User(ctx, app.CreatorID)
		if err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
			return nil, err
		}
		creators[app.CreatorID] = user
	}
	return creators, nil
}

// isDeactivated reports whether the user exists and is deactivated.
func isDeactivated(user gatehouse.User) bool { return user.ID != "" && !user.Active() }

// The notices that a page shows once after a form.
const (
	noticeUpdated     = "updated"
	noticeDeleted     = "deleted"
	noticeSentTwice   = "sent-twice"
	noticeRegenerated = "regenerated"
	noticeShownOnce   = "shown-once"
)

// redirect answers a form with a redirect to a page, which shows the notice.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request, to, notice string) error {
	h.pages.Notices.Redirect(w, r, to, notice)
	return nil
}

// frame returns the frame of a page, with the notice of the form before it.
func (h *Handler) frame(w http.ResponseWriter, r *http.Request, v web.Visit) templates.Frame {
	frame := v.Frame()
	frame.Notice = h.pages.Notices.Take(w, r, map[string]string{
		noticeUpdated:     "The application was updated.",
		noticeDeleted:     "The application was deleted.",
		noticeSentTwice:   "The form was sent twice, but the application was registered once. If you didn't copy its secret, regenerate the secret.",
		noticeShownOnce:   "A client secret is shown only once. If you didn't copy it, regenerate the secret.",
		noticeRegenerated: "The secret was already regenerated, so it wasn't changed again. If you didn't copy the new secret, regenerate it again.",
	})
	return frame
}
