package server

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"gatehouse/internal/web"
)

// maxLoggedUserAgent limits what a client can write into the log, in bytes.
const maxLoggedUserAgent = 120

// unmatched is logged as the route of a request that no handler was called for. Its
// path is not logged, because a client may write anything into it.
const unmatched = "unmatched"

// accessLog writes one line for each request, and counts it. It logs the template of
// the route and not the URL, because URLs contain codes, tokens and states.
func (s *site) accessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := exchangeOf(r)
		e.ResponseWriter = w
		start := time.Now()
		defer func() { // also if a handler aborts the connection
			took := time.Since(start)
			s.logRequest(r, e, took)
			describeSpan(r.Context(), r.Method, e)
			s.metrics.countRequest(e.route, r.Method, e.finalStatus(), took)
		}()
		next.ServeHTTP(e, r)
	})
}

func (s *site) logRequest(r *http.Request, e *exchange, took time.Duration) {
	level := slog.LevelInfo
	if e.policy.Health {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("method", knownMethod(r.Method)),
		slog.String("route", e.route),
		slog.Int("status", e.finalStatus()),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000), // JSON has no type for durations
		slog.Int64("bytes", e.bytes),
		slog.String("ip", web.ClientIP(r.Context())),
		slog.String("request_id", web.RequestID(r.Context())),
		slog.String("user_agent", shorten(r.UserAgent(), maxLoggedUserAgent)),
	}
	if span := trace.SpanContextFromContext(r.Context()); span.IsSampled() {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()))
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// WriteHeader implements http.ResponseWriter.
func (e *exchange) WriteHeader(status int) {
	if e.status == 0 && status >= 200 { // 1xx come before the response
		e.status = status
	}
	e.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (e *exchange) Write(b []byte) (int, error) {
	if e.status == 0 {
		e.status = http.StatusOK
	}
	n, err := e.ResponseWriter.Write(b)
	e.bytes += int64(n)
	return n, err
}

// Unwrap gives http.ResponseController access to the connection.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// finalStatus is the status that the client gets. net/http sends 200 if the handler
// writes nothing.
func (e *exchange) finalStatus() int {
	if e.status == 0 {
		return http.StatusOK
	}
	return e.status
}

// knownMethod replaces unknown methods, so that clients cannot fill logs and labels
// with their own words.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func shorten(s string, n int) string {
	if len(s) > n {
		s = s[:n] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}
