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

// WithRequestID returns a context that carries the request's id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey, id)
}

// RequestID is the id of the request, which the log, the X-Request-ID header
// and error bodies share; "" outside a request.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// Client is where a request came from, as far as the trusted proxies say.
type Client struct {
	IP    string
	HTTPS bool
}

// WithClient returns a context that carries where the request came from.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey, c)
}

// ClientOf is where the request came from. X-Forwarded-* headers never count
// here: the middleware that knows the trusted proxies has read them already.
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

// ClientIP is the address that the request of this context came from; "" outside
// a request, such as for the command line.
func ClientIP(ctx context.Context) string {
	c, _ := ctx.Value(clientKey).(Client)
	return c.IP
}

// outliving is how long Outlive lets a request's context go on.
const outliving = 5 * time.Second

// Outlive returns a context that goes on when the request's is over, for five more
// seconds at the most: for what must be written whether or not somebody hung up,
// though a database that has gone silent must not keep their request.
func Outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), outliving)
}

// ClientNetwork is what counts as one client where tries are counted by address:
// an IPv6 customer has a whole /64.
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

// LocalPath returns target if it is a path on this server that a browser may be
// sent to after signing in, else "": it begins with one slash, not with
// // or /\ which browsers take for another host, and holds no control character.
func LocalPath(target string) string {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\") ||
		strings.ContainsFunc(target, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return ""
	}
	return target
}
