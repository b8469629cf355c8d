package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// flushTimeout is how long a stop waits for the last spans to be sent.
const flushTimeout = 3 * time.Second

// startTracing sends traces by OTLP over HTTP to the endpoint in OpenTelemetry's own
// variables, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT. Its SDK
// reads these variables itself, and those for headers, sampling and names. If no endpoint
// is set, or tracing is disabled, it returns a nil provider.
func startTracing(ctx context.Context, environ []string, version string, log *slog.Logger) (_ trace.TracerProvider, stop func(), _ error) {
	values := map[string]string{}
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "OTEL_") {
			values[name] = value
		}
	}
	endpoint := values["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] + values["OTEL_EXPORTER_OTLP_ENDPOINT"]
	if endpoint == "" || strings.EqualFold(values["OTEL_SDK_DISABLED"], "true") || values["OTEL_TRACES_EXPORTER"] == "none" {
		return nil, func() {}, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if p := values[name]; p != "" && p != "http/protobuf" {
			return nil, nil, fmt.Errorf("%s is %q, but Gatehouse sends traces only by http/protobuf; set it to http/protobuf, and use port 4318 of the collector", name, p)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("tracing cannot start; check the OTEL_ variables: %w", err)
	}
	attributes, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "gatehouse"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // the attributes of OTEL_RESOURCE_ATTRIBUTES replace these
	if err != nil {
		return nil, nil, fmt.Errorf("the attributes of the traces are not valid; check OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces were not sent", "error", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(attributes))
	return provider, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.Warn("the last traces were not sent", "error", err)
		}
	}, nil
}
