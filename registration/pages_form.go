package registration

import (
	"errors"
	"net/http"
	"slices"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// addPage is GET /integrations/oauth2-apps/add (C 4.3).
func (h *Handler) addPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.renderer.Render(w, http.StatusOK, h.frame(w, r, v), templates.AppFormPage{
		CanSetTrusted: mayTrust(v), Fields: hidden(fieldForm, gatehouse.NewID()),
	})
}

// add is POST /integrations/oauth2-apps/add. Its answer is the one page that ever
// shows the secret (C 4.4). Sending the form again, as reloading that page does,
// registers nothing: the app's id follows from the form's.
func (h *Handler) add(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	page := templates.AppFormPage{Form: typedForm(r.PostForm), CanSetTrusted: mayTrust(v), Fields: hidden(fieldForm, r.PostForm.Get(fieldForm))}
	app := gatehouse.App{IsPublic: page.Form.IsPublic}
	fill(&app, page.Form)
	if page.Errors = formErrors(app); len(page.Errors) > 0 {
		return h.renderer.Render(w, http.StatusBadRequest, v.Frame(), page)
	}
	id := ""
	if form := r.PostForm.Get(fieldForm); gatehouse.ValidID(form) {
		id = gatehouse.DeriveID("app of form: " + v.User.ID + " " + form)
	}
	registered, secret, err := h.registerApp(r.Context(), v, NewApp{
		ID: id, Name: app.Name, Description: app.Description, Homepage: app.Homepage, IconURL: app.IconURL,
		RedirectURIs: app.RedirectURIs, IsTrusted: app.IsTrusted, IsPublic: app.IsPublic,
	})
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		return h.addedBefore(w, r, v, page, id)
	case err != nil:
		return err
	}
	return h.renderer.Render(w, http.StatusCreated, v.Frame(), templates.AppCreatedPage{
		App: registered, Secret: secret, Endpoints: h.endpoints(), Snippets: snippets(h.siteURL, registered, secret),
	})
}

// addedBefore answers a form that was sent before: with the app that it
// registered, or, if something else was typed into it since, with the form.
func (h *Handler) addedBefore(w http.ResponseWriter, r *http.Request, v web.Visit, page templates.AppFormPage, id string) error {
	app, err := h.loadManagedApp(r.Context(), v, id)
	var refused *web.Error
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	asked := app
	fill(&asked, page.Form)
	asked.IsTrusted = app.IsTrusted
	if err == nil && versionOf(asked) == versionOf(app) && page.Form.IsPublic == app.IsPublic {
		h.redirect(w, r, h.pageOf(id, ""), noticeSentTwice)
		return nil
	}
	page.Errors = map[string]string{"": "This form was sent before, and registered an application. Press “Register application” again to register another one."}
	page.Fields = hidden(fieldForm, gatehouse.NewID())
	return h.renderer.Render(w, http.StatusConflict, v.Frame(), page)
}

// editPage is GET /integrations/oauth2-apps/{id}/edit (C 4.3).
func (h *Handler) editPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	return h.renderEdit(w, r, v, http.StatusOK, app, templates.AppFormPage{Form: formOf(app), Fields: hidden(fieldVersion, versionOf(app))})
}

// edit is POST /integrations/oauth2-apps/{id}/edit. A change of the callback URLs
// is asked about before it is made (C 4.3), and an edit of what somebody else has
// changed in the meantime is not made at all.
func (h *Handler) edit(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	app, err := h.loadManagedApp(r.Context(), v, appIDOf(r))
	if err != nil {
		return err
	}
	version := r.PostForm.Get(fieldVersion)
	page := templates.AppFormPage{Form: typedForm(r.PostForm), Fields: hidden(fieldVersion, version)}
	page.Form.IsPublic = app.IsPublic
	edited := app
	fill(&edited, page.Form)
	switch page.Errors = formErrors(edited); {
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
		return h.editedMeanwhile(w, r, v, app, page)
	case err != nil:
		return err
	}
	h.redirect(w, r, h.basePath+pagesPath, noticeUpdated)
	return nil
}

// editedMeanwhile shows the form with what was typed. Sending it once more
// overwrites what the other one did, knowingly.
func (h *Handler) editedMeanwhile(w http.ResponseWriter, r *http.Request, v web.Visit, app gatehouse.App, page templates.AppFormPage) error {
	page.Errors = map[string]string{"": "Somebody changed this application while you were editing it, so nothing was saved. Open its page to see the change. Press “Save changes” again to overwrite it with what is typed here."}
	page.Fields = hidden(fieldVersion, versionOf(app))
	return h.renderEdit(w, r, v, http.StatusConflict, app, page)
}

func (h *Handler) renderEdit(w http.ResponseWriter, r *http.Request, v web.Visit, status int, app gatehouse.App, page templates.AppFormPage) error {
	usage, err := h.usageOf(r.Context(), app.ID)
	if err != nil {
		return err
	}
	page.ID, page.CanSetTrusted, page.IsDynamicallyRegistered, page.Users = app.ID, mayTrust(v), app.IsDynamicallyRegistered, usage.Users
	return h.renderer.Render(w, status, h.frame(w, r, v), page)
}
