package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

func TestRequestMetricsByRoute(t *testing.T) {
	m := server.NewMetrics()
	s := newSite(t, func(c *server.HandlerConfig) { c.Metrics = m })
	s.get("/api/v4/oauth/apps/one")
	s.get("/api/v4/oauth/apps/two?state=a-state")
	s.get("/made/up/path")
	s.send(request("BREW", "/login", ""))
	s.get("/api/panic")

	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	page := w.Body.String()
	require.Contains(t, page, `gatehouse_http_requests_total{method="GET",route="/api/v4/oauth/apps/{app_id}",status="2xx"} 2`)
	require.Contains(t, page, `gatehouse_http_requests_total{method="GET",route="unmatched",status="4xx"} 1`)
	require.Contains(t, page, `gatehouse_http_requests_total{method="other",route="unmatched",status="4xx"} 1`)
	require.Contains(t, page, `gatehouse_http_requests_total{method="GET",route="/api/panic",status="5xx"} 1`)
	require.Contains(t, page, `gatehouse_http_request_duration_seconds_count{method="GET",route="/api/v4/oauth/apps/{app_id}"} 2`)
	require.Contains(t, page, "go_goroutines")
	require.NotContains(t, page, "a-state")
	require.NotContains(t, page, "made/up")
}
