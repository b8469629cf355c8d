package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"gatehouse/internal/web"
)

// ownHost refuses requests for a host that is not the host of the site URL, with 421
// (RFC 9110 §15.5.20). A page of another site can let its own name resolve to the address
// of the gateway, and is then of the same origin for the browser (DNS rebinding); but the
// browser still sends that name. Health checks may use any name.
//
// The port does not count, because a proxy or a container may publish another one.
func (s *site) ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		policy := exchangeOf(r).policy
		if policy.Health {
			next.ServeHTTP(w, r)
			return
		}
		if host, checked := s.requestedHost(r); checked && !s.isOwnHost(host) {
			s.refuse(w, r, &web.Error{
				Status: http.StatusMisdirectedRequest, ID: "api.context.misdirected.app_error", Title: "This address isn't right",
				Message: fmt.Sprintf("This gateway serves %s and no other host. Please use this address.", s.siteURL),
				BackURL: s.siteURL + "/",
				Sent:    []slog.Attr{slog.String("host", cut(host)), slog.String("peer", r.RemoteAddr)},
			})
			return
		}
		if origin := r.Header.Get("Origin"); s.refusesOrigin(r, policy, origin) {
			s.refuse(w, r, &web.Error{
				Status: http.StatusMisdirectedRequest, ID: "api.context.cross_origin.app_error",
				Message: "This request came from a page of another site, so it was not answered. Please go to the page of this site.",
				Sent:    []slog.Attr{slog.String("origin", cut(origin))},
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// requestedHost returns the host that the browser asked for. It reports false if that is
// not known: a trusted proxy that does not forward the name can have replaced it with the
// name of the gateway in its own configuration, as nginx does by default.
func (s *site) requestedHost(r *http.Request) (host string, checked bool) {
	if peer, ok := parseAddr(r.RemoteAddr); !ok || !s.trusts(peer) {
		return r.Host, true
	}
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Host"), ","), ",")
	host = strings.TrimSpace(forwarded[len(forwarded)-1]) // The last value is that of the nearest proxy.
	return host, host != "" && !s.isOwnHost(r.Host)
}

// refusesOrigin reports whether a page of another site reads with this request. Browsers
// send Origin with a read only if a script asks for the answer, which it gets only where
// the policy has CORS. sameOrigin refuses requests that may change something.
func (s *site) refusesOrigin(r *http.Request, policy web.Policy, origin string) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || policy.CORS != "" || origin == "" || origin == "null" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !s.isOwnHost(u.Host)
}

// isOwnHost reports whether host, with or without a port, is the host of the site URL. A
// loopback host has several names, which all mean this machine.
func (s *site) isOwnHost(host string) bool {
	name, ok := hostName(host)
	return ok && (name == s.host || isLoopback(s.host) && isLoopback(name))
}

// hostName returns the host without its port, in lower case and without the dot that ends
// a full domain name. It reports false if host has not the form of RFC 9110 §7.2.
func hostName(host string) (name string, ok bool) {
	name = host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		port := host[i+1:]
		name = host[:i]
		if _, err := strconv.ParseUint(port, 10, 16); err != nil && port != "" {
			return "", false
		}
	}
	if inner, bracketed := strings.CutPrefix(name, "["); bracketed {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return addr.WithZone("").String(), err == nil && addr.Is6() && strings.HasSuffix(name, "]")
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	return name, name != "" && !strings.ContainsAny(name, ":[]@/\\?#%, \t")
}

func isLoopback(name string) bool {
	if name == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback()
}

// cut bounds what a request sent, for the log.
func cut(s string) string { return s[:min(len(s), 255)] }
