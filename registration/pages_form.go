package registration

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// addPage is GET /integrations/oauth2-apps/add (C 4.3).
func (h *Handler) addPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.pages.Renderer.Render(w, http.StatusOK, h.frame(w, r, v), templates.AppFormPage{
		CanSetTrusted: mayTrust(v), Fields: hidden(fieldForm, gatehouse.NewID()),
	})
}

// add is POST /integrations/oauth2-apps/add. Only its response shows the secret (C 4.4).
// Reloading that page sends the form again, which registers nothing, because the app's id
// is derived from the id of the form.
func (h *Handler) add(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	page := templates.AppFormPage{Form: typedForm(r.PostForm, templates.AppForm{}), CanSetTrusted: mayTrust(v), Fields: hidden(fieldForm, r.PostForm.Get(fieldForm))}
	app := gatehouse.App{IsPublic: page.Form.IsPublic}
	fill(&app, page.Form)
	if page.Errors = formErrors(app, page.Form); len(page.Errors) > 0 {
		return h.pages.Renderer.Render(w, http.StatusBadRequest, v.Frame(), page)
	}
	id := ""
	if form := r.PostForm.Get(fieldForm); gatehouse.ValidID(form) {
		id = gatehouse.DeriveID("app of form: " + v.User.ID + " " + form)
	}
	registered, secret, err := h.registerApp(r.Context(), v, NewApp{
		ID: id, Name: app.Name, Description: app.Description, Homepage: app.Homepage, IconURL: app.IconURL,
		RedirectURIs: app.RedirectURIs, IsTrusted: app.IsTrusted, IsPublic: app.IsPublic,
		AccessTokenLifetime: app.AccessTokenLifetime, RefreshTokenLifetime: app.RefreshTokenLifetime,
	})
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		return h.addAgain(w, r, v, page, id)
	case err != nil:
		return err
	}
	return h.pages.Renderer.Render(w, http.StatusCreated, v.Frame(), templates.AppCreatedPage{
		App: registered, Secret: secret, Endpoints: h.endpoints(), Snippets: snippets(h.siteURL, registered, secret),
	})
}

// addAgain answers a form that was already sent. If the form is unchanged, it redirects to
// the app that the form registered. Otherwise it shows the form with a new id, so that the
// user can register another app.
func (h *Handler) addAgain(w http.ResponseWriter, r *http.Request, v web.Visit, page templates.AppFormPage, id string) error {
	app, err := h.loadManagedApp(r.Context(), v, id)
	var refused *web.Error
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	typed := app
	fill(&typed, page.Form)
	typed.IsTrusted = app.IsTrusted
	if err == nil && versionOf(typed) == versionOf(app) && page.Form.IsPublic == app.IsPublic {
		return h.redirect(w, r, h.appURL(id, ""), noticeSentTwice)
	}
	page.Errors = map[string]string{"": "This form was already sent, and it registered an app. Press “Register application” again to register another app."}
	page.Fields = hidden(fieldForm, gatehouse.NewID())
	return h.pages.Renderer.Render(w, http.StatusConflict, v.Frame(), page)
}

// editPage is GET /integrations/oauth2-apps/{app_id}/edit (C 4.3).
func (h *Handler) editPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	return h.renderEdit(w, r, v, http.StatusOK, app, templates.AppFormPage{Form: formOf(app), Fields: hidden(fieldVersion, versionOf(app))})
}

// edit is POST /integrations/oauth2-apps/{app_id}/edit. A change of the callback URLs needs
// a confirmation (C 4.3). If the app was changed after the form was loaded, nothing is
// saved, and the form shows what the user typed. Sending it once more overwrites the
// other change.
func (h *Handler) edit(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	version := r.PostForm.Get(fieldVersion)
	page := templates.AppFormPage{Form: typedForm(r.PostForm, formOf(app)), Fields: hidden(fieldVersion, version)}
	page.Form.IsPublic = app.IsPublic
	edited := app
	fill(&edited, page.Form)
	switch page.Errors = formErrors(edited, page.Form); {
	case len(page.Errors) > 0:
		return h.renderEdit(w, r, v, http.StatusBadRequest, app, page)
	case !slices.Equal(app.RedirectURIs, edited.RedirectURIs) && r.PostForm.Get("confirm_callbacks") != "true":
		page.ConfirmCallbacks = true
		return h.renderEdit(w, r, v, http.StatusOK, app, page)
	}
	_, err = h.changeApp(r.Context(), v, app.ID, func(a *gatehouse.App) error {
		if !isCurrent(version, versionOf(*a)) {
			return gatehouse.ErrConflict
		}
		fill(a, page.Form)
		return nil
	})
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		if app, err = h.loadManagedApp(r.Context(), v, app.ID); err != nil {
			return err
		}
		page.Errors = map[string]string{"": "This app was changed while you were editing it, so nothing was saved. Open its page to see the change. Press “Save changes” again to overwrite the change with this form."}
		page.Fields = hidden(fieldVersion, versionOf(app))
		return h.renderEdit(w, r, v, http.StatusConflict, app, page)
	case err != nil:
		return err
	}
	return h.redirect(w, r, h.basePath+pageApps, noticeUpdated)
}

// renderEdit renders the edit form of an app.
func (h *Handler) renderEdit(w http.ResponseWriter, r *http.Request, v web.Visit, status int, app gatehouse.App, page templates.AppFormPage) error {
	usage, err := h.loadUsage(r.Context(), app.ID)
	if err != nil {
		return err
	}
	page.ID, page.CanSetTrusted, page.IsDynamicallyRegistered, page.Users = app.ID, mayTrust(v), app.IsDynamicallyRegistered, usage.Users
	return h.pages.Renderer.Render(w, status, h.frame(w, r, v), page)
}

// The hidden fields of the forms.
const (
	// fieldForm is the id of a form that adds an app. The same form registers only one app.
	fieldForm = "form"
	// fieldVersion is the version of the app, or of the secret, that the form replaces.
	fieldVersion = "version"
)

// typedForm returns the form as the user sent it. It takes the lifetimes from current if
// they were not sent, because only System Admins see these fields.
func typedForm(values url.Values, current templates.AppForm) templates.AppForm {
	form := templates.AppForm{
		IsTrusted: values.Get("is_trusted") == "true", IsPublic: values.Get("is_public") == "true",
		Name: values.Get("name"), Description: values.Get("description"), Homepage: values.Get("homepage"),
		IconURL: values.Get("icon_url"), CallbackURLs: values.Get("callback_urls"),
		AccessTokenLifetime: current.AccessTokenLifetime, RefreshTokenLifetime: current.RefreshTokenLifetime,
	}
	if values.Has("access_token_lifetime") {
		form.AccessTokenLifetime = values.Get("access_token_lifetime")
	}
	if values.Has("refresh_token_lifetime") {
		form.RefreshTokenLifetime = values.Get("refresh_token_lifetime")
	}
	return form
}

// formOf returns the form of an existing app.
func formOf(app gatehouse.App) templates.AppForm {
	return templates.AppForm{
		IsTrusted: app.IsTrusted, IsPublic: app.IsPublic, Name: app.Name, Description: app.Description,
		Homepage: app.Homepage, IconURL: app.IconURL, CallbackURLs: strings.Join(app.RedirectURIs, "\n"),
		AccessTokenLifetime: typedLifetime(app.AccessTokenLifetime), RefreshTokenLifetime: typedLifetime(app.RefreshTokenLifetime),
	}
}

// typedLifetime returns a lifetime as users type it: "30m", not "30m0s". It returns "" for
// 0, which means that the settings apply.
func typedLifetime(d time.Duration) string {
	text := d.String()
	if d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// formLifetime parses a typed lifetime. A blank one is 0. One that is not valid becomes a
// lifetime that Check refuses.
func formLifetime(typed string) time.Duration {
	if strings.TrimSpace(typed) == "" {
		return 0
	}
	d, err := gatehouse.ParseLifetime(typed)
	if err != nil {
		return gatehouse.MaxLifetime + 1
	}
	return d
}

// fill sets the fields of an app from the form. It does not set the type, which never
// changes, and not the Mattermost app id, which the form does not have (the contract's own
// form loses it, C 4.3).
func fill(app *gatehouse.App, f templates.AppForm) {
	app.Name, app.Description = strings.TrimSpace(f.Name), strings.TrimSpace(f.Description)
	app.Homepage, app.IconURL = strings.TrimSpace(f.Homepage), strings.TrimSpace(f.IconURL)
	app.RedirectURIs, app.IsTrusted = callbackLines(f.CallbackURLs), f.IsTrusted
	app.AccessTokenLifetime, app.RefreshTokenLifetime = formLifetime(f.AccessTokenLifetime), formLifetime(f.RefreshTokenLifetime)
}

// callbackLines returns the lines that are not blank (C 4.3).
func callbackLines(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// formErrors returns the errors of a form by field. The form requires a description; the
// API does not (C 1.15, 4.3).
func formErrors(app gatehouse.App, form templates.AppForm) map[string]string {
	errs := map[string]string{}
	if app.Description == "" && !app.IsDynamicallyRegistered {
		errs["description"] = "The description is missing. Describe in one sentence what the app does."
	}
	for _, e := range CheckAll(app) {
		errs[e.Field] = e.Message
	}
	for field, typed := range map[string]string{"access_token_lifetime": form.AccessTokenLifetime, "refresh_token_lifetime": form.RefreshTokenLifetime} {
		if _, err := gatehouse.ParseLifetime(typed); err != nil && strings.TrimSpace(typed) != "" {
			errs[field] = err.Error() // It repeats what the user typed.
		}
	}
	return errs
}

// versionOf returns a hash of all fields that the form shows.
func versionOf(app gatehouse.App) string {
	shown, _ := json.Marshal(formOf(app)) // can't fail: all fields are strings and booleans
	return gatehouse.DeriveID("app version: " + string(shown))
}

// secretVersionOf returns a hash of the stored hash of the secret. It can't reveal the
// secret, which has 130 random bits.
func secretVersionOf(app gatehouse.App) string {
	return gatehouse.DeriveID("secret version: " + app.SecretHash)
}

// isCurrent reports whether a form was loaded with the current version. A form without a
// version does not come from a page of Gatehouse, so it is accepted.
func isCurrent(sent, current string) bool { return sent == "" || sent == current }

func hidden(name, value string) []templates.Field {
	return []templates.Field{{Name: name, Value: value}}
}
