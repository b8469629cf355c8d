package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
)

// middleware is the one place that says in which order a request goes through
// what every request goes through.
func (s *site) middleware(routes http.Handler) http.Handler {
	h := routes
	for _, wrap := range []func(http.Handler) http.Handler{ // from the inside out
		headAsGet,         // one route serves both, so that no handler has to think of HEAD
		s.sameOrigin,      // before any handler that would believe a cookie
		s.cors,            // answers preflights, which no handler knows
		s.plainPath,       // the router sees only paths that mean what they say
		s.plainHeaders,    // and the handlers only one who asks
		deadline,          // a database that is silent ends in a 503, not in a caller who gave up
		s.limits,          // nobody further in reads more than this
		s.securityHeaders, // on every answer, refusals of the above included; handlers may set their own
		s.recoverPanics,   // inside the log, so that a panic has its line like any other request
		s.accessLog,       // needs the id and the client
		s.traced,          // the log describes its span
		s.matchRoute,      // everything above reads the policy of the route
		s.realClient,      // who is asking
		s.requestID,       // everything else may log it
	} {
		h = wrap(h)
	}
	return h
}

// requestID gives each request an id. One that came with the request is not
// taken over: it could be anything, and belongs to somebody else's log.
func (s *site) requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := gatehouse.NewID()
		w.Header().Set("X-Request-Id", id) // C 1.1; in the form that net/http makes of it anyway
		next.ServeHTTP(w, r.WithContext(web.WithRequestID(r.Context(), id)))
	})
}

// recoverPanics turns a panic into a 500, or breaks the connection off if the
// answer has begun: half a page must not look like a whole one.
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
			s.Log.LogAttrs(r.Context(), slog.LevelError, "handler panicked", slog.String("panic", fmt.Sprint(p)),
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

// securityHeaders are the contract's (C 1.1), and policies that allow nothing and
// keep nothing: pages, metadata and static files set the ones that they need.
func (s *site) securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Version-Id", s.versionID)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store") // codes, secrets and people's own data stand in our answers
		if s.SiteURL.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=63072000") // the contract's default, two years
		}
		next.ServeHTTP(w, r)
	})
}

// versionID has the contract's four parts (C 1.1): version, build, a hash that
// changes with what clients see of the configuration, and whether it is licensed.
func versionID(c Config) string {
	sum := sha256.Sum256([]byte(c.Version + " " + c.SiteURL.String()))
	return c.Version + "." + c.Build + "." + hex.EncodeToString(sum[:8]) + ".false"
}

// headAsGet serves HEAD like GET; net/http sends the headers alone (RFC 9110 §9.3.2).
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// plainPath refuses paths that a proxy, a router and a reader could understand
// differently: percent-encodings, empty and dot segments, backslashes (Keycloak
// CVE-2026-9800). No route of ours needs any of them.
func (s *site) plainPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isPlainPath(r.URL.EscapedPath()) {
			s.notFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// plainHeaders refuses requests that say twice who is asking: a proxy may have
// looked at one, and we at the other (RFC 9110 §5.3 lets such a field occur once).
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

func isPlainPath(path string) bool {
	segments := strings.Split(path, "/")
	if len(segments) < 2 || segments[0] != "" {
		return false
	}
	for i, segment := range segments[1:] {
		last := i == len(segments)-2
		if segment == "." || segment == ".." || segment == "" && !last {
			return false
		}
		if strings.ContainsFunc(segment, notPlain) {
			return false
		}
	}
	return true
}

// notPlain is the complement of the unreserved characters of RFC 3986 §2.3.
func notPlain(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_', r == '~':
		return false
	}
	return true
}
