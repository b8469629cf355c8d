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

// site is the one address of the gateway.
func site() string { return os.Getenv("SITE_URL") }

// route is a way to the gateway. Every request is for the site, so that cookies
// and links mean what they mean to a browser.
type route struct{ http.RoundTripper }

// proxied leads through nginx, whose certificate must be the one that was made
// for the site.
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

// direct leads to node n, from 0, past nginx.
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

// directs leads to each node.
func directs(t *testing.T) []route {
	t.Helper()
	var list []route
	for n := range nodes() {
		list = append(list, direct(t, n))
	}
	return list
}

// toNode sends requests for the site to a node's own port.
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
