package registration

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

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
		ShowOpenID:          v.Settings.EnableOpenIDConnect,
		AccessTokenLifetime: templates.Lifetime(v.Settings.AccessTokenLifetimeFor(app, false)),
		Endpoints:           h.endpoints(v.Settings), Snippets: snippets(h.siteURL, app, secretPlaceholder, v.Settings.EnableOpenIDConnect),
	}
	if app.IsRestricted {
		if page.Groups, err = h.groupsOfApp(r.Context(), app.ID); err != nil {
			return err
		}
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

// regenerate is POST /integrations/oauth2-apps/{app_id}/regenerate. It checks the form; the
// page that follows replaces the secret and shows it, see createdPage.
func (h *Handler) regenerate(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadConfidentialApp(r, v)
	if err != nil {
		return err
	}
	if !isCurrent(r.PostForm.Get(fieldVersion), secretVersionOf(app)) {
		return h.redirect(w, r, h.appURL(app.ID, ""), noticeRegenerated)
	}
	return h.redirectToCreated(w, r, v, app, true)
}

// redirectToCreated answers a form that registered an app, or that asked for a new secret:
// it redirects to createdPage.
func (h *Handler) redirectToCreated(w http.ResponseWriter, r *http.Request, v web.Visit, app gatehouse.App, regenerate bool) error {
	values := url.Values{fieldVersion: {secretVersionOf(app)}}
	if regenerate {
		values.Set(fieldRegenerate, "true")
	}
	page, ok := h.pages.Forms.Keep(w, r, h.appURL(app.ID, "/created"), web.KeptForm{UserID: v.User.ID, Values: values})
	if !ok {
		return fmt.Errorf("registration: the version of app %s does not fit into a cookie", app.ID)
	}
	web.Redirect(w, r, page)
	return nil
}

// createdPage is GET /integrations/oauth2-apps/{app_id}/created, which follows the forms add
// and regenerate. It gives the app a new secret and shows it, which is the only time that
// the secret exists outside the app. A page that is the response to a form would ask the
// user to send the form again when they press Back, and a secret that was made by the form
// would have to be stored until its page is loaded.
//
// The form's cookie allows the change, once: it names the version of the secret that the
// page replaces. After that, and without the cookie, the page redirects to the page of the
// app.
func (h *Handler) createdPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	version, regenerate := v.Kept.Values.Get(fieldVersion), v.Kept.Values.Get(fieldRegenerate) == "true"
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	switch {
	case err != nil:
		return err
	case version == "":
		return h.redirect(w, r, h.appURL(app.ID, ""), noticeShownOnce)
	}
	secret := ""
	if !app.IsPublic {
		replace := h.apps.FirstSecretIf
		if regenerate {
			replace = h.apps.RegenerateSecretIf
		}
		app, secret, err = h.replaceSecret(r.Context(), v, app.ID, replace, func(a gatehouse.App) error {
			if version != secretVersionOf(a) {
				return gatehouse.ErrConflict
			}
			return nil
		})
	}
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		return h.redirect(w, r, h.appURL(appIDOf(r), ""), noticeShownOnce)
	case err != nil:
		return err
	}
	return h.pages.Renderer.Render(w, http.StatusOK, v.Frame(), templates.AppCreatedPage{
		App: app, Secret: secret, Regenerated: regenerate, Endpoints: h.endpoints(v.Settings), Snippets: snippets(h.siteURL, app, secret, v.Settings.EnableOpenIDConnect),
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
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), h.frame(w, r, v), page)
}

// endpoints returns the URLs that a developer configures in a client.
func (h *Handler) endpoints(settings gatehouse.Settings) []templates.NamedURL {
	list := []templates.NamedURL{
		{Name: "Authorization", URL: h.siteURL + "/oauth/authorize"},
		{Name: "Token", URL: h.siteURL + "/oauth/access_token"},
		{Name: "User", URL: h.siteURL + "/api/v4/users/me"},
		{Name: "Metadata", URL: h.siteURL + "/.well-known/oauth-authorization-server"},
	}
	if !settings.EnableOpenIDConnect {
		return list
	}
	return append(list,
		templates.NamedURL{Name: "OpenID Connect discovery", URL: h.siteURL + "/.well-known/openid-configuration"},
		templates.NamedURL{Name: "UserInfo", URL: h.siteURL + "/oauth/userinfo"},
		templates.NamedURL{Name: "Key set", URL: h.siteURL + "/oauth/jwks"},
		templates.NamedURL{Name: "Logout", URL: h.siteURL + "/oauth/logout"},
	)
}
