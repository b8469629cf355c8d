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
	form := v.Kept.Values.Get(fieldForm)
	if form == "" {
		form = gatehouse.NewID()
	}
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), h.frame(w, r, v), templates.AppFormPage{
		Form: typedForm(v.Kept.Values, newForm(v)), Errors: v.Kept.Errors, CanSetTrusted: mayTrust(v), ShowOpenID: v.Settings.EnableOpenIDConnect, Fields: hidden(fieldForm, form),
	})
}

// add is POST /integrations/oauth2-apps/add. Only the page that follows shows the secret
// (C 4.4). The same form registers nothing the second time, because the app's id is derived
// from the id of the form.
func (h *Handler) add(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	typed := typedForm(r.PostForm, newForm(v))
	app := gatehouse.App{IsPublic: typed.IsPublic}
	fill(&app, typed)
	if problems := formErrors(app, typed); len(problems) > 0 {
		return &web.FormError{Status: http.StatusBadRequest, Errors: problems}
	}
	id := ""
	if form := r.PostForm.Get(fieldForm); gatehouse.ValidID(form) {
		id = gatehouse.DeriveID("app of form: " + v.User.ID + " " + form)
	}
	registered, _, err := h.registerApp(r.Context(), v, NewApp{
		ID: id, Name: app.Name, Description: app.Description, Homepage: app.Homepage, IconURL: app.IconURL,
		RedirectURIs: app.RedirectURIs, IsTrusted: app.IsTrusted, IsPublic: app.IsPublic,
		AccessTokenLifetime: app.AccessTokenLifetime, RefreshTokenLifetime: app.RefreshTokenLifetime, OpenID: app.OpenID,
	})
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		return h.addAgain(w, r, v, typed, id)
	case err != nil:
		return err
	}
	return h.redirectToCreated(w, r, v, registered, false)
}

// addAgain answers a form that was already sent. If the form is unchanged, it redirects to
// the app that the form registered. Otherwise it shows the form with a new id, so that the
// user can register another app.
func (h *Handler) addAgain(w http.ResponseWriter, r *http.Request, v web.Visit, form templates.AppForm, id string) error {
	app, err := h.loadManagedApp(r.Context(), v, id)
	var refused *web.Error
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	typed := app
	fill(&typed, form)
	typed.IsTrusted = app.IsTrusted
	if err == nil && versionOf(typed) == versionOf(app) && form.IsPublic == app.IsPublic {
		if app.UpdateAt.Equal(app.CreateAt) { // The browser did not follow the redirect, as after a double click.
			return h.redirectToCreated(w, r, v, app, false)
		}
		return h.redirect(w, r, h.appURL(id, ""), noticeSentTwice)
	}
	return &web.FormError{
		Status: http.StatusConflict, Values: map[string]string{fieldForm: gatehouse.NewID()},
		Errors: map[string]string{"": "This form was already sent, and it registered an app. Press “Register application” again to register another app."},
	}
}

// editPage is GET /integrations/oauth2-apps/{app_id}/edit (C 4.3).
func (h *Handler) editPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	usage, err := h.loadUsage(r.Context(), app.ID)
	if err != nil {
		return err
	}
	page := templates.AppFormPage{
		ID: app.ID, Form: formOf(app), Fields: hidden(fieldVersion, versionOf(app)), Errors: v.Kept.Errors, ShowAccess: maySetAccess(v),
		CanSetTrusted: mayTrust(v), ShowOpenID: v.Settings.EnableOpenIDConnect, IsDynamicallyRegistered: app.IsDynamicallyRegistered, Users: usage.Users,
	}
	if len(v.Kept.Values) > 0 {
		page.Form, page.Fields = typedForm(v.Kept.Values, formOf(app)), hidden(fieldVersion, v.Kept.Values.Get(fieldVersion))
		page.Form.IsPublic, page.ConfirmCallbacks = app.IsPublic, v.Kept.Values.Get(fieldConfirm) == askConfirm
	}
	if err := h.showAccess(r.Context(), &page, app, v.Kept.Values); err != nil {
		return err
	}
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), h.frame(w, r, v), page)
}

// edit is POST /integrations/oauth2-apps/{app_id}/edit. A change of the callback URLs needs
// a confirmation (C 4.3). If the app was changed after the form was loaded, nothing is
// saved, and the form shows what the user typed. Sending it once more overwrites the
// other change.
func (h *Handler) edit(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	access, err := h.typedAccess(r.Context(), v, app, r.PostForm)
	if err != nil {
		return err
	}
	version, typed := r.PostForm.Get(fieldVersion), typedForm(r.PostForm, formOf(app))
	typed.IsPublic = app.IsPublic
	edited := app
	fill(&edited, typed)
	if problems := formErrors(edited, typed); len(problems) > 0 {
		return &web.FormError{Status: http.StatusBadRequest, Errors: problems}
	}
	if !slices.Equal(app.RedirectURIs, edited.RedirectURIs) && r.PostForm.Get(fieldConfirm) != "true" {
		return &web.FormError{Values: map[string]string{fieldConfirm: askConfirm}}
	}
	changed, err := h.changeApp(r.Context(), v, app.ID, func(a *gatehouse.App) error {
		if !isCurrent(version, versionOf(*a)) {
			return gatehouse.ErrConflict
		}
		fill(a, typed)
		return nil
	})
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		if app, err = h.loadManagedApp(r.Context(), v, app.ID); err != nil {
			return err
		}
		return &web.FormError{
			Status: http.StatusConflict, Values: map[string]string{fieldVersion: versionOf(app)},
			Errors: map[string]string{"": "This app was changed while you were editing it, so nothing was saved. Open its page to see the change. Press “Save changes” again to overwrite the change with this form."},
		}
	case err != nil:
		return err
	}
	if err := h.changeAccess(r.Context(), v, changed, access); err != nil {
		return err
	}
	return h.redirect(w, r, h.basePath+pageApps, noticeUpdated)
}

// The hidden fields of the forms.
const (
	// fieldForm is the id of a form that adds an app. The same form registers only one app.
	fieldForm = "form"
	// fieldVersion is the version of the app, or of the secret, that the form replaces.
	fieldVersion = "version"
	// fieldRegenerate is only in a web.KeptForm, for createdPage.
	fieldRegenerate = "regenerate"
	// fieldConfirm is "true" if the user confirms a change of the callback URLs. In a
	// web.KeptForm it is askConfirm if the page must ask.
	fieldConfirm = "confirm_callbacks"
	askConfirm   = "ask"
)

// keptFields returns the fields of the form of an app that its page shows again.
func keptFields(form url.Values) url.Values {
	kept := web.KeepFields("name", "description", "homepage", "icon_url", "callback_urls", "is_trusted", "is_public",
		"access_token_lifetime", "refresh_token_lifetime", "id_token_signed_response_alg", "post_logout_redirect_uris", "backchannel_logout_uri",
		fieldForm, fieldVersion, fieldAccess, fieldAccessVersion)(form)
	kept[fieldGroups] = form[fieldGroups]
	return kept
}

// typedForm returns the form as the user sent it. It takes fields from current that were not
// sent: only System Admins see the lifetimes, and a setting hides the fields of OpenID Connect.
func typedForm(values url.Values, current templates.AppForm) templates.AppForm {
	form := templates.AppForm{
		IsTrusted: values.Get("is_trusted") == "true", IsPublic: values.Get("is_public") == "true",
		Name: values.Get("name"), Description: values.Get("description"), Homepage: values.Get("homepage"),
		IconURL: values.Get("icon_url"), CallbackURLs: values.Get("callback_urls"),
		AccessTokenLifetime: current.AccessTokenLifetime, RefreshTokenLifetime: current.RefreshTokenLifetime,
		OpenID: typedOpenID(values, current.OpenID),
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
		OpenID: openIDForm(app.OpenID),
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
	fillOpenID(&app.OpenID, f.OpenID)
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
