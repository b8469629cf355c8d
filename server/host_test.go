package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

// TestRequestsForAnotherHostAreRefused is an attack with DNS rebinding: a page of
// evil.example lets its name resolve to the address of the gateway.
func TestRequestsForAnotherHostAreRefused(t *testing.T) {
	const public, local = "https://gatehouse.example.com", "http://localhost:8065"
	for _, tc := range []struct {
		siteURL, host string
		own           bool
	}{
		{public, "gatehouse.example.com", true},
		{public, "gatehouse.example.com:443", true},
		{public, "gatehouse.example.com:8443", true}, // a container publishes another port
		{public, "gatehouse.example.com:", true},
		{public, "Gatehouse.Example.COM", true},
		{public, "gatehouse.example.com.", true},
		{public, "evil.example", false},
		{public, "evil.example:443", false},
		{public, "gatehouse.example.com.evil.example", false},
		{public, "xgatehouse.example.com", false},
		{public, "example.com.", false},
		{public, "", false},
		{public, "gatehouse.example.com:x", false},
		{public, "gatehouse.example.com:443:443", false},
		{public, "gatehouse.example.com@evil.example", false},
		{public, "gatehouse.example.com/../", false},
		{public, "gatehouse.example.com, evil.example", false},
		{public, "gatehouse.example.com..", false},
		{public, "localhost", false},
		{public, "127.0.0.1", false},
		{public, "[::1]", false},
		{public, "192.0.2.7", false},
		{public, strings.Repeat("x", 5000), false},

		{local, "localhost:8065", true},
		{local, "127.0.0.1:8065", true},
		{local, "127.0.0.2", true},
		{local, "[::1]:8065", true},
		{local, "[::ffff:127.0.0.1]", true},
		{local, "LOCALHOST.", true},
		{local, "evil.example:8065", false},
		{local, "localhost.evil.example", false},
		{local, "127.0.0.1.evil.example", false},
		{local, "evil.localhost", false},
		{local, "192.168.1.1", false},
		{local, "[::2]", false},
		{local, "[::1", false},
		{local, "::1", false},
		{"http://127.0.0.1:8065", "localhost:8065", true},
		{"http://[::1]:8065/sso", "127.0.0.1:8065", true},
		{"http://nas.lan:8065", "nas.lan:8065", true},
		{"http://nas.lan:8065", "nas", false},
		{"http://192.168.1.1:8065", "192.168.1.1:8065", true},
		{"http://192.168.1.1:8065", "192.168.1.2:8065", false},
		{"http://[fd00::7]:8065", "[fd00:0::7]:8065", true},
	} {
		s := newSite(t, func(c *server.HandlerConfig) { c.SiteURL = mustURL(t, tc.siteURL) })
		base := mustURL(t, tc.siteURL).Path
		for target, format := range map[string]string{base + "/login": "page", base + "/api/v4/users/me": "contract", base + "/oauth/access_token": "oauth", base + "/nowhere": "page"} {
			method := http.MethodGet
			if format == "oauth" {
				method = http.MethodPost
			}
			r := request(method, target, "")
			r.Host = tc.host
			// A page of the same origin as the attacker's name passes the check of the origin.
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if tc.own {
				require.NotEqual(t, http.StatusMisdirectedRequest, w.Code, "%s at %s", tc.host, tc.siteURL)
				continue
			}
			require.Equal(t, http.StatusMisdirectedRequest, w.Code, "%s at %s: %s", tc.host, tc.siteURL, target)
			require.Equal(t, format, formatOf(w), target)
			require.Contains(t, w.Body.String(), "no other host", "the answer says what to do")
			require.Contains(t, s.log.String(), `"error_id":"api.context.misdirected.app_error"`)
			require.Less(t, len(s.log.String()), 20000)
		}
		for _, target := range []string{"/healthz", "/readyz"} {
			r := request(http.MethodGet, target, "", "Origin", "https://evil.example")
			r.Host = tc.host
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.Code, "%s for %q", target, tc.host)
		}
	}
}

// TestProxyMayChangeTheHost: nginx sends the name in proxy_pass unless it is configured
// otherwise.
func TestProxyMayChangeTheHost(t *testing.T) {
	for _, tc := range []struct {
		name, host, forwarded string
		trusted               bool
		status                int
	}{
		{"rewritten", "127.0.0.1:8065", "", true, 200},
		{"rewritten to a name", "gatehouse_nodes", "", true, 200},
		{"kept", "gatehouse.example.com", "", true, 200},
		{"rewritten and forwarded", "127.0.0.1:8065", "gatehouse.example.com", true, 200},
		{"forwarded by two proxies", "127.0.0.1:8065", "evil.example, gatehouse.example.com", true, 200},
		{"kept, forwarded by an outer proxy", "gatehouse.example.com", "sso.internal", true, 200},
		{"another name forwarded", "127.0.0.1:8065", "evil.example", true, 421},
		{"another name appended", "127.0.0.1:8065", "gatehouse.example.com, evil.example", true, 421},
		{"a peer that is no proxy", "127.0.0.1:8065", "", false, 421},
		{"a peer that is no proxy claims the host", "evil.example", "gatehouse.example.com", false, 421},
		{"a peer that is no proxy and the right host", "gatehouse.example.com", "evil.example", false, 200},
	} {
		s := newSite(t, func(c *server.HandlerConfig) {
			c.TrustedProxies = []netip.Prefix{}
			if tc.trusted {
				c.TrustedProxies = prefixes(t, "192.0.2.1/32")
			}
		})
		r := request(http.MethodGet, "/login", "")
		r.Host = tc.host
		if tc.forwarded != "" {
			r.Header.Set("X-Forwarded-Host", tc.forwarded)
		}
		require.Equal(t, tc.status, s.send(r).Code, tc.name)
	}
}

func TestReadsOfOtherOriginsAreRefusedWithoutCORS(t *testing.T) {
	s := newSite(t, nil)
	for origin, status := range map[string]int{
		"":                                  200,
		"null":                              200, // says nothing about the page; without CORS it cannot read the answer
		"http://gatehouse.example.com":      200,
		"https://gatehouse.example.com":     200,
		"https://evil.example":              421,
		"http://gatehouse.example.com.evil": 421,
		"http://localhost:8065":             421,
		"://":                               421,
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			require.Equal(t, status, s.send(request(method, "/login", "", "Origin", origin)).Code, "%s %q", method, origin)
		}
		require.Equal(t, 200, s.get("/api/v4/users/me", "Origin", origin).Code, "pages of every origin may call it: %q", origin)
	}
}

// TestRebindingPageReachesNothingOnLoopback uses real connections, as a browser does.
func TestRebindingPageReachesNothingOnLoopback(t *testing.T) {
	g := newGateway(t, "http://localhost:8065")
	listener := httptest.NewServer(g)
	defer listener.Close()
	address, err := url.Parse(listener.URL)
	require.NoError(t, err)
	for _, path := range []string{"/", "/login", "/static/style.css", "/api/v4/users/me", "/oauth/authorize", "/.well-known/oauth-authorization-server"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, listener.URL+path, nil)
		require.NoError(t, err)
		r.Host = "evil.example:" + address.Port()
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusMisdirectedRequest, res.StatusCode, path)
	}
	res, err := http.Get(listener.URL + "/login")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
}
