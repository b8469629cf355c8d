package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A client in a browser can call the protocol from its own origin; pages, the
// authorization endpoint and everything that acts by cookie stay closed.
func TestOtherOriginsMayCallTheProtocolAndNothingElse(t *testing.T) {
	s := newSite(t, nil)
	send := func(method, path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost:8065"+path, nil)
		r.Header.Set("Origin", "https://spa.example.com")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	preflight := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization, content-type, mcp-protocol-version"}
	for path, method := range map[string]string{
		"/oauth/access_token":                     "POST",
		"/oauth/revoke":                           "POST",
		"/oauth/introspect":                       "POST",
		"/api/v4/oauth/apps/register":             "POST",
		"/api/v4/users/me":                        "GET",
		"/.well-known/oauth-authorization-server": "GET",
		"/.well-known/oauth-protected-resource":   "GET",
	} {
		w := send(http.MethodOptions, path, preflight...)
		require.Equal(t, http.StatusNoContent, w.Code, path)
		require.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"), path)
		require.Equal(t, method, w.Header().Get("Access-Control-Allow-Methods"), path)
		require.Contains(t, w.Header().Get("Access-Control-Allow-Headers"), "MCP-Protocol-Version")
		require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"), "cookies never come along")

		require.Equal(t, "*", send(method, path, "Sec-Fetch-Site", "cross-site").Header().Get("Access-Control-Allow-Origin"), path)
		require.Equal(t, "*", send(method, path, "Origin", "").Header().Get("Access-Control-Allow-Origin"), "a cache may have asked for %s first", path)
	}
	for _, path := range []string{"/", "/login", "/oauth/authorize", "/oauth/deauthorize", "/api/v4/oauth/apps/x", "/api/v4/users/login"} {
		require.Empty(t, send(http.MethodOptions, path, preflight...).Header().Get("Access-Control-Allow-Origin"), path)
		require.Empty(t, send(http.MethodGet, path).Header().Get("Access-Control-Allow-Origin"), path)
	}
}
