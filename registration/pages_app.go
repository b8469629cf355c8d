package registration

import (
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// appPage is GET /integrations/oauth2-apps/{app_id}.
func (h *Handler) appPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	usage, err := h.loadUsage(r.Context(), app.ID)
	if err != nil {
		return err
	}
	creators, err := h.loadCreators(r.Context(), v, app)
	if err != nil {
		return err
	}
	page := templates.AppPage{
		App: app, Usage: usage, Creator: creators[app.CreatorID].Username, CreatorDeactivated: isDeactivated(creators[app.CreatorID]),
		AccessTokenLifetime: templates.Lifetime(v.Settings.AccessTokenLifetimeFor(app, false)),
		Endpoints:           h.endpoints(), Snippets: snippets(h.siteURL, app, secretPlaceholder),
	}
	if !app.IsPublic { // public apps get no refresh token (C 2.5)
		page.RefreshTokenLifetime = templates.Lifetime(v.Settings.RefreshTokenLifetimeFor(app))
	}
	return h.pages.Renderer.Render(w, http.StatusOK, h.frame(w, r, v), page)
}

// deletePage is GET /integrations/oauth2-apps/{app_id}/delete. It says what stops working.
func (h *Handler) deletePage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	return h.confirm(w, r, v, app, templates.ConfirmPage{Kind: templates.ConfirmDeleteApp, Action: h.appURL(app.ID, "/delete")})
}

// delete is POST /integrations/oauth2-apps/{app_id}/delete.
func (h *Handler) delete(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := h.removeApp(r.Context(), v, appIDOf(r)); err != nil {
		return err
	}
	return h.redirect(w, r, h.basePath+pageApps, noticeDeleted)
}

// regeneratePage is GET /integrations/oauth2-apps/{app_id}/regenerate. It says what stops
// working.
func (h *Handler) regeneratePage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadConfidentialApp(r, v)
	if err != nil {
		return err
	}
	return h.confirm(w, r, v, app, templates.ConfirmPage{
		Kind: templates.ConfirmRegenerateSecret, Action: h.appURL(app.ID, "/regenerate"), Fields: hidden(fieldVersion, secretVersionOf(app)),
	})
}

// regenerate is POST /integrations/oauth2-apps/{app_id}/regenerate. Only its response
// shows the new secret. Reloading that page sends the form again, which changes nothing,
// because the form has the version of the secret that it replaced.
func (h *Handler) regenerate(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	app, err := h.loadConfidentialApp(r, v)
	if err != nil {
		return err
	}
	version := r.PostForm.Get(fieldVersion)
	app, secret, err := h.replaceSecret(r.Context(), v, app.ID, func(a gatehouse.App) error {
		if !isCurrent(version, secretVersionOf(a)) {
			return gatehouse.ErrConflict
		}
		return nil
	})
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		return h.redirect(w, r, h.appURL(appIDOf(r), ""), noticeRegenerated)
	case err != nil:
		return err
	}
	return h.pages.Renderer.Render(w, http.StatusOK, v.Frame(), templates.AppCreatedPage{
		App: app, Secret: secret, Regenerated: true, Endpoints: h.endpoints(), Snippets: snippets(h.siteURL, app, secret),
	})
}

// loadConfidentialApp loads the app of the page and refuses a public app, which has no
// secret.
func (h *Handler) loadConfidentialApp(r *http.Request, v web.Visit) (gatehouse.App, error) {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err == nil && app.IsPublic {
		return gatehouse.App{}, &web.Error{Status: http.StatusBadRequest, ID: "api.oauth.regenerate_secret.public_client.app_error",
			Message: "This app is a public client, so it has no secret to regenerate."}
	}
	return app, err
}

// confirm shows a confirmation page before an action that can't be undone.
func (h *Handler) confirm(w http.ResponseWriter, r *http.Request, v web.Visit, app gatehouse.App, page templates.ConfirmPage) error {
	usage, err := h.loadUsage(r.Context(), app.ID)
	if err != nil {
		return err
	}
	page.Name, page.Users, page.CancelURL = app.Name, usage.Users, h.appURL(app.ID, "")
	return h.pages.Renderer.Render(w, http.StatusOK, h.frame(w, r, v), page)
}

// endpoints returns the URLs that a developer configures in a client.
func (h *Handler) endpoints() []templates.NamedURL {
	return []templates.NamedURL{
		{Name: "Authorization", URL: h.siteURL + "/oauth/authorize"},
		{Name: "Token", URL: h.siteURL + "/oauth/access_token"},
		{Name: "User", URL: h.siteURL + "/api/v4/users/me"},
		{Name: "Metadata", URL: h.siteURL + "/.well-known/oauth-authorization-server"},
	}
}
