package server

import (
	"net/http"
	"strings"

	"gatehouse/internal/web"
)

// surface is the form in which an endpoint says no.
type surface int

const (
	surfacePage     surface = iota // the error page
	surfaceJSON                    // the contract's AppError
	surfaceProtocol                // RFC 6749 §5.2 and the contract's in one
)

// surfaceOf says how to answer a request that no handler has seen (C 1.1, "JSON
// or HTML error?").
func (s *site) surfaceOf(r *http.Request) surface {
	path := strings.TrimPrefix(r.URL.Path, s.basePath)
	switch {
	case protocolEndpoint(path):
		return surfaceProtocol
	case strings.HasPrefix(path, "/api/"), strings.HasPrefix(path, "/.well-known/"), strings.HasPrefix(r.URL.Path, "/.well-known/"),
		path == "/oauth/deauthorize", path == "/oauth/apps/authorized",
		r.URL.Path == "/healthz", r.URL.Path == "/readyz",
		path == "/oauth/authorize" && r.Method == http.MethodPost && !web.SendsForm(r),
		r.Header.Get("X-Mobile-App") != "":
		return surfaceJSON
	}
	return surfacePage
}

// protocolEndpoint knows the endpoints of the RFCs that clients call with
// credentials of their own. No cookie has an effect there.
func protocolEndpoint(path string) bool {
	switch path {
	case "/oauth/access_token", "/oauth/revoke", "/oauth/introspect", "/api/v4/oauth/apps/register":
		return true
	}
	return false
}

// protocolError is RFC 6749 §5.2's error and the contract's in one object.
type protocolError struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	web.AppError
}

// refuse answers with e in the form of the endpoint.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, e *web.Error) {
	switch s.surfaceOf(r) {
	case surfaceProtocol:
		code := "invalid_request"
		switch {
		case e.Status == http.StatusServiceUnavailable:
			code = "temporarily_unavailable"
		case e.Status >= http.StatusInternalServerError:
			code = "server_error"
		}
		w.Header().Set("Cache-Control", "no-store")
		body := protocolError{code, strings.ReplaceAll(e.Message, `"`, "'"), web.NewAppError(r, e)}
		_ = web.WriteJSON(w, e.Status, body) // It is made of strings: it cannot fail.
	case surfaceJSON:
		web.WriteJSONError(w, r, s.Log, e)
	case surfacePage:
		web.WritePageError(w, r, s.Log, s.Renderer, e)
	}
}
