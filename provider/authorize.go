package provider

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// authorization is an authorization request whose client and redirect URI are
// known to be good: from here on, every answer goes to the app.
type authorization struct {
	request     authorizationRequest
	app         gatehouse.App
	settings    gatehouse.Settings
	redirectURI string // matched
	query       string // the request as it came, for coming back to it
}

// authorize serves GET /oauth/authorize.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request) error {
	a, refusal, err := h.admit(r.Context(), r.URL.Query(), r.URL.RawQuery)
	if err != nil {
		return err
	}
	// Anybody can make a client register itself. Such a client's mistake must not
	// send on a person who has not signed in, or we redirect for phishers
	// (RFC 9700 §4.11.2).
	if refusal != nil && !a.app.IsDynamicallyRegistered {
		return h.send(w, r, h.refusalAnswer(a.request, a.redirectURI, refusal))
	}
	caller, ok, err := h.signedIn(w, r, a)
	if err != nil || !ok {
		return err
	}
	if refusal != nil {
		return h.send(w, r, h.refusalAnswer(a.request, a.redirectURI, refusal))
	}
	question := h.question(a, caller)
	decision, err := h.consents.Decide(r.Context(), question)
	if err != nil {
		return h.sendFailure(w, r, a, err)
	}
	if decision.Ask {
		if a.request.Prompt == "none" {
			return h.send(w, r, h.refusalAnswer(a.request, a.redirectURI, &Refusal{Code: codeConsentRequired, Description: "The user must be asked, which prompt=none forbids."}))
		}
		return h.consents.Ask(w, r, question, decision)
	}
	return h.issue(w, r, a, question, decision)
}

// decide serves the form of the consent page: POST /oauth/authorize with the
// request in its URL and the person's decision in the body. The request is
// judged again from the start; there is no state in between to forge.
func (h *Handler) decide(w http.ResponseWriter, r *http.Request) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	if r.URL.RawQuery == "" && r.PostForm.Has("client_id") {
		// An authorization request sent by POST (RFC 6749 §3.1): the same as by GET.
		http.Redirect(w, r, h.localURL(r.PostForm.Encode()), http.StatusSeeOther)
		return nil
	}
	a, refusal, err := h.admit(r.Context(), r.URL.Query(), r.URL.RawQuery)
	if err != nil {
		return err
	}
	if refusal != nil {
		return h.send(w, r, h.refusalAnswer(a.request, a.redirectURI, refusal))
	}
	caller, err := h.signIn.Caller(r)
	if errors.Is(err, gatehouse.ErrNotFound) || (err == nil && caller.IsOAuth()) {
		h.redirectToLogin(w, r, a, a.query, "")
		return nil
	} else if err != nil {
		return err
	}
	question := h.question(a, caller)
	decision, err := h.consents.Decide(r.Context(), question)
	if err != nil {
		return h.sendFailure(w, r, a, err)
	}
	// The page that was answered must have been this person's: another may have
	// signed in since in another tab (Dex CVE-2022-39222 is the neighbour of this).
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf_token")), []byte(caller.CSRFToken)) != 1 {
		return h.consents.Ask(w, r, question, decision)
	}
	switch r.PostForm.Get("decision") {
	case "allow":
		return h.issue(w, r, a, question, decision)
	case "deny":
		h.consents.Deny(r.Context(), question)
		return h.send(w, r, h.refusalAnswer(a.request, a.redirectURI, &Refusal{Code: codeAccessDenied, Description: "The user denied the request."}))
	}
	return h.consents.Ask(w, r, question, decision)
}

// admit judges who is asking and where the answer goes. Until both are certain
// nothing is redirected: err is for our own page (C 1.2, RFC 6749 §4.1.2.1).
// Everything else that is wrong is a refusal for the app.
func (h *Handler) admit(ctx context.Context, values url.Values, query string) (authorization, *Refusal, error) {
	settings, err := h.settings.Settings(ctx)
	if err != nil {
		return authorization{}, nil, err
	}
	if !settings.EnableOAuthServiceProvider {
		return authorization{}, nil, providerOff("api.oauth.authorize_oauth.disabled").webError()
	}
	if name := duplicated(values, identityParameters); name != "" {
		return authorization{}, nil, refuse(codeInvalidRequest, "model.authorize.is_valid."+name, "The parameter "+name+" was sent more than once.").webError()
	}
	a := authorization{request: readAuthorizationRequest(values), settings: settings, query: query}
	if err := h.match(ctx, &a); err != nil {
		return authorization{}, nil, err
	}
	for _, refusal := range []*Refusal{checkExtensions(values), a.request.check(), a.request.checkApp(a.app, settings)} {
		if refusal != nil {
			return a, refusal, nil
		}
	}
	return a, nil, nil
}

// match finds the app and the redirect URI that the answer goes to.
func (h *Handler) match(ctx context.Context, a *authorization) error {
	if refusal := checkClientID(a.request.ClientID); refusal != nil {
		return refusal.webError()
	}
	if refusal := checkRedirectURI(a.request.RedirectURI); refusal != nil {
		return refusal.webError()
	}
	var err error
	a.app, err = h.apps.App(ctx, a.request.ClientID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return &web.Error{Status: http.StatusNotFound, ID: "app.oauth.get_app.find.app_error", Title: "This app is unknown here", Message: "There is no app with this client_id. It was never registered here, or was deleted.", Cause: err}
	} else if err != nil {
		return fmt.Errorf("provider: client: %w", err)
	}
	uri, ok := gatehouse.MatchRedirectURI(a.request.RedirectURI, a.app.RedirectURIs)
	if !ok || gatehouse.CheckRedirectURI(uri, a.app.IsPublic) != nil {
		return notRegistered().webError()
	}
	a.redirectURI = uri
	return nil
}

// signedIn returns who is at the browser. ok is false when the response was
// written: the browser was sent to sign in, or the app was told that it would
// have to be (prompt=none, OpenID Connect Core §3.1.2.1). An access token signs
// nobody in here, or one app could get codes for another.
func (h *Handler) signedIn(w http.ResponseWriter, r *http.Request, a authorization) (caller gatehouse.Caller, ok bool, err error) {
	caller, err = h.signIn.Caller(r)
	known := err == nil && !caller.IsOAuth()
	if err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return caller, false, h.sendFailure(w, r, a, err)
	}
	stale := known && a.request.MaxAge >= 0 && time.Since(caller.Session.CreateAt) > time.Duration(a.request.MaxAge)*time.Second
	prompt := a.request.Prompt
	if known && !stale && prompt != "login" && prompt != "select_account" {
		return caller, true, nil
	}
	if prompt == "none" {
		refusal := &Refusal{Code: codeLoginRequired, Description: "The user must sign in, which prompt=none forbids."}
		if !known && a.app.IsDynamicallyRegistered { // as in authorize: nobody is sent on for a stranger
			return caller, false, signInFirst(refusal)
		}
		return caller, false, h.send(w, r, h.refusalAnswer(a.request, a.redirectURI, refusal))
	}
	if known && prompt != "select_account" {
		prompt = "login"
	}
	h.redirectToLogin(w, r, a, withoutLoginPrompt(a.query), prompt)
	return caller, false, nil
}

// signInFirst is the page for a person whom an app that registered itself wants
// back unseen, with nobody signed in.
func signInFirst(cause error) *web.Error {
	return &web.Error{Status: http.StatusUnauthorized, ID: "api.oauth.authorize_oauth.login_required.app_error", Title: "Nobody is signed in here",
		Message: "The app asked not to show you anything, and you are not signed in. Sign in here first, then try again in the app.", Cause: cause}
}

// redirectToLogin sends the browser to sign in and to come back to the request.
// prompt says whether being signed in already is enough: not for login, which has
// the person prove who they are again, and not for select_account, which lets
// them be somebody else.
func (h *Handler) redirectToLogin(w http.ResponseWriter, r *http.Request, a authorization, query, prompt string) {
	login := url.Values{"redirect_to": {h.localURL(query)}}
	if prompt == "login" || prompt == "select_account" {
		login.Set("prompt", prompt)
	}
	if a.request.LoginHint != "" {
		login.Set("login_hint", a.request.LoginHint)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, h.basePath+"/login?"+login.Encode(), http.StatusSeeOther)
}

// withoutLoginPrompt takes what signing in fulfils out of the request that the
// browser comes back with: prompt=login, prompt=select_account and max_age.
func withoutLoginPrompt(query string) string {
	values, err := url.ParseQuery(query) // what cannot be read was passed over when the request was judged, too
	fulfilled := values.Has("max_age")
	values.Del("max_age")
	if prompt := values.Get("prompt"); prompt == "login" || prompt == "select_account" {
		values.Del("prompt")
		fulfilled = true
	}
	if err == nil && !fulfilled {
		return query // as it was sent, byte for byte (C 1.2 step 4)
	}
	return values.Encode()
}

func (h *Handler) question(a authorization, caller gatehouse.Caller) gatehouse.ConsentRequest {
	return gatehouse.ConsentRequest{
		Caller: caller, App: a.app, Scopes: a.request.scopes(), RedirectURI: a.redirectURI, Prompt: a.request.Prompt,
		Implicit: a.request.ResponseType == "token", Action: h.localURL(a.query),
	}
}

// localURL is the authorization endpoint on this server, with a query.
func (h *Handler) localURL(query string) string { return h.basePath + "/oauth/authorize?" + query }

// issue remembers the consent and answers with a code or a token.
func (h *Handler) issue(w http.ResponseWriter, r *http.Request, a authorization, q gatehouse.ConsentRequest, d gatehouse.ConsentDecision) error {
	answer, err := h.grant(r.Context(), a, q, d)
	if err != nil {
		return h.sendFailure(w, r, a, err)
	}
	return h.send(w, r, answer)
}

// sendFailure tells the app that we failed (RFC 6749 §4.1.2.1: server_error,
// temporarily_unavailable), since the person cannot do anything about it here.
func (h *Handler) sendFailure(w http.ResponseWriter, r *http.Request, a authorization, err error) error {
	refusal := asRefusal(err)
	web.Log(r.Context(), h.log, refusal.webError())
	return h.send(w, r, h.refusalAnswer(a.request, a.redirectURI, refusal))
}

// FormTarget returns where an authorization request on this server would send
// the browser after a form was posted, in the form that form-action takes; ""
// if localURL is none, or one that would not be redirected. Browsers apply
// form-action to the redirects that follow a form (the sign-in form's, here).
func (h *Handler) FormTarget(ctx context.Context, localURL string) string {
	query, ok := strings.CutPrefix(localURL, h.localURL(""))
	if !ok {
		return ""
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	a, _, err := h.admit(ctx, values, query)
	if err != nil {
		return ""
	}
	return gatehouse.RedirectOrigin(a.redirectURI)
}
