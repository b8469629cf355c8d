package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"gatehouse"
	"gatehouse/internal/web"
)

// middleware wraps the handlers. It is the only place that sets the order in which a
// request passes the middleware.
func (s *site) middleware(handlers http.Handler) http.Handler {
	h := handlers
	for _, wrap := range []func(http.Handler) http.Handler{ // from the inside out
		headAsGet,         // the handlers of GET routes need not know HEAD
		s.sameOrigin,      // before the handlers, which trust cookies
		s.plainPath,       // the steps above see only paths that have one meaning
		s.cors,            // answers preflight requests, which no handler knows, and lets scripts read the refusals above
		s.plainHeaders,    // and only requests with one Authorization header
		limitTime,         // a database that does not answer becomes a 503 before the client gives up
		s.limitSize,       // the steps above may read the URI and the body
		s.ownHost,         // no step above serves a host that is not ours
		s.securityHeaders, // on every answer, also when a step above refuses; handlers may change them
		s.recoverPanics,   // inside the access log, so that a request that panics has its line
		s.accessLog,       // needs what the steps below find out
		s.traced,          // the access log describes its span
		s.matchRoute,      // all steps above read the policy of the route
		s.realClient,      // finds the address of the client
		s.requestID,       // all steps may log it
	} {
		h = wrap(h)
	}
	return h
}

// requestID gives each request an id. It ignores an id that comes with the request: a
// client could choose it to look like that of another request.
func (s *site) requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := gatehouse.NewID()
		w.Header().Set("X-Request-Id", id) // C 1.1, as net/http canonicalizes it
		next.ServeHTTP(w, r.WithContext(web.WithRequestID(r.Context(), id)))
	})
}

// recoverPanics answers a panic with a 500. If the answer has begun, it closes the
// connection, so that the client does not take half an answer for a whole one.
func (s *site) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // recover returns this very value (net/http)
				panic(p)
			}
			s.log.LogAttrs(r.Context(), slog.LevelError, "handler panicked", slog.String("panic", fmt.Sprint(p)),
				slog.String("stack", string(debug.Stack())), slog.String("request_id", web.RequestID(r.Context())))
			if exchangeOf(r).status != 0 {
				panic(http.ErrAbortHandler)
			}
			s.refuse(w, r, &web.Error{Status: http.StatusInternalServerError, ID: "api.context.internal.app_error",
				Message: "Something went wrong on our side. The log of the gateway has the details under the request id."})
		}()
		next.ServeHTTP(w, r)
	})
}

// securityHeaders sets the headers of the contract (C 1.1), and policies that allow and
// cache nothing. Pages, metadata and static files replace those that they need otherwise.
func (s *site) securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Version-Id", s.versionID)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // not no-referrer: see package templates
		h.Set("Permissions-Policy", "")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store") // answers contain codes, secrets and users' data
		if s.https {
			h.Set("Strict-Transport-Security", "max-age=63072000") // the contract's default: two years
		}
		next.ServeHTTP(w, r)
	})
}

// versionID has the four parts of the contract (C 1.1): version, build, a hash of the
// configuration that clients see, and whether a license is installed.
func versionID(c HandlerConfig) string {
	sum := sha256.Sum256([]byte(c.Version + " " + c.SiteURL.String()))
	return c.Version + "." + c.Build + "." + hex.EncodeToString(sum[:8]) + ".false"
}

// headAsGet serves HEAD as GET; net/http sends only the headers (RFC 9110 §9.3.2).
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// plainPath refuses paths that a proxy, a router and a reader may understand
// differently: percent-encodings, empty segments, dot segments, backslashes (Keycloak
// CVE-2026-9800). No route needs any of them.
func (s *site) plainPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !web.IsPlainPath(r.URL.EscapedPath()) {
			s.notFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// plainHeaders refuses a request with several Authorization headers: a proxy may have
// read one of them, and the gateway another (RFC 9110 §5.3 allows one).
func (s *site) plainHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header.Values("Authorization")) > 1 {
			s.refuse(w, r, &web.Error{
				Status: http.StatusBadRequest, ID: "api.context.repeated_header.app_error",
				Message: "The request has more than one Authorization header. Send one.",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}
