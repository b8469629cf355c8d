package console

import (
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// settingsPage is GET /console.
func (h *Handler) settingsPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	frame := v.Frame()
	frame.Notice = h.pages.Notices.Take(w, r, map[string]string{
		"saved":     "The settings were saved.",
		"unchanged": "Nothing was changed.",
	})
	return h.pages.Renderer.Render(w, http.StatusOK, frame, templates.ConsolePage{Settings: v.Settings})
}

// saveSettings is POST /console. If one value breaks a rule, it saves none.
func (h *Handler) saveSettings(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	typed := changedValues(r)
	changed, err := h.settings.Set(r.Context(), v.Caller, typed)
	if problems := web.FieldErrors(err); len(problems) > 0 {
		return h.pages.Renderer.Render(w, http.StatusBadRequest, v.Frame(), templates.ConsolePage{Settings: v.Settings, Typed: typed, Errors: problems})
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
func changedValues(r *http.Request) map[string]string {
	values := map[string]string{}
	for _, d := range gatehouse.SettingDefinitions() {
		if r.PostForm.Has(d.Key) && !unchanged(r, d.Key) {
			values[d.Key] = r.PostForm.Get(d.Key)
		}
	}
	return values
}

// unchanged reports whether the form has the same value for a setting as the page had.
func unchanged(r *http.Request, key string) bool {
	if !r.PostForm.Has("was." + key) {
		return false
	}
	shown, err := canonicalValue(key, r.PostForm.Get("was."+key))
	if err != nil {
		return false
	}
	typed, err := canonicalValue(key, r.PostForm.Get(key))
	return err == nil && typed == shown
}
