package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

func TestTracesAreSentToTheConfiguredCollector(t *testing.T) {
	var mu sync.Mutex
	var received []byte
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if err == nil && r.URL.Path == "/v1/traces" {
			received = append(received, body...)
		}
	}))
	defer collector.Close()
	p := serve(t, append(withAdmin(testdb.SQLite(t)), "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test")...)
	newBrowser(t).get(t, p.url+"/login?redirect_to=/a-secret-path")
	require.Zero(t, p.stop(t), "the last spans are sent before the process ends")

	mu.Lock()
	defer mu.Unlock()
	for _, text := range []string{"GET /login", "gatehouse", "9.8.7", "deployment.environment.name"} {
		require.Contains(t, string(received), text)
	}
	require.NotContains(t, string(received), "a-secret-path")
}

func TestGatewayWorksWithoutItsCollector(t *testing.T) {
	p := serve(t, append(withAdmin(testdb.SQLite(t)), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1")...)
	require.Equal(t, http.StatusOK, newBrowser(t).get(t, p.url+"/login").status)
	require.Zero(t, p.stop(t))
	require.Contains(t, p.log.String(), "traces were not sent")
}

func TestGatewayDoesNotStartWithAnUnsupportedTraceProtocol(t *testing.T) {
	log := runFails(t, append(withAdmin(testdb.SQLite(t)), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"), "serve")
	require.Contains(t, log, "only by http/protobuf")
}
