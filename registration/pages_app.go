package registration

import (
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// appPage is GET /integrations/oauth2-apps/{id}.
func (h *Handler) appPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	usage, err := h.usageOf(r.Context(), app.ID)
	if err != nil {
		return err
	}
	creators, err := h.usernames(r.Context(), v, app)
	if err != nil {
		return err
	}
	page := templates.AppPage{
		App: app, Usage: usage, Creator: creators[app.CreatorID],
		AccessTokenLifetime: templates.Lifetime(v.Settings.AccessTokenLifetimeFor(app, false)),
		Endpoints:           h.endpoints(), Snippets: snippets(h.siteURL, app, secretPlaceholder),
	}
	if !app.IsPublic { // public apps get no refresh token (C 2.5)
		page.RefreshTokenLifetime = templates.Lifetime(v.Settings.RefreshTokenLifetimeFor(app))
	}
	return h.renderer.Render(w, http.StatusOK, h.frame(w, r, v), page)
}

// deletePage is GET /integrations/oauth2-apps/{id}/delete: it says what breaks.
func (h *Handler) deletePage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	return h.confirm(w, r, v, app, templates.ConfirmPage{Kind: templates.ConfirmDeleteApp, Action: h.pageOf(app.ID, "/delete")})
}

// delete is POST /integrations/oauth2-apps/{id}/delete.
func (h *Handler) delete(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := h.removeApp(r.Context(), v, appIDOf(r)); err != nil {
		return err
	}
	h.redirect(w, r, h.basePath+pagesPath, noticeDeleted)
	return nil
}

// regeneratePage is GET /integrations/oauth2-apps/{id}/regenerate: it says what breaks.
func (h *Handler) regeneratePage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.confidential(r, v)
	if err != nil {
		return err
	}
	return h.confirm(w, r, v, app, templates.ConfirmPage{
		Kind: templates.ConfirmRegenerateSecret, Action: h.pageOf(app.ID, "/regenerate"), Fields: hidden(fieldVersion, secretVersionOf(app)),
	})
}

// regenerate is POST /integrations/oauth2-apps/{id}/regenerate. Its answer is the
// one page that shows the new secret. Sending the form again, as reloading that
// page does, changes nothing: it was made for the secret before.
func (h *Handler) regenerate(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	app, err := h.confidential(r, v)
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
		h.redirect(w, r, h.pageOf(appIDOf(r), ""), noticeRegenerated)
		return nil
	case err != nil:
		return err
	}
	return h.renderer.Render(w, http.StatusOK, v.Frame(), templates.AppCreatedPage{
		App: app, Secret: secret, Regenerated: true, Endpoints: h.endpoints(), Snippets: snippets(h.siteURL, app, secret),
	})
}

// confidential is the app of the page, if it has a secret at all.
func (h *Handler) confidential(r *http.Request, v web.Visit) (gatehouse.App, error) {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err == nil && app.IsPublic {
		return gatehouse.App{}, &web.Error{Status: http.StatusBadRequest, ID: "api.oauth.regenerate_secret.public_client.app_error",
			Message: "This app is a public client, so it has no secret to regenerate."}
	}
	return app, err
}

// confirm asks before the app is changed for good.
func (h *Handler) confirm(w http.ResponseWriter, r *http.Request, v web.Visit, app gatehouse.App, page templates.ConfirmPage) error {
	usage, err := h.usageOf(r.Context(), app.ID)
	if err != nil {
		return err
	}
	page.Name, page.Users, page.CancelURL = app.Name, usage.Users, h.pageOf(app.ID, "")
	return h.renderer.Render(w, http.StatusOK, h.frame(w, r, v), page)
}

// endpoints are the addresses that a client has to be told.
func (h *Handler) endpoints() []templates.NamedURL {
	return []templates.NamedURL{
		{Name: "Authorization", URL: h.siteURL + "/oauth/authorize"},
		{Name: "Token", URL: h.siteURL + "/oauth/access_token"},
		{Name: "User", URL: h.siteURL + "/api/v4/users/me"},
		{Name: "Metadata", URL: h.siteURL + "/.well-known/oauth-authorization-server"},
	}
}
