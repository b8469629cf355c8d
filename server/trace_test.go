package server_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"gatehouse/server"
)

const (
	traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	foreignID   = "0af7651916cd43dd8448eb211c80319c"
)

func tracedSite(t *testing.T, change func(*server.HandlerConfig)) (testSite, *tracetest.SpanRecorder) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	return newSite(t, func(c *server.HandlerConfig) {
		c.Tracers = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
		if change != nil {
			change(c)
		}
	}), spans
}

func TestSpanHasTheRouteAndNoSecret(t *testing.T) {
	s, spans := tracedSite(t, nil)
	s.get("/api/v4/oauth/apps/one?code=a-code&state=a-state")
	s.get("/api/panic")
	s.send(request("BREW", "/made/up/path", ""))
	s.get("/healthz")
	ended := spans.Ended()
	require.Len(t, ended, 3, "health checks have no span")
	require.Equal(t, "GET /api/v4/oauth/apps/{app_id}", ended[0].Name())
	require.Contains(t, ended[0].Attributes(), attribute.Int("http.response.status_code", 200))
	require.Equal(t, codes.Unset, ended[0].Status().Code)
	require.Equal(t, codes.Error, ended[1].Status().Code)
	require.Equal(t, "other unmatched", ended[2].Name())
	for _, span := range ended {
		for _, a := range span.Attributes() {
			require.NotContains(t, a.Value.String(), "a-code")
			require.NotContains(t, a.Value.String(), "a-state")
			require.NotContains(t, a.Value.String(), "made/up")
		}
		require.Contains(t, s.log.String(), span.SpanContext().TraceID().String(), "the log has the id of the trace")
	}
}

// Attack: add spans to a trace of other requests, or have every request sampled.
func TestOnlyTrustedProxiesContinueATrace(t *testing.T) {
	for _, tc := range []struct {
		name      string
		trusted   []netip.Prefix
		continues bool
	}{
		{"another client", nil, false},
		{"a trusted proxy", []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, true}, // httptest's peer
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, spans := tracedSite(t, func(c *server.HandlerConfig) { c.TrustedProxies = tc.trusted })
			s.send(request(http.MethodGet, "/login", "", "Traceparent", traceparent))
			require.Equal(t, tc.continues, spans.Ended()[0].SpanContext().TraceID().String() == foreignID)
		})
	}
}
