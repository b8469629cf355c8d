package provider

import (
	"net/http"
	"net/url"
	"strings"

	"gatehouse/templates"
)

// answer is an authorization response (RFC 6749 §4.1.2, §4.2.2) or its error,
// on its way to the app.
type answer struct {
	redirectURI string // checked and matched
	mode        string // "query", "fragment" or "form_post"
	parameters  url.Values
}

// newAnswer addresses parameters to the app. state is repeated as it was sent,
// and iss names us on success and error alike (RFC 9207 §2), unless the app
// takes us for Mattermost.
func (h *Handler) newAnswer(r authorizationRequest, redirectURI string, parameters url.Values) answer {
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
		if r.ResponseType == "token" {
			mode = "fragment" // RFC 6749 §4.2.2
		}
	}
	return answer{redirectURI: redirectURI, mode: mode, parameters: parameters}
}

// isMattermostCallback reports whether a redirect URI is the one of Auth.js's
// Mattermost provider, "…/callback/mattermost". Mattermost sends no iss, so that
// provider never learns our issuer, compares with a made-up one, and would turn
// every answer down. What iss protects from, mixing up servers, such a redirect
// URI prevents by itself: it belongs to one server (RFC 9700 §4.4.2.2).
func isMattermostCallback(redirectURI string) bool {
	u, err := url.Parse(redirectURI)
	return err == nil && strings.HasSuffix(u.Path, "/callback/mattermost")
}

// refusalAnswer tells the app what was wrong (RFC 6749 §4.1.2.1).
func (h *Handler) refusalAnswer(r authorizationRequest, redirectURI string, refusal *Refusal) answer {
	h.refused(endpointAuthorize, grantOfResponseType(r.ResponseType), refusal)
	parameters := url.Values{"error": {refusal.Code}}
	if refusal.Description != "" {
		parameters.Set("error_description", errorDescription(refusal.Description))
	}
	if r.ResponseMode != "fragment" && r.ResponseMode != "form_post" {
		r.ResponseMode = "" // One that we do not know cannot carry the refusal.
	}
	return h.newAnswer(r, redirectURI, parameters)
}

// url is the answer as a URL: the redirect URI keeps its own query, in which
// our parameters replace those of the same name (C 1.3).
func (a answer) url() (string, error) {
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
	} else { // It is no form, but the app's all the same: RFC 6749 §3.1.2 has us keep it.
		u.RawQuery += "&" + a.parameters.Encode()
	}
	return u.String(), nil
}

// send answers the browser. After a form post the redirect is a 303, so that
// the form is not sent on (RFC 9700 §4.12).
func (h *Handler) send(w http.ResponseWriter, r *http.Request, a answer) error {
	w.Header().Set("Cache-Control", "no-store")
	if a.mode == "form_post" {
		return h.sendForm(w, a)
	}
	target, err := a.url()
	if err != nil {
		return err
	}
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	w.Header().Set("Location", target)
	w.WriteHeader(status)
	return nil
}

// sendForm makes the browser post the answer (OAuth 2.0 Form Post Response Mode).
func (h *Handler) sendForm(w http.ResponseWriter, a answer) error {
	page := templates.FormPostPage{Action: a.redirectURI}
	for name := range a.parameters {
		page.Fields = append(page.Fields, templates.Field{Name: name, Value: a.parameters.Get(name)})
	}
	return h.renderer.Render(w, http.StatusOK, templates.Frame{}, page) // its form-action follows from Action
}
