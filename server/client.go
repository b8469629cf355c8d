package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"gatehouse/internal/web"
)

// realClient finds the address of the client: in the connection, and in X-Forwarded-*
// only as far as trusted proxies wrote it (authentik CVE-2024-47070, oauth2-proxy
// GHSA-7x63-xv5r-3p2x).
func (s *site) realClient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.warnOfIgnoredProxy(r)
		next.ServeHTTP(w, r.WithContext(web.WithClient(r.Context(), s.client(r))))
	})
}

// proxyHeaders are the headers that a proxy adds for the address and the scheme of the
// client (RFC 7239, and the usual ones).
var proxyHeaders = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Forwarded"}

// warnOfIgnoredProxy logs once for each process that a proxy seems to be in front of the
// gateway and is not trusted. All clients then have the address of the proxy, and share
// its rate limits. A client can send the headers too, so the line is a question, and a
// second request does not log it again.
func (s *site) warnOfIgnoredProxy(r *http.Request) {
	if s.warnedOfProxy.Load() {
		return
	}
	i := slices.IndexFunc(proxyHeaders, func(name string) bool { return len(r.Header.Values(name)) > 0 })
	if i < 0 {
		return
	}
	peer, ok := parseAddr(r.RemoteAddr)
	if !ok || s.trusts(peer) || s.warnedOfProxy.Swap(true) {
		return
	}
	attrs := []slog.Attr{slog.String("header", proxyHeaders[i]), slog.String("peer", peer.String()), slog.String("request_id", web.RequestID(r.Context()))}
	if len(s.trustedProxies) == 0 {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "a request has a header of a proxy, which is ignored because GATEHOUSE_TRUSTED_PROXIES is not set; if a proxy is in front of the gateway, set the variable to its address: until then all clients share the rate limits of that address", attrs...)
		return
	}
	s.log.LogAttrs(r.Context(), slog.LevelWarn, "a request has a header of a proxy, which is ignored because GATEHOUSE_TRUSTED_PROXIES does not have the address of the peer; if that is a proxy of yours, add its address: until then all clients behind it share the rate limits of that address", attrs...)
}

func (s *site) client(r *http.Request) web.Client {
	peer, ok := parseAddr(r.RemoteAddr)
	if !ok {
		return web.Client{IP: r.RemoteAddr, HTTPS: r.TLS != nil}
	}
	c := web.Client{IP: peer.String(), HTTPS: r.TLS != nil}
	if !s.trusts(peer) {
		return c
	}
	// Each proxy appends the address of its peer, so the client is the first address from
	// the right that is not a trusted proxy. The client may have sent all those left of it.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := parseAddr(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		c.IP = hop.String()
		if !s.trusts(hop) {
			break
		}
	}
	// The last value is that of the nearest proxy.
	protos := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	if proto := strings.TrimSpace(protos[len(protos)-1]); proto != "" {
		c.HTTPS = strings.EqualFold(proto, "https")
	}
	return c
}

func (s *site) trusts(addr netip.Addr) bool {
	for _, p := range s.trustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parseAddr parses an address with or without a port. It returns IPv4 addresses in one
// form, and without a zone, which has a meaning on one machine only.
func parseAddr(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}
