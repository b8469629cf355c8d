package server_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

func TestForwardedHeadersOfTrustedProxiesOnly(t *testing.T) {
	trusted := []string{"10.0.0.0/8", "192.168.7.7/32", "fd00::/8"}
	cases := []struct {
		name    string
		trusted []string
		peer    string
		header  []string
		want    string // address and scheme
	}{
		{"no proxy is trusted by default", nil, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"}, "10.0.0.1 http"},
		{"headers of other peers are ignored", trusted, "203.0.113.5:5", []string{"X-Forwarded-For", "10.1.1.1", "X-Forwarded-Proto", "https"}, "203.0.113.5 http"},
		{"a trusted proxy sends the address of the client", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9"}, "203.0.113.9 http"},
		{"a trusted proxy sends the scheme", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"}, "203.0.113.9 https"},
		{"an address that the client sent is left of the proxy's and is ignored", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "1.1.1.1, 203.0.113.9"}, "203.0.113.9 http"},
		{"also if it is the address of a trusted proxy", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "10.9.9.9, 203.0.113.9"}, "203.0.113.9 http"},
		{"two proxies in a row", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9, 192.168.7.7"}, "203.0.113.9 http"},
		{"each proxy may add a header line", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "10.0.0.2"}, "203.0.113.9 http"},
		{"only trusted proxies: the first is the client", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}, "10.0.0.3 http"},
		{"an invalid address ends the search at the last valid one", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2 http"},
		{"only an invalid address", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "<script>"}, "10.0.0.1 http"},
		{"no header", trusted, "10.0.0.1:5", nil, "10.0.0.1 http"},
		{"an address with a port", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9:1234"}, "203.0.113.9 http"},
		{"IPv6", trusted, "[fd00::1]:5", []string{"X-Forwarded-For", "2001:db8::9"}, "2001:db8::9 http"},
		{"IPv6 with a port", trusted, "[fd00::1]:5", []string{"X-Forwarded-For", "[2001:db8::9]:1234"}, "2001:db8::9 http"},
		{"an IPv4 address in IPv6 form", trusted, "[::ffff:10.0.0.1]:5", []string{"X-Forwarded-For", "::ffff:203.0.113.9"}, "203.0.113.9 http"},
		{"the nearest proxy's scheme counts", trusted, "10.0.0.1:5", []string{"X-Forwarded-Proto", "https, http"}, "10.0.0.1 http"},
		{"other headers are ignored", trusted, "10.0.0.1:5", []string{"X-Real-IP", "1.1.1.1", "Forwarded", "for=1.1.1.1;proto=https", "CF-Connecting-IP", "1.1.1.1"}, "10.0.0.1 http"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t, func(c *server.HandlerConfig) { c.TrustedProxies = prefixes(t, tc.trusted...) })
			r := request(http.MethodGet, "/", "", tc.header...)
			r.RemoteAddr = tc.peer
			require.Equal(t, "home GET "+tc.want, s.send(r).Body.String())
		})
	}
}

// A proxy that is not trusted is reported once, whichever of its headers comes first.
func TestIgnoredProxyIsReportedOnce(t *testing.T) {
	for _, tc := range []struct {
		name    string
		trusted []string
		header  []string
		want    string // in the log; "": nothing
	}{
		{"no header", nil, nil, ""},
		{"X-Forwarded-For", nil, []string{"X-Forwarded-For", "203.0.113.9"}, "GATEHOUSE_TRUSTED_PROXIES is not set"},
		{"X-Forwarded-Proto", nil, []string{"X-Forwarded-Proto", "https"}, "GATEHOUSE_TRUSTED_PROXIES is not set"},
		{"X-Forwarded-Host", nil, []string{"X-Forwarded-Host", "gatehouse.example.com"}, "GATEHOUSE_TRUSTED_PROXIES is not set"},
		{"X-Real-IP", nil, []string{"X-Real-IP", "203.0.113.9"}, "GATEHOUSE_TRUSTED_PROXIES is not set"},
		{"Forwarded", nil, []string{"Forwarded", "for=203.0.113.9;proto=https"}, "GATEHOUSE_TRUSTED_PROXIES is not set"},
		{"an empty header", nil, []string{"X-Forwarded-For", ""}, "GATEHOUSE_TRUSTED_PROXIES is not set"},
		{"another proxy is trusted", []string{"10.0.0.0/8"}, []string{"X-Forwarded-For", "203.0.113.9"}, "does not have the address of the peer"},
		{"the proxy is trusted", []string{"192.0.2.0/24"}, []string{"X-Forwarded-For", "203.0.113.9"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t, func(c *server.HandlerConfig) {
				c.SiteURL = mustURL(t, "https://gatehouse.example.com")
				c.TrustedProxies = prefixes(t, tc.trusted...)
			})
			s.get("/login")
			require.NotContains(t, s.log.String(), "GATEHOUSE_TRUSTED_PROXIES", "not before the first such request")
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() { s.get("/login", tc.header...) })
			}
			wg.Wait()
			if tc.want == "" {
				require.NotContains(t, s.log.String(), "GATEHOUSE_TRUSTED_PROXIES")
				return
			}
			require.Contains(t, s.log.String(), tc.want)
			require.Contains(t, s.log.String(), `"level":"WARN"`)
			require.Contains(t, s.log.String(), `"peer":"192.0.2.1"`)
			require.Equal(t, 1, strings.Count(s.log.String(), "GATEHOUSE_TRUSTED_PROXIES"))
		})
	}
}
