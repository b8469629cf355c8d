package compose_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// site returns the site URL.
func site() string { return os.Getenv("SITE_URL") }

// route sends requests to the gateway through nginx or directly to a node. All requests
// use the site URL, so that cookies and links work as in a browser.
type route struct{ http.RoundTripper }

// proxied returns the route through nginx. It verifies the certificate of the site.
func proxied(t *testing.T) route {
	t.Helper()
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM([]byte(certificate(t))))
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64, ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return route{transport}
}

var certificateOnce = struct {
	sync.Once
	pem string
}{}

func certificate(t *testing.T) string {
	t.Helper()
	certificateOnce.Do(func() { certificateOnce.pem = sh(t, `compose exec -T proxy cat /run/tls/tls.crt`) })
	return certificateOnce.pem
}

// direct returns the route to node n, without nginx. The first node is 0.
func direct(t *testing.T, n int) route {
	t.Helper()
	return directTo(t, "127.0.0.1:"+os.Getenv("NODE_PORTS")+string(rune('1'+n)))
}

func directTo(t *testing.T, address string) route {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, ResponseHeaderTimeout: time.Minute}
	t.Cleanup(transport.CloseIdleConnections)
	return route{toNode{transport, address}}
}

// directs returns the routes to all nodes.
func directs(t *testing.T) []route {
	t.Helper()
	var list []route
	for n := range nodes() {
		list = append(list, direct(t, n))
	}
	return list
}

// toNode sends requests for the site to the port of a node.
type toNode struct {
	transport http.RoundTripper
	address   string
}

func (n toNode) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	sent.Host = r.URL.Host
	sent.URL = &url.URL{Scheme: "http", Host: n.address, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	return n.transport.RoundTrip(sent)
}
