package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMisspelledPathIsRefusedInTheErrorFormatOfTheEndpoint requests every protocol endpoint
// by paths that are almost right. None of them is served, and each answer names the path.
func TestMisspelledPathIsRefusedInTheErrorFormatOfTheEndpoint(t *testing.T) {
	for _, base := range []string{"", "/sso", "/Apps/SSO"} {
		s := newGateway(t, "http://gatehouse.example.com"+base)
		for _, tc := range []struct{ method, path, format string }{
			{"POST", "/oauth/access_token", "oauth"},
			{"POST", "/oauth/introspect", "oauth"},
			{"POST", "/oauth/revoke", "oauth"},
			{"POST", "/api/v4/oauth/apps/register", "oauth"},
			{"GET", "/oauth/authorize", "page"},
			{"PUT", "/oauth/authorize", "page"},
			{"POST", "/oauth/authorize", "contract"}, // without a content type it is the JSON form
			{"POST", "/oauth/deauthorize", "contract"},
			{"GET", "/.well-known/oauth-authorization-server", "contract"},
			{"GET", "/.well-known/oauth-protected-resource", "contract"},
			{"GET", "/.well-known/openid-configuration", "contract"},
			{"GET", "/api/v4/users/me", "contract"},
			{"POST", "/api/v4/oauth/apps", "contract"},
			{"GET", "/login", "page"},
			{"POST", "/login", "page"},
			{"GET", "/settings/security", "page"},
		} {
			path := base + tc.path
			cut := strings.LastIndexByte(path, '/')
			for name, wrong := range map[string]string{
				"slash at the end":     path + "/",
				"slashes at the end":   path + "//",
				"repeated slash":       path[:cut] + "/" + path[cut:],
				"slashes at the start": "/" + path,
				"upper case":           base + strings.ToUpper(tc.path),
				"one upper case":       path[:cut+1] + strings.ToUpper(path[cut+1:cut+2]) + path[cut+2:],
				"percent-encoding":     path[:cut+1] + "%" + hex(path[cut+1]) + path[cut+2:],
				"dot segment":          path[:cut] + "/." + path[cut:],
				"dot-dot segment":      path[:cut] + "/x/.." + path[cut:],
				"upper case and slash": base + strings.ToUpper(tc.path) + "/",
			} {
				if wrong == path || wrong == base+"/api/v4/oauth/apps/Register" || wrong == base+"/api/v4/users/Me" {
					continue // The first letter has no case, or the name is in the place of an id.
				}
				w := s.send(request(tc.method, wrong, "", "Sec-Fetch-Site", "same-origin"))
				require.Equal(t, http.StatusNotFound, w.Code, "%s: %s %s", name, tc.method, wrong)
				require.Equal(t, tc.format, formatOf(w), "%s: %s %s", name, tc.method, wrong)
				require.Empty(t, w.Header().Get("Location"), wrong)
				require.Contains(t, w.Body.String(), "he path", "%s: %s", name, wrong)
				require.Contains(t, w.Body.String(), path, "%s: %s", name, wrong)
				if onlySlash := strings.TrimRight(wrong, "/") == path; onlySlash {
					require.Contains(t, w.Body.String(), "Remove the slash at the end", wrong)
				} else {
					require.NotContains(t, w.Body.String(), "Remove the slash", wrong)
				}
			}
		}
	}
}

func hex(b byte) string { return string("0123456789ABCDEF"[b>>4]) + string("0123456789ABCDEF"[b&15]) }

// A path that no endpoint has is not compared with others: the answer names no path.
func TestUnknownPathNamesNoOtherPath(t *testing.T) {
	s := newGateway(t, "http://gatehouse.example.com/sso")
	for path, format := range map[string]string{
		"/sso/nowhere/":                       "page",
		"/sso/oauth/":                         "page",
		"/sso/oauth/token/":                   "page",
		"/sso/api/v4/nowhere/":                "contract",
		"/oauth/access_token/":                "page", // not below the base path
		"/ssox/oauth/access_token":            "page",
		"/sso/static/../oauth/access_tokens":  "page",
		"/sso/oauth/access_token/extra":       "page",
		"/sso/%00/":                           "page",
		"/sso/<script>alert(1)<%2fscript>/":   "page",
		"/.well-known/oauth-other/":           "contract",
		"/.well-known/openid-configuration/x": "contract",
	} {
		w := s.send(request(http.MethodPost, path, "", "Sec-Fetch-Site", "same-origin"))
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.Equal(t, format, formatOf(w), path)
		require.Contains(t, w.Body.String(), "There is nothing at this address. Please check the link", path)
		require.NotContains(t, w.Body.String(), "<script>alert")
	}
}

// A script of another origin that uses a misspelled path can read why it fails.
func TestMisspelledPathIsReadableByScripts(t *testing.T) {
	s := newGateway(t, "http://gatehouse.example.com")
	for path, method := range map[string]string{"/oauth/access_token/": "POST", "//oauth/revoke": "POST", "/.well-known/oauth-authorization-server/": "GET", "/.well-known/openid-configuration/": "GET"} {
		preflight := s.send(request(http.MethodOptions, path, "", "Origin", "https://app.example", "Access-Control-Request-Method", method))
		require.Equal(t, http.StatusNoContent, preflight.Code, path)
		w := s.send(request(method, path, "", "Origin", "https://app.example", "Sec-Fetch-Site", "cross-site"))
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"), path)
	}
	w := s.send(request(http.MethodPost, "/login/", "", "Origin", "https://app.example", "Sec-Fetch-Site", "cross-site"))
	require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"), "a page is not readable")
}

// A method that an endpoint does not take is refused in the endpoint's own format.
func TestWrongMethodIsRefusedInTheErrorFormatOfTheEndpoint(t *testing.T) {
	s := newGateway(t, "http://gatehouse.example.com/sso")
	for _, tc := range []struct{ path, allow, format string }{
		{"/sso/oauth/access_token", "POST", "oauth"},
		{"/sso/oauth/introspect", "POST", "oauth"},
		{"/sso/oauth/revoke", "POST", "oauth"},
		{"/sso/oauth/authorize", "GET, HEAD, POST", "page"},
		{"/sso/oauth/deauthorize", "POST", "contract"},
		{"/sso/.well-known/oauth-authorization-server", "GET, HEAD", "contract"},
		{"/.well-known/oauth-authorization-server/sso", "GET, HEAD", "contract"},
		{"/.well-known/openid-configuration/sso", "GET, HEAD", "contract"},
		{"/sso/api/v4/users/login", "GET, HEAD, POST", "contract"},
		{"/.well-known/change-password", "GET, HEAD", "page"},
	} {
		w := s.send(request(http.MethodPatch, tc.path, "", "Sec-Fetch-Site", "same-origin"))
		require.Equal(t, http.StatusMethodNotAllowed, w.Code, tc.path)
		require.Equal(t, tc.allow, w.Header().Get("Allow"), tc.path)
		require.Equal(t, tc.format, formatOf(w), tc.path)
	}
}

func TestOpenIDConfigurationNamesTheMetadataOfRFC8414(t *testing.T) {
	for site, metadata := range map[string]string{
		"https://sso.example.com":           "https://sso.example.com/.well-known/oauth-authorization-server",
		"https://example.com/sso":           "https://example.com/.well-known/oauth-authorization-server/sso",
		"http://gatehouse.example.com:8065": "http://gatehouse.example.com:8065/.well-known/oauth-authorization-server",
	} {
		s, base := newGateway(t, site), mustURL(t, site).Path
		for _, path := range []string{base + "/.well-known/openid-configuration", "/.well-known/openid-configuration" + base} {
			w := s.get(path, "Origin", "https://app.example")
			require.Equal(t, http.StatusNotFound, w.Code, path)
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			require.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"))
			var body struct {
				ID, Message string
				StatusCode  int `json:"status_code"`
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
			require.Equal(t, "api.oauth.openid_configuration.not_found.app_error", body.ID)
			require.Equal(t, http.StatusNotFound, body.StatusCode)
			require.Contains(t, body.Message, "(RFC 8414) is at "+metadata+".")
			require.NotEqual(t, http.StatusNotFound, s.get(strings.TrimPrefix(metadata, mustURL(t, site).Scheme+"://"+mustURL(t, site).Host)).Code, "the named address exists")
		}
	}
}

// W3C "A Well-Known URL for Changing Passwords": the redirect of §3, and §4, by which a
// client finds out that the site does not answer 200 for everything.
func TestWellKnownChangePassword(t *testing.T) {
	for _, base := range []string{"", "/sso"} {
		s := newGateway(t, "http://gatehouse.example.com"+base)
		for _, path := range []string{"/.well-known/change-password", base + "/.well-known/change-password"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				w := s.send(request(method, path, ""))
				require.Equal(t, http.StatusSeeOther, w.Code, path)
				require.Equal(t, base+"/settings/security#password-title", w.Header().Get("Location"), path)
			}
			require.Equal(t, http.StatusNotFound, s.get(strings.Replace(path, "change-password", "resource-that-should-not-exist-whose-status-code-should-not-be-200", 1)).Code)
		}
		signIn := s.get(base + "/settings/security")
		require.Equal(t, http.StatusSeeOther, signIn.Code, "the page exists: it asks to sign in first")
		require.Contains(t, signIn.Header().Get("Location"), base+"/login?redirect_to=")
	}
}
