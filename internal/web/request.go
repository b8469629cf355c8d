package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

type contextKey int

const (
	requestIDKey contextKey = iota
	clientKey
)

// WithRequestID returns a context with the id of the request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey, id)
}

// RequestID returns the id of the request, which is also in the log, the X-Request-ID
// header and error bodies. It returns "" outside a request.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// Client is the client of a request, as the connection or a trusted proxy reports it.
type Client struct {
	IP    string
	HTTPS bool
}

// WithClient returns a context with the client of the request.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey, c)
}

// ClientOf returns the client of the request. It does not read X-Forwarded-* headers:
// the middleware, which knows the trusted proxies, has read them before.
func ClientOf(r *http.Request) Client {
	if c, ok := r.Context().Value(clientKey).(Client); ok {
		return c
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return Client{IP: host, HTTPS: r.TLS != nil}
}

// ClientIP returns the address of the client of this context, and "" outside a request,
// such as in a command.
func ClientIP(ctx context.Context) string {
	c, _ := ctx.Value(clientKey).(Client)
	return c.IP
}

// detachedTimeout is how long a detached context lasts.
const detachedTimeout = 5 * time.Second

// Detach returns a context that does not end with the context of the request, but after
// five seconds. It is for writes that must succeed if the client closes the connection
// too. The timeout keeps a database that does not answer from holding the request.
func Detach(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), detachedTimeout)
}

// ClientNetwork returns the network that counts as one client in rate limits by address:
// the address itself for IPv4, and its /64 for IPv6, which one customer has.
func ClientNetwork(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if prefix, err := addr.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}

// ClientAllocation returns the addresses that one customer of a network can have: an IPv4
// address, or an IPv6 /48, which holds 65,536 of the networks of ClientNetwork.
func ClientAllocation(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if prefix, err := addr.Prefix(48); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}

// LocalURL returns target if it is the path and query of a page below the base path of
// the site ("" or "/sso"), and "" otherwise. The browser may be redirected to it. Other
// applications may serve the other paths of the host, and may redirect to other sites.
//
// Readers of a URL disagree about percent-encodings, dot segments, backslashes,
// semicolons and fragments: http.Redirect, for one, resolves the dot segments of a
// fragment. So LocalURL accepts only a path that has one reading; no page needs another.
func LocalURL(target, basePath string) string {
	path, _, _ := strings.Cut(target, "?")
	if !IsPlainPath(path) || basePath != "" && path != basePath && !strings.HasPrefix(path, basePath+"/") {
		return ""
	}
	if strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == '#' }) {
		return ""
	}
	return target
}

// IsPlainPath reports whether each reader of a URL understands its path in the same way:
// it has no percent-encodings, no empty segments, no dot segments and no characters other
// than the unreserved ones of RFC 3986 §2.3 (Keycloak CVE-2026-9800).
func IsPlainPath(path string) bool {
	segments := strings.Split(path, "/")
	if len(segments) < 2 || segments[0] != "" {
		return false
	}
	for i, segment := range segments[1:] {
		last := i == len(segments)-2
		if segment == "." || segment == ".." || segment == "" && !last {
			return false
		}
		if strings.ContainsFunc(segment, isReserved) {
			return false
		}
	}
	return true
}

// isReserved reports whether a character is not an unreserved one of RFC 3986 §2.3.
func isReserved(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_', r == '~':
		return false
	}
	return true
}
