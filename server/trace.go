package server

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"gatehouse/internal/web"
)

// traced gives each request a span. It continues the trace of a trusted proxy; in
// anybody else's name a stranger could write into ours. Like the log, a span names
// the template of the route and never a URL: codes, tokens and states stand in them.
func (s *site) traced(next http.Handler) http.Handler {
	if s.Tracers == nil {
		return next
	}
	tracer := s.Tracers.Tracer("gatehouse")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if exchangeOf(r).policy.Health {
			next.ServeHTTP(w, r)
			return
		}
		ctx := r.Context()
		if peer, ok := parseAddr(r.RemoteAddr); ok && s.trusts(peer) {
			ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
		}
		ctx, span := tracer.Start(ctx, knownMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// describeSpan says how a request ended, in the words of OpenTelemetry's
// conventions for HTTP servers. Without a span it does nothing.
func describeSpan(ctx context.Context, method string, e *exchange) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	method = knownMethod(method)
	span.SetName(method + " " + e.route)
	span.SetAttributes(
		attribute.String("http.request.method", method),
		attribute.String("http.route", e.route),
		attribute.Int("http.response.status_code", e.finalStatus()),
		attribute.String("gatehouse.request_id", web.RequestID(ctx)),
	)
	if e.finalStatus() >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}
