package provider

import (
	"net/http"
	"net/url"
	"strings"

	"gatehouse"
	"gatehouse/templates"
)

// authorizationResponse is a response of the authorization endpoint (RFC 6749
// §4.1.2, §4.2.2) or its error (§4.1.2.1).
type authorizationResponse struct {
	redirectURI string // checked and matched
	mode        string // "query", "fragment" or "form_post"
	parameters  url.Values
}

// newResponse addresses parameters to the client. It repeats the state as it was
// sent. It adds iss, on success and on error (RFC 9207 §2), unless the client is
// written for Mattermost.
func (h *Handler) newResponse(r authorizationRequest, redirectURI string, parameters url.Values) authorizationResponse {
	parameters.Del("state")
	if r.HasState {
		parameters.Set("state", r.State)
	}
	if !isMattermostCallback(redirectURI) {
		parameters.Set("iss", h.issuer)
	}
	mode := r.ResponseMode
	if mode == "" {
		mode = "query"
		if r.isImplicit() {
			mode = "fragment" // RFC 6749 §4.2.2
		}
	}
	return authorizationResponse{redirectURI: redirectURI, mode: mode, parameters: parameters}
}

// isMattermostCallback reports whether a redirect URI belongs to the Mattermost
// provider of Auth.js, "…/callback/mattermost". Mattermost sends no iss. That
// provider does not know our issuer, compares iss with a made-up value and refuses
// every response that has one. Such a redirect URI belongs to one server only, so
// it prevents mix-up attacks without iss (RFC 9700 §4.4.2.2).
func isMattermostCallback(redirectURI string) bool {
	u, err := url.Parse(redirectURI)
	return err == nil && strings.HasSuffix(u.Path, "/callback/mattermost")
}

// refusalResponse is the error response for a refusal (RFC 6749 §4.1.2.1).
func (h *Handler) refusalResponse(r authorizationRequest, redirectURI string, refusal *Refusal) authorizationResponse {
	parameters := url.Values{"error": {refusal.Code}}
	if refusal.Description != "" {
		parameters.Set("error_description", errorDescription(refusal.Description))
	}
	if r.ResponseMode != "fragment" && r.ResponseMode != "form_post" {
		r.ResponseMode = "" // an unknown mode cannot carry the error
	}
	return h.newResponse(r, redirectURI, parameters)
}

// url returns the response as a URL. The redirect URI keeps its own query, in which
// our parameters replace those of the same name (C 1.3).
func (a authorizationResponse) url() (string, error) {
	u, err := url.Parse(a.redirectURI)
	if err != nil {
		return "", err
	}
	if a.mode == "fragment" {
		return u.String() + "#" + a.parameters.Encode(), nil
	}
	if q, err := url.ParseQuery(u.RawQuery); err == nil {
		for name := range a.parameters {
			q.Set(name, a.parameters.Get(name))
		}
		u.RawQuery = q.Encode()
	} else { // not form-encoded; it must be kept nevertheless (RFC 6749 §3.1.2)
		u.RawQuery += "&" + a.parameters.Encode()
	}
	return u.String(), nil
}

// send writes the response to the browser. After a POST the redirect is a 303, so
// that the browser does not post the form again (RFC 9700 §4.12). For an app on the
// device a browser gets a page that opens it: after a redirect the tab would show what
// it showed before, or nothing.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, app gatehouse.App, a authorizationResponse) error {
	w.Header().Set("Cache-Control", "no-store")
	if a.mode == "form_post" { // OAuth 2.0 Form Post Response Mode
		page := templates.FormPostPage{Action: a.redirectURI}
		for name := range a.parameters {
			page.Fields = append(page.Fields, templates.Field{Name: name, Value: a.parameters.Get(name)})
		}
		return h.renderer.Render(w, http.StatusOK, templates.Frame{}, page)
	}
	target, err := a.url()
	if err != nil {
		return err
	}
	if opensApp(r, a.redirectURI) {
		return h.renderer.Render(w, http.StatusOK, templates.Frame{}, templates.OpenAppPage{
			AppName: app.Name, RedirectURI: a.redirectURI, URL: target, Denied: a.parameters.Has("error"),
		})
	}
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	w.Header().Set("Location", target)
	w.WriteHeader(status)
	return nil
}
