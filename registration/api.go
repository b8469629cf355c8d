package registration

import (
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// appRequest is the body of E6 and E10 (C 1.8, 1.10). Members that it does not
// know are ignored, those of the stored app among them: creator_id, client_secret.
type appRequest struct {
	ID              string   `json:"id"` // E10 only
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	IconURL         string   `json:"icon_url"`
	CallbackURLs    []string `json:"callback_urls"`
	Homepage        string   `json:"homepage"`
	IsTrusted       bool     `json:"is_trusted"`
	IsPublic        bool     `json:"is_public"`         // E6 only: the type never changes
	MattermostAppID string   `json:"mattermost_app_id"` // E10 only
}

// createApp is POST /api/v4/oauth/apps (C 1.8, E6).
func (h *Handler) createApp(w http.ResponseWriter, r *http.Request) error {
	v, err := h.asking(w, r)
	if err != nil {
		return err
	}
	var body appRequest
	if err := web.DecodeJSON(r, "oauth_app", &body); err != nil {
		return err
	}
	app, secret, err := h.newApp(r.Context(), v, NewApp{
		Name: body.Name, Description: body.Description, Homepage: body.Homepage, IconURL: body.IconURL,
		RedirectURIs: body.CallbackURLs, IsTrusted: body.IsTrusted, IsPublic: body.IsPublic,
	})
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusCreated, app, secret)
}

// listApps is GET /api/v4/oauth/apps (C 1.9, E7). Unlike the contract's it comes
// by name, and without secrets (design §4).
func (h *Handler) listApps(w http.ResponseWriter, r *http.Request) error {
	v, err := h.asking(w, r)
	switch {
	case err != nil:
		return err
	case !mayManageApps(v):
		return errNotListed(v)
	case !v.Settings.EnableOAuthServiceProvider:
		return errTurnedOff()
	}
	offset, limit := web.Paging(r)
	query, failedID := gatehouse.AppQuery{Offset: offset, Limit: limit}, "get_apps.find"
	if !mayManageAll(v) {
		query.CreatorID, failedID = v.User.ID, "get_app_by_user.find"
	}
	apps, err := h.Catalogue.Apps(r.Context(), query)
	if err != nil {
		return refusal(err, failedID)
	}
	list := make([]web.AppJSON, len(apps))
	for i, app := range apps {
		list[i] = web.NewAppJSON(app, "")
	}
	return web.WriteJSON(w, http.StatusOK, list)
}

// getApp is GET /api/v4/oauth/apps/{app_id} (C 1.10, E8), without the secret (design §4).
func (h *Handler) getApp(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.askingFor(w, r)
	if err != nil {
		return err
	}
	app, err := h.managed(r.Context(), v, id)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, web.NewAppJSON(app, ""))
}

// getAppInfo is GET /api/v4/oauth/apps/{app_id}/info (C 1.10, E9): for everybody
// who is signed in, and for apps that act for them.
func (h *Handler) getAppInfo(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.askingFor(w, r)
	if err != nil {
		return err
	}
	app, err := h.known(r.Context(), v, id)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, web.NewAppJSON(app, ""))
}

// updateApp is PUT /api/v4/oauth/apps/{app_id} (C 1.10, E10). It replaces every
// field: one that is missing is emptied.
func (h *Handler) updateApp(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.askingFor(w, r)
	switch {
	case err != nil:
		return err
	case !mayManageApps(v): // before the body is looked at
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
	app, err := h.change(r.Context(), v, id, func(a *gatehouse.App) error {
		a.Name, a.Description, a.Homepage, a.IconURL = body.Name, body.Description, body.Homepage, body.IconURL
		a.RedirectURIs, a.IsTrusted, a.MattermostAppID = body.CallbackURLs, body.IsTrusted, body.MattermostAppID
		return nil
	})
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, web.NewAppJSON(app, ""))
}

// deleteApp is DELETE /api/v4/oauth/apps/{app_id} (C 1.10, E11).
func (h *Handler) deleteApp(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.askingFor(w, r)
	if err != nil {
		return err
	}
	if err := h.remove(r.Context(), v, id); err != nil {
		return err
	}
	return web.WriteStatusOK(w)
}

// regenerateSecret is POST /api/v4/oauth/apps/{app_id}/regen_secret (C 1.10, E12).
func (h *Handler) regenerateSecret(w http.ResponseWriter, r *http.Request) error {
	v, id, err := h.askingFor(w, r)
	if err != nil {
		return err
	}
	app, secret, err := h.newSecret(r.Context(), v, id, func(gatehouse.App) error { return nil })
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusOK, app, secret)
}

// asking is who calls, under the settings of this moment.
func (h *Handler) asking(w http.ResponseWriter, r *http.Request) (web.Visit, error) {
	caller, err := h.Callers.RequireCaller(w, r)
	if err != nil {
		return web.Visit{}, err
	}
	settings, err := h.Catalogue.Settings(r.Context())
	return web.Visit{Caller: caller, Settings: settings}, err
}

// askingFor is asking for endpoints below an app: the form of the id comes before
// every permission (C 1.10).
func (h *Handler) askingFor(w http.ResponseWriter, r *http.Request) (web.Visit, string, error) {
	v, err := h.asking(w, r)
	if err != nil {
		return web.Visit{}, "", err
	}
	id := mux.Vars(r)["app_id"]
	if !gatehouse.ValidID(id) {
		return web.Visit{}, "", web.InvalidURLParam("app_id")
	}
	return v, id, nil
}

// writeSecret answers with an app and its new secret, which nothing on the way may keep.
func writeSecret(w http.ResponseWriter, status int, app gatehouse.App, secret string) error {
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, status, web.NewAppJSON(app, secret))
}
