package console

import (
	"net/http"
	"net/url"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// settingsPage is GET /console.
func (h *Handler) settingsPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	frame := v.Frame()
	page := templates.ConsolePage{Settings: v.Settings, Typed: map[string]string{}, Errors: v.Kept.Errors}
	for key := range v.Kept.Values {
		page.Typed[key] = v.Kept.Values.Get(key)
	}
	frame.Notice = h.pages.Notices.Take(w, r, map[string]string{
		"saved":     "The settings were saved.",
		"unchanged": "Nothing was changed.",
	})
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), frame, page)
}

// saveSettings is POST /console. If one value breaks a rule, it saves none.
func (h *Handler) saveSettings(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	typed := map[string]string{}
	for key, values := range changedValues(r.PostForm) {
		typed[key] = values[0]
	}
	changed, err := h.settings.Set(r.Context(), v.Caller, typed)
	if problems := web.FieldErrors(err); len(problems) > 0 {
		return &web.FormError{Status: http.StatusBadRequest, Errors: problems}
	}
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		return h.redirect(w, r, "/console", "unchanged")
	}
	return h.redirect(w, r, "/console", "saved")
}

// changedValues returns the values of the form, by key, that the user changed. The
// hidden fields "was.…" hold the values that the page showed. A setting that another
// System Admin changed meanwhile is not set back by a form that left it as it was.
func changedValues(form url.Values) url.Values {
	values := url.Values{}
	for _, d := range gatehouse.SettingDefinitions() {
		if form.Has(d.Key) && !unchanged(form, d.Key) {
			values.Set(d.Key, form.Get(d.Key))
		}
	}
	return values
}

// unchanged reports whether the form has the same value for a setting as the page had.
func unchanged(form url.Values, key string) bool {
	if !form.Has("was." + key) {
		return false
	}
	shown, err := canonicalValue(key, form.Get("was."+key))
	if err != nil {
		return false
	}
	typed, err := canonicalValue(key, form.Get(key))
	return err == nil && typed == shown
}
