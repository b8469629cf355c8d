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

// LocalPath returns target if it is a path on this server to which a browser may be
// redirected after signing in, and "" otherwise. Such a path begins with one slash, not
// with // or /\, which browsers take for another host, and has no control character.
func LocalPath(target string) string {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\") ||
		strings.ContainsFunc(target, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return ""
	}
	return target
}
