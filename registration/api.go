package registration

import (
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// appRequest is the body of E6 and E10 (C 1.8, 1.10). Other members are ignored, also
// those of the app object such as creator_id and client_secret.
type appRequest struct {
	ID              string   `json:"id"` // E10 only
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	IconURL         string   `json:"icon_url"`
	CallbackURLs    []string `json:"callback_urls"`
	Homepage        string   `json:"homepage"`
	IsTrusted       bool     `json:"is_trusted"`
	IsPublic        bool     `json:"is_public"`         // E6 only, because the type never changes
	MattermostAppID string   `json:"mattermost_app_id"` // E10 only
	// The lifetimes are not in the contract. A missing one does not change, because the
	// contract's clients do not know it. 0 means that the settings apply.
	AccessTokenLifetimeSeconds  *int64 `json:"access_token_lifetime_seconds"`
	RefreshTokenLifetimeSeconds *int64 `json:"refresh_token_lifetime_seconds"`
	// The same holds for the members of OpenID Connect. "" and [] empty them.
	IDTokenSignedResponseAlg *string   `json:"id_token_signed_response_alg"`
	PostLogoutRedirectURIs   *[]string `json:"post_logout_redirect_uris"`
	BackchannelLogoutURI     *string   `json:"backchannel_logout_uri"`
}

// setOpenID changes what the request names.
func (b appRequest) setOpenID(o *gatehouse.AppOpenID) {
	set(&o.IDTokenAlgorithm, b.IDTokenSignedResponseAlg)
	set(&o.PostLogoutRedirectURIs, b.PostLogoutRedirectURIs)
	set(&o.BackchannelLogoutURI, b.BackchannelLogoutURI)
}

// set changes a field if the request has a value for it.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// lifetimeOf returns a lifetime from a request. If the member is missing, it returns the
// current lifetime. A number that is too large or negative becomes a lifetime that Check
// refuses.
func lifetimeOf(seconds *int64, current time.Duration) time.Duration {
	switch {
	case seconds == nil:
		return current
	case *seconds < 0 || *seconds > int64(gatehouse.MaxLifetime/time.Second):
		return gatehouse.MaxLifetime + 1
	}
	return time.Duration(*seconds) * time.Second
}

// createApp is POST /api/v4/oauth/apps (C 1.8, E6).
func (h *Handler) createApp(w http.ResponseWriter, r *http.Request) error {
	v, err := h.requireCaller(w, r)
	if err != nil {
		return err
	}
	var body appRequest
	if err := web.DecodeJSON(r, "oauth_app", &body); err != nil {
		return err
	}
	n := NewApp{
		Name: body.Name, Description: body.Description, Homepage: body.Homepage, IconURL: body.IconURL,
		RedirectURIs: body.CallbackURLs, IsTrusted: body.IsTrusted, IsPublic: body.IsPublic,
		AccessTokenLifetime: lifetimeOf(body.AccessTokenLifetimeSeconds, 0), RefreshTokenLifetime: lifetimeOf(body.RefreshTokenLifetimeSeconds, 0),
	}
	n.OpenID = v.Settings.OpenIDOfNewApp()
	body.setOpenID(&n.OpenID)
	app, secret, err := h.registerApp(r.Context(), v, n)
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusCreated, app, secret)
}

// listApps is GET /api/v4/oauth/apps (C 1.9, E7). Unlike the contract's list, it is sorted
// by name and contains no secrets.
func (h *Handler) listApps(w http.ResponseWriter, r *http.Request) error {
	v, err := h.requireCaller(w, r)
	switch {
	case err != nil:
		return err
	case !mayManageApps(v):
		return errNotListed(v)
	case !v.Settings.EnableOAuthServiceProvider:
		return web.ProviderOff("api.oauth.allow_oauth.turn_off.app_error")
	}
	offset, limit := web.Paging(r)
	query, failedID := gatehouse.AppQuery{Offset: offset, Limit: limit}, "get_apps.find"
	if !mayManageAll(v) {
		query.CreatorID, failedID = v.User.ID, "get_app_by_user.find"
	}
	apps, err := h.store.Apps(r.Context(), query)
	if err != nil {
		return serviceError(err, failedID)
	}
	list := make([]web.AppJSON, len(apps))
	for i, app := range apps {
		list[i] = web.NewAppJSON(app, "")
	}
	return web.WriteJSON(w, http.StatusOK, list)
}

// getApp is GET /api/v4/oauth/apps/{app_id} (C 1.10, E8). Unlike the contract's answer, it
// contains no secret.
func (h *Handler) getApp(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.requireCallerOfApp(w, r)
	if err != nil {
		return err
	}
	app, err := h.loadManagedApp(r.Context(), v, id)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, web.NewAppJSON(app, ""))
}

// getAppInfo is GET /api/v4/oauth/apps/{app_id}/info (C 1.10, E9). It is open to every
// signed-in user, and to apps with an access token.
func (h *Handler) getAppInfo(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.requireCallerOfApp(w, r)
	if err != nil {
		return err
	}
	app, err := h.loadApp(r.Context(), v, id)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, web.NewAppJSON(app, ""))
}

// updateApp is PUT /api/v4/oauth/apps/{app_id} (C 1.10, E10). It replaces every field of the
// contract, so a missing member empties its field.
func (h *Handler) updateApp(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.requireCallerOfApp(w, r)
	switch {
	case err != nil:
		return err
	case !mayManageApps(v): // checked before the body is read
		err := errNotAllowed(v)
		h.auditRefusal(r.Context(), gatehouse.AuditUpdateApp, v, id, err)
		return err
	}
	var body appRequest
	if err := web.DecodeJSON(r, "oauth_app", &body); err != nil {
		return err
	}
	if body.ID != id {
		return web.InvalidBodyParam("app_id")
	}
	app, err := h.changeApp(r.Context(), v, id, func(a *gatehouse.App) error {
		a.Name, a.Description, a.Homepage, a.IconURL = body.Name, body.Description, body.Homepage, body.IconURL
		a.RedirectURIs, a.IsTrusted, a.MattermostAppID = body.CallbackURLs, body.IsTrusted, body.MattermostAppID
		a.AccessTokenLifetime = lifetimeOf(body.AccessTokenLifetimeSeconds, a.AccessTokenLifetime)
		a.RefreshTokenLifetime = lifetimeOf(body.RefreshTokenLifetimeSeconds, a.RefreshTokenLifetime)
		body.setOpenID(&a.OpenID)
		return nil
	})
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, web.NewAppJSON(app, ""))
}

// deleteApp is DELETE /api/v4/oauth/apps/{app_id} (C 1.10, E11).
func (h *Handler) deleteApp(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.requireCallerOfApp(w, r)
	if err != nil {
		return err
	}
	if err := h.removeApp(r.Context(), v, id); err != nil {
		return err
	}
	return web.WriteStatusOK(w)
}

// regenerateSecret is POST /api/v4/oauth/apps/{app_id}/regen_secret (C 1.10, E12).
func (h *Handler) regenerateSecret(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.requireCallerOfApp(w, r)
	if err != nil {
		return err
	}
	app, secret, err := h.replaceSecret(r.Context(), v, id, h.apps.RegenerateSecretIf, func(gatehouse.App) error { return nil })
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusOK, app, secret)
}

// requireCaller returns the caller and the current settings.
func (h *Handler) requireCaller(w http.ResponseWriter, r *http.Request) (web.Visit, error) {
	caller, err := h.callers.RequireCaller(w, r)
	if err != nil {
		return web.Visit{}, err
	}
	settings, err := h.store.Settings(r.Context())
	return web.Visit{Caller: caller, Settings: settings}, err
}

// requireCallerOfApp is requireCaller for the endpoints of one app. It also returns the
// app's id from the path. A malformed id is refused before permissions are checked (C 1.10).
func (h *Handler) requireCallerOfApp(w http.ResponseWriter, r *http.Request) (web.Visit, string, error) {
	v, err := h.requireCaller(w, r)
	if err != nil {
		return web.Visit{}, "", err
	}
	id := mux.Vars(r)["app_id"]
	if !gatehouse.ValidID(id) {
		return web.Visit{}, "", web.InvalidURLParam("app_id")
	}
	return v, id, nil
}

// writeSecret answers with an app and its new secret, which no cache may store.
func writeSecret(w http.ResponseWriter, status int, app gatehouse.App, secret string) error {
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, status, web.NewAppJSON(app, secret))
}
