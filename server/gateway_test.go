package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// newGateway returns the handler of a whole gateway over an empty database.
func newGateway(t *testing.T, siteURL string) testSite {
	t.Helper()
	log := &logBuffer{}
	store, err := storage.Open(t.Context(), storage.Options{URL: testdb.SQLite(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	g, err := server.NewGateway(server.GatewayConfig{
		SiteURL: mustURL(t, siteURL), Secrets: [][]byte{[]byte("a secret of this test, 32 bytes or more")}, Store: store,
		Log: slog.New(slog.NewJSONHandler(log, nil)),
	})
	require.NoError(t, err)
	return testSite{g.Handler, log, mustURL(t, siteURL).Host}
}

// formatOf returns the error format of an answer.
func formatOf(w *httptest.ResponseRecorder) string {
	body := w.Body.String()
	switch {
	case strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && strings.Contains(body, "<html"):
		return "page"
	case !strings.Contains(body, `"detailed_error":""`):
		return body
	case strings.Contains(body, `"error_description":`):
		return "oauth"
	default:
		return "contract"
	}
}

// These are the policies that each package declares for its endpoints.
func TestPolicyOfEachEndpoint(t *testing.T) {
	const form, json = "application/x-www-form-urlencoded", "application/json"
	endpoints := []struct {
		method, path, contentType string
		format                    string
		maxURI                    int
		cors                      string
		crossSite                 bool // a page of another site may send it
	}{
		{"POST", "/oauth/access_token", form, "oauth", 2048, "POST", true},
		{"POST", "/oauth/revoke", form, "oauth", 2048, "POST", true},
		{"POST", "/oauth/introspect", form, "oauth", 2048, "POST", true},
		{"GET", "/oauth/jwks", "", "contract", 2048, "GET", true},
		{"POST", "/api/v4/oauth/apps/register", json, "oauth", 2048, "POST", true},
		{"GET", "/oauth/authorize", "", "page", 16384, "", true},
		{"POST", "/oauth/authorize?client_id=x", form, "page", 16384, "", false},
		{"POST", "/oauth/authorize", form, "page", 16384, "", true},
		{"POST", "/oauth/authorize", json, "contract", 16384, "", false},
		{"POST", "/oauth/deauthorize", json, "contract", 2048, "", false},
		{"GET", "/.well-known/oauth-authorization-server", "", "contract", 2048, "GET", true},
		{"GET", "/.well-known/oauth-protected-resource", "", "contract", 2048, "GET", true},
		{"GET", "/.well-known/oauth-unknown", "", "contract", 2048, "GET", true},
		{"GET", "/.well-known/unknown", "", "contract", 2048, "", true},
		{"GET", "/api/v4/users/me", "", "contract", 2048, "GET", true},
		{"POST", "/api/v4/users/login", json, "contract", 2048, "", false},
		{"POST", "/api/v4/users/ids", json, "contract", 2048, "", false},
		{"POST", "/api/v4/users/logout", json, "contract", 2048, "", false},
		{"GET", "/api/v4/users/abc", "", "contract", 2048, "", true},
		{"GET", "/api/v4/users/me/oauth/apps/authorized", "", "contract", 2048, "", true},
		{"POST", "/api/v4/oauth/apps", json, "contract", 2048, "", false},
		{"DELETE", "/api/v4/oauth/apps/abc", "", "contract", 2048, "", false},
		{"POST", "/api/v4/oauth/apps/abc/regen_secret", json, "contract", 2048, "", false},
		{"GET", "/api/unknown", "", "contract", 2048, "", true},
		{"GET", "/oauth/apps/authorized", "", "contract", 2048, "", true},
		{"GET", "/login", "", "page", 3*16384 + 64, "", true},
		{"POST", "/login", form, "page", 3*16384 + 64, "", false},
		{"POST", "/logout", form, "page", 16384, "", false},
		{"POST", "/setup", form, "page", 16384, "", false},
		{"GET", "/", "", "page", 16384, "", true},
		{"POST", "/settings/security/password", form, "page", 16384, "", false},
		{"POST", "/integrations/oauth2-apps/add", form, "page", 16384, "", false},
		{"POST", "/console", form, "page", 16384, "", false},
		{"GET", "/unknown", "", "page", 16384, "", true},
	}
	for _, base := range []string{"", "/sso"} {
		s := newGateway(t, "https://gatehouse.example.com"+base)
		for _, e := range endpoints {
			t.Run(e.method+" "+base+e.path+" "+e.contentType, func(t *testing.T) {
				target := base + e.path
				send := func(method, target string, header ...string) *httptest.ResponseRecorder {
					return s.send(request(method, target, "", append(header, "Content-Type", e.contentType)...))
				}

				query := "?"
				if strings.Contains(target, "?") {
					query = "&"
				}
				if e.path != "/oauth/authorize" || e.method == "GET" || e.contentType == json { // otherwise the query makes it another route
					w := send(e.method, target+query+strings.Repeat("x", e.maxURI-len(target)))
					require.Equal(t, http.StatusRequestURITooLong, w.Code)
					require.Equal(t, e.format, formatOf(w))
					require.NotEqual(t, http.StatusRequestURITooLong, send(e.method, target+query+strings.Repeat("x", e.maxURI-len(target)-1)).Code)
				}

				w := send(e.method, target, "Authorization", "Bearer x", "Authorization", "Bearer y")
				require.Equal(t, http.StatusBadRequest, w.Code)
				require.Equal(t, e.format, formatOf(w))

				crossSite := []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://other.example.com"}
				if e.method == http.MethodGet && e.cors == "" {
					w = send(e.method, target, crossSite...)
					require.Equal(t, http.StatusMisdirectedRequest, w.Code, "a script of another site")
					require.Equal(t, e.format, formatOf(w))
					crossSite = crossSite[:2] // a link, with which browsers send no Origin (Fetch standard §3.2)
				}
				w = send(e.method, target, crossSite...)
				require.Equal(t, !e.crossSite, strings.Contains(w.Body.String(), "page of another site"), w.Body)
				if !e.crossSite {
					require.Equal(t, http.StatusForbidden, w.Code)
					require.Equal(t, e.format, formatOf(w))
				}

				path, _, _ := strings.Cut(target, "?")
				w = s.send(request(http.MethodOptions, path, "", "Origin", "https://other.example.com", "Access-Control-Request-Method", "POST"))
				require.Equal(t, e.cors, w.Header().Get("Access-Control-Allow-Methods"))
			})
		}
	}
}

func TestMetadataAtRoot(t *testing.T) {
	s := newGateway(t, "https://gatehouse.example.com/sso")
	for _, path := range []string{"/.well-known/oauth-authorization-server/sso", "/.well-known/oauth-protected-resource/sso", "/.well-known/oauth-authorization-server"} {
		w := s.get(path, "Origin", "https://other.example.com")
		require.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"), path)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"), path)
	}
	for _, path := range []string{"/.well-known/unknown", "/api/v4/users/me"} {
		require.Equal(t, "contract", formatOf(s.get(path)), path)
	}
	require.Equal(t, "page", formatOf(s.get("/login")))
}
