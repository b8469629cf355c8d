package consent

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// authorized serves GET /api/v4/users/{user_id|me}/oauth/apps/authorized (C 1.12):
// the apps that a user has consented to, by name, without secrets.
//
// The contract also allows callers who may edit other users but are not System
// Admins. Gatehouse has no such permission besides manage_system. An app that acts
// for a System Admin sees only the System Admin's own list.
func (h *Handler) authorized(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.callers.RequireCaller(w, r)
	if err != nil {
		return err
	}
	userID := mux.Vars(r)["user_id"]
	if userID == "me" {
		userID = caller.User.ID
	}
	if !gatehouse.ValidID(userID) {
		return web.InvalidURLParam("user_id")
	}
	settings, err := h.store.Settings(r.Context())
	switch {
	case err != nil:
		return err
	case userID != caller.User.ID && (caller.IsOAuth() || !caller.User.Can(gatehouse.PermissionManageSystem, settings)):
		return web.Forbidden(errors.New("the list belongs to another user"))
	case !settings.EnableOAuthServiceProvider:
		return web.ProviderOff("api.oauth.allow_oauth.turn_off.app_error")
	}
	offset, limit := web.Paging(r)
	consented, err := h.AuthorizedApps(r.Context(), userID, offset, limit)
	if err != nil {
		return listFailed(err)
	}
	apps := make([]web.AppJSON, len(consented))
	for i, c := range consented {
		apps[i] = web.NewAppJSON(c.App, "")
	}
	return web.WriteJSON(w, http.StatusOK, apps)
}

// listFailed returns the contract's error for a failure of the database (C 1.12).
func listFailed(err error) error {
	if errors.Is(err, gatehouse.ErrUnavailable) {
		return err
	}
	return &web.Error{Status: http.StatusInternalServerError, ID: "app.oauth.get_apps.find.app_error", Message: "The apps could not be listed. The log of the gateway has the details under the request id.", Cause: err}
}

// deauthorize serves POST /oauth/deauthorize (C 1.5): the user revokes their
// consent to an app. No error if there is none.
func (h *Handler) deauthorize(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.callers.RequireCaller(w, r)
	if err != nil {
		return err
	}
	if caller.IsOAuth() {
		return web.Forbidden(errors.New("an access token cannot deauthorize apps"))
	}
	var body map[string]any
	if err := web.DecodeJSON(r, "client_id", &body); err != nil {
		return err
	}
	appID, _ := body["client_id"].(string)
	if !gatehouse.ValidID(appID) {
		return web.InvalidBodyParam("client_id")
	}
	settings, err := h.store.Settings(r.Context())
	if err != nil {
		return err
	}
	if !settings.EnableOAuthServiceProvider {
		return web.ProviderOff("api.oauth.allow_oauth.turn_off.app_error")
	}
	if err := h.Revoke(r.Context(), caller.User.ID, caller.User.ID, appID); err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return err
	}
	return web.WriteStatusOK(w)
}
