package console

import (
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// settingsPage is GET /console.
func (h *Handler) settingsPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.Pages.Renderer.Render(w, http.StatusOK, frame(r, v), templates.ConsolePage{Settings: v.Settings})
}

// saveSettings is POST /console. If one of the values breaks a rule, none is saved.
func (h *Handler) saveSettings(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	typed := changedValues(r)
	changed, err := h.Switches.Set(r.Context(), v.Caller, typed)
	if problems := web.FieldErrors(err); len(problems) > 0 {
		return h.Pages.Renderer.Render(w, http.StatusBadRequest, v.Frame(), templates.ConsolePage{Settings: v.Settings, Typed: typed, Errors: problems})
	}
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		return h.done(w, r, "/console", "unchanged")
	}
	return h.done(w, r, "/console", "saved")
}

// changedValues are what the person changed, by key: of what they left as it was
// when the page was shown, the form says so. Somebody else may have turned that
// switch meanwhile, and must not see it turned back.
func changedValues(r *http.Request) map[string]string {
	values := map[string]string{}
	for _, d := range gatehouse.SettingDefinitions() {
		if !r.PostForm.Has(d.Key) {
			continue
		}
		typed := r.PostForm.Get(d.Key)
		if was, err := canonicalValue(d.Key, r.PostForm.Get("was."+d.Key)); err == nil && r.PostForm.Has("was."+d.Key) {
			if value, err := canonicalValue(d.Key, typed); err == nil && value == was {
				continue
			}
		}
		values[d.Key] = typed
	}
	return values
}
