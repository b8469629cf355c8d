package server

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"go.opentelemetry.io/otel/trace"

	"gatehouse/internal/web"
)

// maxLoggedUserAgent bounds what a client can write into the log, in bytes.
const maxLoggedUserAgent = 120

// unmatched is the route of requests that lead nowhere. Their path is not logged:
// it could hold anything.
const unmatched = "unmatched"

// entry is the line of one request in the making. It wraps the response to see
// how it ends.
type entry struct {
	http.ResponseWriter
	route  string
	status int // 0 before the response begins
	bytes  int64
}

type entryKey struct{}

// accessLog writes one line for each request, and counts it. URLs are logged as
// the template of their route, because codes, tokens and states stand in them.
func (s *site) accessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &entry{ResponseWriter: w, route: unmatched}
		start := time.Now()
		defer func() { // also when a handler breaks the connection off
			took := time.Since(start)
			s.logRequest(r, e, took)
			describeSpan(r.Context(), r.Method, e)
			s.Metrics.observe(e.route, r.Method, e.finalStatus(), took)
		}()
		next.ServeHTTP(e, r.WithContext(context.WithValue(r.Context(), entryKey{}, e)))
	})
}

func (s *site) logRequest(r *http.Request, e *entry, took time.Duration) {
	level := slog.LevelInfo
	if e.route == "/healthz" || e.route == "/readyz" {
		level = slog.LevelDebug // asked every few seconds, and of no interest until it fails
	}
	attrs := []slog.Attr{
		slog.String("method", knownMethod(r.Method)),
		slog.String("route", e.route),
		slog.Int("status", e.finalStatus()),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000), // JSON has no durations
		slog.Int64("bytes", e.bytes),
		slog.String("ip", web.ClientIP(r.Context())),
		slog.String("request_id", web.RequestID(r.Context())),
		slog.String("user_agent", shorten(r.UserAgent(), maxLoggedUserAgent)),
	}
	if span := trace.SpanContextFromContext(r.Context()); span.IsSampled() {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()))
	}
	s.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// noteRoute tells the log which route was taken. It is inside the router.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e := entryOf(r); e != nil {
			if template, err := mux.CurrentRoute(r).GetPathTemplate(); err == nil {
				e.route = template
			}
		}
		next.ServeHTTP(w, r)
	})
}

func entryOf(r *http.Request) *entry {
	e, _ := r.Context().Value(entryKey{}).(*entry)
	return e
}

func (e *entry) WriteHeader(status int) {
	if e.status == 0 && status >= 200 { // 1xx come before the response
		e.status = status
	}
	e.ResponseWriter.WriteHeader(status)
}

func (e *entry) Write(b []byte) (int, error) {
	if e.status == 0 {
		e.status = http.StatusOK
	}
	n, err := e.ResponseWriter.Write(b)
	e.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (e *entry) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// finalStatus is what net/http sends for a handler that wrote nothing.
func (e *entry) finalStatus() int {
	if e.status == 0 {
		return http.StatusOK
	}
	return e.status
}

// knownMethod keeps made-up methods out of logs and labels.
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
