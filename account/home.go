package account

import (
	"net/http"

	"gatehouse/internal/web"
	"gatehouse/templates"
)

// home is GET /: where people land who come without a purpose.
func (h *SecurityHandler) home(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	const many = 1000 // the page says how many; nobody counts further
	apps, err := h.Apps.AuthorizedApps(r.Context(), v.User.ID, 0, many)
	if err != nil {
		return err
	}
	return h.Pages.Renderer.Render(w, http.StatusOK, v.Frame(), templates.HomePage{
		Apps:            len(apps),
		ProviderEnabled: v.Settings.EnableOAuthServiceProvider,
	})
}
