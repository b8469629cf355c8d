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

// traced gives each request a span. It continues a trace only if a trusted proxy sent
// it: other clients could add spans to traces that are not theirs. Like the access log,
// a span names the template of the route and not the URL.
func (s *site) traced(next http.Handler) http.Handler {
	if s.tracers == nil {
		return next
	}
	tracer := s.tracers.Tracer("gatehouse")
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

// describeSpan adds to the span how the request ended, with the attributes of
// OpenTelemetry's conventions for HTTP servers. Without a span it does nothing.
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
