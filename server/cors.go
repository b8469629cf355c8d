package server

import (
	"net/http"
	"strings"
)

// cors lets pages of other origins call what a public client in a browser needs:
// metadata, registration, tokens, revocation, introspection, and the user that a
// bearer token stands for (Fetch standard §3.2). Credentials of the browser are
// never allowed along, so a cookie has no effect on what they read. Pages and the
// authorization endpoint are not among them.
func (s *site) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := s.sharedWith(r)
		if method == "" {
			next.ServeHTTP(w, r)
			return
		}
		// Whoever asks: an answer that a cache keeps for one is given to the other.
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After, WWW-Authenticate, X-Request-ID")
		if r.Method != http.MethodOptions || r.Header.Get("Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Methods", method)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, MCP-Protocol-Version, X-Requested-With")
		w.Header().Set("Access-Control-Max-Age", "7200")
		w.WriteHeader(http.StatusNoContent)
	})
}

// sharedWith names the method by which other origins may call the path; "" for none.
func (s *site) sharedWith(r *http.Request) string {
	path := strings.TrimPrefix(r.URL.Path, s.basePath)
	switch {
	case protocolEndpoint(path):
		return http.MethodPost
	case path == "/api/v4/users/me",
		strings.HasPrefix(path, "/.well-known/oauth-"), strings.HasPrefix(r.URL.Path, "/.well-known/oauth-"):
		return http.MethodGet
	}
	return ""
}
