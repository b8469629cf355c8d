package provider

import (
	"errors"
	"net/http"
	"net/url"

	"gatehouse"
	"gatehouse/consent"
)

// A restricted app is open to the members of its groups only. The storage decides when it
// stores a consent, and deletes the consent when the user leaves the last group: codes and
// tokens end with it. This file tells the user.

// checkAccess returns ErrNoAccess for a user who may not use the app. An app that is open to
// all users costs no statement. A user with a consent may use the app.
//
// The app may be from the cache, and restricted since. Then the consent page is shown, and
// the storage refuses the consent.
func (h *Handler) checkAccess(r *http.Request, a authorization, decision consent.Decision, caller gatehouse.Caller) error {
	if !a.app.IsRestricted || decision.Remembered.ID != "" {
		return nil
	}
	may, err := h.store.MayUseApp(r.Context(), caller.User.ID, a.app.ID)
	if err == nil && !may {
		return gatehouse.ErrNoAccess
	}
	return err
}

// refuseAccess answers a request of a user who may not use the app, or reports the failure
// to find out. Only with prompt=none, which forbids pages, it is sent to the client (OpenID
// Connect Core §3.1.2.1): otherwise the app would have to explain what only we know.
func (h *Handler) refuseAccess(w http.ResponseWriter, r *http.Request, a authorization, caller gatehouse.Caller, err error) error {
	switch {
	case !errors.Is(err, gatehouse.ErrNoAccess):
		return h.sendFailure(w, r, a, caller, err)
	case a.request.hasPrompt("none"):
		return h.refuse(w, r, a, caller, noAccess(err))
	}
	page := noAccess(err).webError()
	page.Title = "You can't use this app"
	page.BackURL, page.BackLabel = h.basePath+"/login?"+url.Values{"redirect_to": {h.localURL(a.query)}, "prompt": {"select_account"}}.Encode(), "Sign in as another user"
	return page
}

func noAccess(cause error) *Refusal {
	return &Refusal{
		Code: codeAccessDenied, ID: "api.oauth.authorize_oauth.no_access.app_error", Status: http.StatusForbidden, Cause: cause,
		Description: "Only members of chosen groups can use this app, and you are in none of these groups. Ask a System Admin of this server for access.",
	}
}
