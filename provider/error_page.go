package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// describeApp adds to the error page of an authorization request the app, the redirect URI
// that was sent, and a way back: to the homepage of the app if a user registered it. The
// homepage of a self-registered app is not linked, because then an attacker could register
// an app and lead users from a page of the gateway to another site. If the app cannot be
// read, the page does without.
func (h *Handler) describeApp(ctx context.Context, e *web.Error, query url.Values) {
	ids := query["client_id"]
	if len(ids) != 1 || !gatehouse.ValidID(ids[0]) {
		return
	}
	app, err := h.store.App(ctx, ids[0])
	if err != nil {
		return
	}
	e.App = &templates.RefusedApp{Name: app.Name, IsSelfRegistered: app.IsDynamicallyRegistered, RedirectURI: query.Get("redirect_uri")}
	homepage, err := url.Parse(app.Homepage)
	if err != nil || !gatehouse.CheckHTTPURL(app.Homepage) || app.IsDynamicallyRegistered || e.BackURL != "" || e.Status >= http.StatusInternalServerError {
		return
	}
	e.BackURL, e.BackLabel = app.Homepage, fmt.Sprintf("Go to %s", homepage.Host)
}
