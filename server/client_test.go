package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

func TestForwardedHeadersAreBelievedOnlyAlongTrustedProxies(t *testing.T) {
	trusted := []string{"10.0.0.0/8", "192.168.7.7/32", "fd00::/8"}
	cases := []struct {
		name    string
		trusted []string
		peer    string
		header  []string
		want    string // address and scheme
	}{
		{"nobody is trusted by default", nil, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"}, "10.0.0.1 http"},
		{"a stranger is not believed", trusted, "203.0.113.5:5", []string{"X-Forwarded-For", "10.1.1.1", "X-Forwarded-Proto", "https"}, "203.0.113.5 http"},
		{"a trusted proxy names the client", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9"}, "203.0.113.9 http"},
		{"the scheme is the proxy's", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"}, "203.0.113.9 https"},
		{"what the client made up stands left and does not count", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "1.1.1.1, 203.0.113.9"}, "203.0.113.9 http"},
		{"a made-up trusted address does not count either", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "10.9.9.9, 203.0.113.9"}, "203.0.113.9 http"},
		{"two proxies in a row", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9, 192.168.7.7"}, "203.0.113.9 http"},
		{"each proxy may add a line of its own", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "10.0.0.2"}, "203.0.113.9 http"},
		{"proxies all the way: the first is the client", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}, "10.0.0.3 http"},
		{"rubbish ends the walk at the last address that was good", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2 http"},
		{"nothing but rubbish", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "<script>"}, "10.0.0.1 http"},
		{"no header", trusted, "10.0.0.1:5", nil, "10.0.0.1 http"},
		{"an address with a port", trusted, "10.0.0.1:5", []string{"X-Forwarded-For", "203.0.113.9:1234"}, "203.0.113.9 http"},
		{"IPv6", trusted, "[fd00::1]:5", []string{"X-Forwarded-For", "2001:db8::9"}, "2001:db8::9 http"},
		{"IPv6 with a port", trusted, "[fd00::1]:5", []string{"X-Forwarded-For", "[2001:db8::9]:1234"}, "2001:db8::9 http"},
		{"IPv4 in IPv6 is IPv4", trusted, "[::ffff:10.0.0.1]:5", []string{"X-Forwarded-For", "::ffff:203.0.113.9"}, "203.0.113.9 http"},
		{"of several schemes the nearest proxy's counts", trusted, "10.0.0.1:5", []string{"X-Forwarded-Proto", "https, http"}, "10.0.0.1 http"},
		{"no other header is believed", trusted, "10.0.0.1:5", []string{"X-Real-IP", "1.1.1.1", "Forwarded", "for=1.1.1.1;proto=https", "CF-Connecting-IP", "1.1.1.1"}, "10.0.0.1 http"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t, func(c *server.Config) { c.TrustedProxies = prefixes(t, tc.trusted...) })
			r := request(http.MethodGet, "/", "", tc.header...)
			r.RemoteAddr = tc.peer
			require.Equal(t, "home GET "+tc.want, s.send(r).Body.String())
		})
	}
}
