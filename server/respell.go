package server

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"gatehouse/internal/web"
)

// respell returns the endpoint that the request probably means, and its path, if the path
// of the request is only misspelled: it ends with a slash, repeats a slash, is in another
// case, or has percent-encodings or dot segments. It returns nil if there is no such
// endpoint.
//
// The request is refused anyway, because a proxy may have checked the path as it was sent
// (Keycloak CVE-2026-9800). The endpoint decides in which error format, and the answer
// names the path.
func (t routeTable) respell(r *http.Request) (e *endpoint, correct string) {
	correct = path.Clean("/" + r.URL.Path) // without repeated slashes, dot segments and a slash at the end
	// Every route is in lower case. The base path is in the case of the site URL.
	correct = strings.ToLower(correct)
	if base := strings.ToLower(t.basePath); base != "" && (correct == base || strings.HasPrefix(correct, base+"/")) {
		correct = t.basePath + correct[len(base):]
	}
	if correct == r.URL.EscapedPath() || !web.IsPlainPath(correct) {
		return nil, ""
	}
	respelled := r.WithContext(r.Context()) // a copy; mux only reads it
	respelled.URL = &url.URL{Path: correct}
	if e, _ = t.endpoint(respelled, r.Method); e == nil {
		e = t.byPathOnly(respelled) // the method is wrong too
	}
	if e == nil || e.Handler == nil || e.Prefix {
		return nil, ""
	}
	return e, correct
}
