package provider

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// A client can require that the user signs in again, with prompt=login,
// prompt=select_account or max_age (OpenID Connect Core §3.1.2.1). The request that
// the browser returns to after signing in still has these parameters. A sealed
// signInDemand in the parameter signed_in_after says since when the user was asked. The
// requirement is met by a session that began later. So the user cannot skip the
// sign-in by opening the return URL.

// signInDemand says that the user was sent to sign in for an authorization request.
type signInDemand struct {
	_     struct{} `cbor:",toarray"`
	Query string   // HashSecret of the request's query
	At    int64    // ms
}

const (
	signInDemandPrefix = "gths_"
	// signInDemandLifetime is how long the user may take for signing in and consent.
	signInDemandLifetime = time.Hour
	signedInAfter        = "&signed_in_after="
)

// requiresSignIn reports whether a signed-in user must sign in again for the request.
func (h *Handler) requiresSignIn(a authorization, session gatehouse.Session, now time.Time) bool {
	tooOld := a.request.MaxAge >= 0 && now.Sub(session.CreateAt) > time.Duration(a.request.MaxAge)*time.Second
	if !tooOld && !a.request.hasPrompt("login") && !a.request.hasPrompt("select_account") {
		return false
	}
	query, sealed, ok := strings.Cut(a.query, signedInAfter)
	if !ok {
		return true
	}
	demand, err := h.tokens.signInDemands.Open(sealed)
	if err != nil || demand.Query != gatehouse.HashSecret(query) {
		return true
	}
	at := time.UnixMilli(demand.At)
	return session.CreateAt.Before(at) || now.After(at.Add(signInDemandLifetime))
}

// requireSignIn sends the browser to the sign-in page. With prompt=none it refuses
// with login_required instead (OpenID Connect Core §3.1.2.1).
func (h *Handler) requireSignIn(w http.ResponseWriter, r *http.Request, a authorization, caller gatehouse.Caller, signedIn bool) error {
	if a.request.hasPrompt("none") {
		refusal := &Refusal{Code: codeLoginRequired, ID: "api.oauth.authorize_oauth.login_required.app_error", Description: "The user must sign in, but the request has prompt=none."}
		if redirect, err := h.mayRedirectErrors(r.Context(), a.app, caller); err != nil {
			return err
		} else if !redirect {
			return &web.Error{Status: http.StatusUnauthorized, ID: refusal.ID, Title: "Sign in first",
				Message: "The app asked us not to show a sign-in page, but you must sign in. Sign in here first. Then try again in the app.", Cause: refusal,
				BackURL: h.basePath + "/login", BackLabel: "Sign in"}
		}
		return h.sendRefusal(w, r, a, refusal)
	}
	query, _, _ := strings.Cut(a.query, signedInAfter)
	if a.request.MaxAge >= 0 || a.request.hasPrompt("login") || a.request.hasPrompt("select_account") {
		sealed, err := h.tokens.signInDemands.Seal(signInDemand{Query: gatehouse.HashSecret(query), At: time.Now().UnixMilli()})
		if err != nil {
			return err
		}
		query += signedInAfter + sealed
	}
	login := url.Values{"redirect_to": {h.localURL(query)}}
	switch {
	case a.request.hasPrompt("select_account"):
		login.Set("prompt", "select_account") // they may sign in as another user
	case signedIn || a.request.hasPrompt("login"):
		login.Set("prompt", "login")
	}
	if a.request.LoginHint != "" {
		login.Set("login_hint", a.request.LoginHint)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, h.basePath+"/login?"+login.Encode(), http.StatusSeeOther)
	return nil
}
