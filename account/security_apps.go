package account

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// appsPerPage is the contract's default (C 1.1).
const appsPerPage = 60

// appsPage returns one page of the apps that a user has authorized, by name.
func (h *SecurityHandler) appsPage(ctx context.Context, userID string, page int) (items []templates.AuthorizedApp, more bool, err error) {
	consented, err := h.apps.AuthorizedApps(ctx, userID, (page-1)*appsPerPage, appsPerPage+1)
	if err != nil {
		return nil, false, err
	}
	if more = len(consented) > appsPerPage; more {
		consented = consented[:appsPerPage]
	}
	for _, c := range consented {
		item := templates.AuthorizedApp{App: c.App, Consent: c.Consent}
		for _, scope := range c.Consent.Scopes {
			item.Scopes = append(item.Scopes, templates.ScopeText{Name: scope, Text: templates.DescribeScope(scope)})
		}
		items = append(items, item)
	}
	return items, more, nil
}

// revokePage is GET /settings/security/apps/{app_id}/revoke.
func (h *SecurityHandler) revokePage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	appID, err := appInPath(r)
	if err != nil {
		return err
	}
	consented, err := h.apps.AuthorizedApp(r.Context(), v.User.ID, appID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return h.redirect(w, r, "app-gone")
	}
	if err != nil {
		return err
	}
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), v.Frame(), templates.ConfirmPage{
		Kind:      templates.ConfirmRevokeApp,
		Name:      consented.App.Name,
		IsTrusted: consented.App.IsTrusted,
		Action:    h.pageURL() + "/apps/" + appID + "/revoke",
		CancelURL: h.pageURL(),
	})
}

// revoke is POST /settings/security/apps/{app_id}/revoke.
func (h *SecurityHandler) revoke(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	appID, err := appInPath(r)
	if err != nil {
		return err
	}
	err = h.apps.Revoke(r.Context(), v.User.ID, v.User.ID, appID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return h.redirect(w, r, "app-gone")
	}
	if err != nil {
		return err
	}
	return h.redirect(w, r, "app")
}

// appInPath returns the id of the app in the path. It refuses a malformed id with a
// *web.Error. The provider need not be on: while it is off, access tokens that were issued
// before still work, and users can revoke them.
func appInPath(r *http.Request) (appID string, err error) {
	appID = mux.Vars(r)["app_id"]
	if !gatehouse.ValidID(appID) {
		return "", web.InvalidURLParam("app_id")
	}
	return appID, nil
}
