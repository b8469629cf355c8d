package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/server"
)

func TestEveryAnswerHasTheContractHeaders(t *testing.T) {
	s := newSite(t, nil)
	for _, target := range []string{"/", "/nowhere", "/api/v4/nowhere", "/panic", "/oauth/access_token", "/a//b", "/healthz"} {
		t.Run(target, func(t *testing.T) {
			h := s.get(target).Header()
			require.True(t, gatehouse.ValidID(h.Get("X-Request-ID")), h)
			require.Regexp(t, `^1\.2\.3\.abc\.[0-9a-f]{16}\.false$`, h.Get("X-Version-ID"))
			require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
			require.Equal(t, "same-origin", h.Get("Referrer-Policy"))
			require.Equal(t, []string{""}, h["Permissions-Policy"])
			require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'")
			require.Empty(t, h.Get("Strict-Transport-Security"))
		})
	}
}

func TestHTTPSSitesSendHSTS(t *testing.T) {
	s := newSite(t, func(c *server.HandlerConfig) { c.SiteURL = mustURL(t, "https://gatehouse.example.com") })
	require.Equal(t, "max-age=63072000", s.get("/").Header().Get("Strict-Transport-Security"))
}

func TestRequestIDOfTheClientIsIgnored(t *testing.T) {
	s := newSite(t, nil)
	w := s.get("/", "X-Request-ID", "forged")
	require.NotEqual(t, "forged", w.Header().Get("X-Request-ID"))
	require.NotEqual(t, w.Header().Get("X-Request-ID"), s.get("/").Header().Get("X-Request-ID"))
}

func TestPanicBecomes500InTheErrorFormat(t *testing.T) {
	s := newSite(t, nil)

	page := s.get("/panic")
	require.Equal(t, http.StatusInternalServerError, page.Code)
	require.Contains(t, page.Header().Get("Content-Type"), "text/html")
	require.Contains(t, page.Body.String(), page.Header().Get("X-Request-ID"))
	require.NotContains(t, page.Body.String(), "a bug in the handler")

	api := s.get("/api/panic")
	require.Equal(t, http.StatusInternalServerError, api.Code)
	require.Equal(t, "application/json", api.Header().Get("Content-Type"))
	require.NotContains(t, api.Body.String(), "a bug in the handler")

	require.Contains(t, s.log.String(), "a bug in the handler")
	require.Contains(t, s.log.String(), "site_test.go", "the stack says where")
	require.Equal(t, 2, strings.Count(s.log.String(), `"status":500`), "a panic has its line in the access log")
}

func TestPanicAfterTheAnswerBeganClosesTheConnection(t *testing.T) {
	s := newSite(t, func(c *server.HandlerConfig) { c.SiteURL = mustURL(t, "http://localhost") })
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { s.get("/panic/late") })
	require.Contains(t, s.log.String(), "a bug in the handler")

	web := httptest.NewServer(s)
	defer web.Close()
	res, err := http.Get(web.URL + "/panic/late") //nolint:noctx // a test
	if err == nil {
		defer func() { _ = res.Body.Close() }()
		_, err = res.Body.Read(make([]byte, 100))
	}
	require.Error(t, err)
}

func TestAccessLogHasTheRouteAndNoSecret(t *testing.T) {
	s := newSite(t, nil)
	agent := strings.Repeat("a", 500)
	w := s.get("/api/v4/oauth/apps/secret-app-id?access_token=tok-secret&code=code-secret", "User-Agent", agent, "Authorization", "Bearer head-secret", "Cookie", "MMAUTHTOKEN=cookie-secret", "Referer", "http://x/?ref-secret")
	require.Equal(t, http.StatusOK, w.Code)
	s.get("/path-secret/of/nothing?query-secret")
	require.NotContains(t, s.log.String(), "-secret")
	require.NotContains(t, s.log.String(), "secret-app-id")

	var lines []map[string]any
	for _, text := range strings.Split(strings.TrimSpace(s.log.String()), "\n") {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		if line["msg"] == "request" {
			lines = append(lines, line)
		}
	}
	require.Len(t, lines, 2, "one line for each request")
	line := lines[0]
	require.Equal(t, "GET", line["method"])
	require.Equal(t, "/api/v4/oauth/apps/{app_id}", line["route"])
	require.InDelta(t, 200, line["status"], 0)
	require.InDelta(t, w.Body.Len(), line["bytes"], 0)
	require.Equal(t, "192.0.2.1", line["ip"])
	require.Equal(t, w.Header().Get("X-Request-ID"), line["request_id"])
	require.Less(t, len(line["user_agent"].(string)), 130)
	require.Equal(t, "unmatched", lines[1]["route"])
}

func TestHealthChecksAreLoggedAtDebug(t *testing.T) {
	s := newSite(t, nil)
	s.get("/healthz")
	s.get("/readyz")
	require.NotContains(t, s.log.String(), `"level":"INFO"`)
}

func TestHEADIsServedAsGET(t *testing.T) {
	s := newSite(t, func(c *server.HandlerConfig) { c.SiteURL = mustURL(t, "http://localhost") })
	web := httptest.NewServer(s)
	defer web.Close()
	for _, path := range []string{"/", "/login", "/oauth/authorize?client_id=x"} {
		res, err := http.Head(web.URL + path) //nolint:noctx // a test
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode, path)
		require.Positive(t, res.ContentLength, path)
	}
	require.Contains(t, s.log.String(), `"method":"HEAD"`)
}
