package consent

import (
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// deauthorize serves POST /oauth/deauthorize (C 1.5): the person takes back what
// they agreed to. Every code and token of the app for this person is dead at once.
func (d *Handler) deauthorize(w http.ResponseWriter, r *http.Request) error {
	caller, err := d.callers.RequireCaller(w, r)
	if err != nil {
		return err
	}
	if caller.IsOAuth() {
		return web.Forbidden(errors.New("an access token may not deauthorise apps"))
	}
	var body map[string]any
	if err := web.DecodeJSON(r, "client_id", &body); err != nil {
		return err
	}
	appID, _ := body["client_id"].(string)
	if !gatehouse.ValidID(appID) {
		return web.InvalidBodyParam("client_id")
	}
	settings, err := d.store.Settings(r.Context())
	if err != nil {
		return err
	}
	if !settings.EnableOAuthServiceProvider {
		return errTurnedOff()
	}
	if err := d.Revoke(r.Context(), caller.User.ID, caller.User.ID, appID); err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return err
	}
	return web.WriteStatusOK(w)
}
