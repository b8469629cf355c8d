package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

func TestCrossSiteRequestsAreRefused(t *testing.T) {
	const form, json = "application/x-www-form-urlencoded", "application/json"
	s := newSite(t, func(c *server.HandlerConfig) { c.TrustedProxies = prefixes(t, "192.0.2.1/32") })
	crossSite := []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.com"}
	cases := []struct {
		name, method, target, contentType string
		header                            []string
		status                            int
		answer                            string // content type of the refusal
	}{
		{"signing in", "POST", "/login", form, crossSite, 403, "text/html; charset=utf-8"},
		{"the consent form", "POST", "/oauth/authorize?client_id=x", form, crossSite, 403, "text/html; charset=utf-8"},
		{"consent by JSON", "POST", "/oauth/authorize", json, crossSite, 403, json},
		{"consent by JSON that claims to be text", "POST", "/oauth/authorize", "text/plain", crossSite, 403, json},
		{"the API", "DELETE", "/api/v4/oauth/apps/x", "", crossSite, 403, json},
		{"revoking consent", "POST", "/oauth/deauthorize", json, crossSite, 403, json},
		{"same site, another host", "POST", "/login", form, []string{"Sec-Fetch-Site", "same-site", "Origin", "https://other.example.com"}, 403, "text/html; charset=utf-8"},
		{"an old browser without Sec-Fetch-Site", "POST", "/login", form, []string{"Origin", "https://evil.example.com"}, 403, "text/html; charset=utf-8"},
		{"an opaque origin", "POST", "/login", form, []string{"Origin", "null"}, 403, "text/html; charset=utf-8"},

		{"a page of the site", "POST", "/login", form, []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://gatehouse.example.com"}, 200, ""},
		{"a page of the site behind a proxy that changes the host", "POST", "/login", form, []string{"Origin", "http://gatehouse.example.com"}, 200, ""},
		{"not a browser", "POST", "/login", form, nil, 200, ""},
		{"following a link", "GET", "/oauth/authorize?client_id=x", "", crossSite[:2], 200, ""},
		{"an authorization request by POST", "POST", "/oauth/authorize", form, crossSite, 200, ""},
		{"the token endpoint, which ignores cookies", "POST", "/oauth/access_token", form, crossSite, 200, ""},
		{"registration, which ignores cookies", "POST", "/api/v4/oauth/apps/register", json, crossSite, 200, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.method, tc.target, "", append([]string{"Content-Type", tc.contentType}, tc.header...)...)
			r.Host = "10.0.0.7:8065" // a trusted proxy changes the host
			w := s.send(r)
			require.Equal(t, tc.status, w.Code)
			if tc.status == http.StatusForbidden {
				require.Equal(t, tc.answer, w.Header().Get("Content-Type"))
			}
		})
	}
}

// A client in a browser calls the protocol from its own origin. Pages, the authorization
// endpoint and all endpoints that accept cookies are closed to other origins.
func TestCORSIsForProtocolEndpointsOnly(t *testing.T) {
	s := newSite(t, nil)
	send := func(method, path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://gatehouse.example.com:8065"+path, nil)
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
		require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"), "cookies are never allowed")

		require.Equal(t, "*", send(method, path, "Sec-Fetch-Site", "cross-site").Header().Get("Access-Control-Allow-Origin"), path)
		require.Equal(t, "*", send(method, path, "Origin", "").Header().Get("Access-Control-Allow-Origin"), "a cache may give the answer for %s to another origin", path)
	}
	for _, path := range []string{"/", "/login", "/oauth/authorize", "/oauth/deauthorize", "/api/v4/oauth/apps/x", "/api/v4/users/login"} {
		require.Empty(t, send(http.MethodOptions, path, preflight...).Header().Get("Access-Control-Allow-Origin"), path)
		require.Empty(t, send(http.MethodGet, path).Header().Get("Access-Control-Allow-Origin"), path)
	}
}
