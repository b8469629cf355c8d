package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/web"
	"gatehouse/server"
)

func TestPathsThatAreNotPlainAreRefused(t *testing.T) {
	s := newSite(t, nil)
	for _, target := range []string{
		"//login", "/login/", "/login//", "/./login", "/../login", "/x/../login", "/api/v4/../../login",
		"/api/v4/../oauth/authorize", "/%2e%2e/login", "/%2E/login", "/x/%2e%2e/login", "/log%69n", "/%6cogin",
		"/login%2f", "/%2flogin", "/login%5c", "/login%00", "/login%0d%0a", "/login;x=1", "/LOGIN",
		"/api/v4/oauth/apps/%2e%2e", "/api/v4/oauth/apps/a%2fb", "/api/v4/oauth/apps/..", "/static/../login", "/static/%2e%2e/login",
		"/api//v4/users/me", "/oauth/authorize/.", "http://gatehouse.example.com//login",
	} {
		t.Run(target, func(t *testing.T) {
			w := s.get(target)
			require.Equal(t, http.StatusNotFound, w.Code, w.Body)
			require.Empty(t, w.Header().Get("Location"), "the path is not cleaned into another route")
		})
	}
	require.Equal(t, "login GET 192.0.2.1 http", s.get("/login?x=%2e%2e//").Body.String(), "the query may have any characters")
}

func TestNotFoundAndMethodNotAllowedInTheErrorFormat(t *testing.T) {
	s := newSite(t, nil)
	cases := []struct {
		method, target string
		status         int
		allow          string
		format         string
	}{
		{"GET", "/nowhere", 404, "", "page"},
		{"POST", "/nowhere", 404, "", "page"},
		{"GET", "/api/v4/nowhere", 404, "", "json"},
		{"GET", "/.well-known/nothing", 404, "", "json"},
		{"POST", "/", 405, "GET, HEAD", "page"},
		{"DELETE", "/login", 405, "GET, HEAD, POST", "page"},
		{"PUT", "/oauth/authorize", 405, "GET, HEAD, POST", "page"},
		{"BREW", "/login", 405, "GET, HEAD, POST", "page"},
		{"POST", "/api/v4/users/me", 405, "GET, HEAD", "json"},
		{"POST", "/api/v4/oauth/apps/x", 405, "GET, HEAD, PUT, DELETE", "json"},
		{"GET", "/oauth/deauthorize", 405, "POST", "json"},
		{"GET", "/oauth/access_token", 405, "POST", "oauth"},
		{"HEAD", "/oauth/access_token", 405, "POST", "oauth"},
		{"OPTIONS", "/oauth/access_token", 405, "POST", "oauth"},
	}
	for _, tc := range cases {
		t.Run(tc.method+" "+tc.target, func(t *testing.T) {
			w := s.send(request(tc.method, tc.target, ""))
			require.Equal(t, tc.status, w.Code)
			require.Equal(t, tc.allow, w.Header().Get("Allow"))
			if tc.format == "page" {
				require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
				require.Contains(t, w.Body.String(), "<html")
				return
			}
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			var body map[string]any
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
			require.NotEmpty(t, body["id"])
			require.Contains(t, body, "detailed_error")
			require.InDelta(t, tc.status, body["status_code"], 0)
			require.Equal(t, w.Header().Get("X-Request-ID"), body["request_id"])
			if tc.format == "oauth" {
				require.Equal(t, "invalid_request", body["error"])
				require.NotEmpty(t, body["error_description"])
			}
		})
	}
}

func TestMobileAppsGetJSONErrors(t *testing.T) {
	s := newSite(t, nil)
	require.Equal(t, "application/json", s.get("/nowhere", "X-Mobile-App", "1").Header().Get("Content-Type"))
}

func TestSiteBelowABasePath(t *testing.T) {
	s := newSite(t, func(c *server.HandlerConfig) { c.SiteURL = mustURL(t, "https://example.com/apps/sso") })
	require.Contains(t, s.get("/apps/sso/login").Body.String(), "login")
	require.Contains(t, s.get("/apps/sso/").Body.String(), "home")
	require.Equal(t, "/apps/sso/", s.get("/apps/sso").Header().Get("Location"))
	require.Equal(t, http.StatusOK, s.get("/healthz").Code, "the health checks are not below the base path")
	for _, target := range []string{"/login", "/", "/apps/ssologin", "/apps/sso/apps/sso/login", "/apps/sso/healthz"} {
		require.Equal(t, http.StatusNotFound, s.get(target).Code, target)
	}
	require.Equal(t, "application/json", s.get("/apps/sso/api/v4/nowhere").Header().Get("Content-Type"))
	require.Equal(t, http.StatusMethodNotAllowed, s.get("/apps/sso/oauth/access_token").Code)
}

func TestRoutesAtRootAreOutsideTheBasePath(t *testing.T) {
	atRoot := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "at the root") })
	s := newSite(t, func(c *server.HandlerConfig) { c.SiteURL = mustURL(t, "https://example.com/sso") },
		web.Route{Method: "GET", Path: "/.well-known/thing/sso", AtRoot: true, Handler: atRoot})
	require.Equal(t, "at the root", s.get("/.well-known/thing/sso").Body.String())
	require.Equal(t, http.StatusMethodNotAllowed, s.send(request("POST", "/.well-known/thing/sso", "")).Code)
	require.Equal(t, http.StatusNotFound, s.get("/sso/.well-known/thing/sso").Code)
}

func TestStaticFilesAreServed(t *testing.T) {
	s := newSite(t, nil)
	page := s.get("/nowhere").Body.String()
	_, rest, ok := strings.Cut(page, `href="/static/`)
	require.True(t, ok, page)
	name, _, _ := strings.Cut(rest, `"`)
	w := s.get("/static/" + name)
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Header().Get("Cache-Control"), "immutable")
}

func TestReadyzReportsTheDatabase(t *testing.T) {
	var fault error
	s := newSite(t, func(c *server.HandlerConfig) { c.Ready = func(context.Context) error { return fault } })
	require.Equal(t, http.StatusOK, s.get("/readyz").Code)

	fault = errors.New("dial postgres://gatehouse@db: refused")
	w := s.get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.NotContains(t, w.Body.String(), "refused", "the cause goes to the log only")
	require.Contains(t, s.log.String(), "refused")
	require.Equal(t, http.StatusOK, s.get("/healthz").Code, "a restart would not help")
}
