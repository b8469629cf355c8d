package server

import (
	"net/http"
	"net/netip"
	"strings"

	"gatehouse/internal/web"
)

// realClient finds the address of the client: in the connection, and in X-Forwarded-*
// only as far as trusted proxies wrote it (authentik CVE-2024-47070, oauth2-proxy
// GHSA-7x63-xv5r-3p2x).
func (s *site) realClient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(web.WithClient(r.Context(), s.client(r))))
	})
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
