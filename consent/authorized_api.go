package consent

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// authorized serves GET /api/v4/users/{user_id|me}/oauth/apps/authorized (C 1.12,
// E14): the apps that a person authorised, by name, without secrets.
//
// The contract also lets in who may edit other users, for people who are no
// System Admins; nobody holds that permission here without manage_system. An app
// that acts for a System Admin sees no more than theirs.
func (d *Handler) authorized(w http.ResponseWriter, r *http.Request) error {
	caller, err := d.callers.RequireCaller(w, r)
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
	settings, err := d.store.Settings(r.Context())
	switch {
	case err != nil:
		return err
	case userID != caller.User.ID && (caller.IsOAuth() || !caller.User.Can(gatehouse.PermissionManageSystem, settings)):
		return web.Forbidden(errors.New("the list is somebody else's"))
	case !settings.EnableOAuthServiceProvider:
		return errTurnedOff()
	}
	offset, limit := web.Paging(r)
	consented, err := d.AuthorizedApps(r.Context(), userID, offset, limit)
	if err != nil {
		return listFailed(err)
	}
	apps := make([]web.AppJSON, len(consented))
	for i, c := range consented {
		apps[i] = web.NewAppJSON(c.App, "")
	}
	return web.WriteJSON(w, http.StatusOK, apps)
}

// listFailed names a failure of the database as the contract does (C 1.12).
func listFailed(err error) error {
	if errors.Is(err, gatehouse.ErrUnavailable) {
		return err
	}
	return &web.Error{Status: http.StatusInternalServerError, ID: "app.oauth.get_apps.find.app_error", Message: "The apps could not be listed. The log of the gateway has the details under the request id.", Cause: err}
}

// errTurnedOff is the answer while the provider is off (C 2.14).
func errTurnedOff() *web.Error {
	return &web.Error{Status: http.StatusNotImplemented, ID: "api.oauth.allow_oauth.turn_off.app_error", Message: "The System Admin has turned off OAuth 2.0 applications."}
}
