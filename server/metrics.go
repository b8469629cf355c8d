package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/provider"
	"gatehouse/registration"
)

// Metrics counts what happens, for Prometheus. docs/operations.md explains every
// name. A nil *Metrics counts nothing.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec

	grants        *prometheus.CounterVec
	refusals      *prometheus.CounterVec
	signIns       *prometheus.CounterVec
	registrations *prometheus.CounterVec
	auditEvents   *prometheus.CounterVec

	reaped     *prometheus.CounterVec
	reaperRuns *prometheus.CounterVec
	lastReaped prometheus.Gauge
	clockAhead prometheus.Gauge
	build      *prometheus.GaugeVec
}

// NewMetrics returns Metrics with a registry of its own, which also tells of the
// process and the Go runtime.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatehouse_" + name, Help: help}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("http_requests_total", "Requests by route, method and class of status.", "route", "method", "status"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatehouse_http_request_duration_seconds", Help: "How long requests took, by route and method.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		grants:        counter("grants_total", "Grants that were issued or refused (outcome: issued, or the error code), by kind.", "kind", "outcome"),
		refusals:      counter("refusals_total", "Requests that the protocol endpoints refused, by endpoint, error code and rule.", "endpoint", "error", "rule"),
		signIns:       counter("sign_ins_total", "Sign-ins by outcome.", "outcome"),
		registrations: counter("client_registrations_total", "Registrations by clients themselves, by outcome.", "outcome"),
		auditEvents:   counter("audit_events_total", "Events that were written to the audit log.", "event", "outcome"),
		reaped:        counter("reaped_rows_total", "Rows that this node deleted because nobody needed them any more, by table.", "table"),
		reaperRuns:    counter("reaper_runs_total", "Rounds of the reaper on this node, by outcome.", "outcome"),
		lastReaped: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatehouse_reaper_last_success_timestamp_seconds", Help: "When the reaper of this node last finished a round; 0 before the first.",
		}),
		clockAhead: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatehouse_clock_ahead_seconds", Help: "By how much this node's clock was ahead of its database's when the reaper looked last.",
		}),
	}
	m.build = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "gatehouse_build_info", Help: "1, for the version that runs."}, []string{"version", "build"})
	m.registry.MustRegister(m.build, m.requests, m.duration, m.grants, m.refusals, m.signIns, m.registrations, m.auditEvents,
		m.reaped, m.reaperRuns, m.lastReaped, m.clockAhead,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.begin()
	return m
}

// begin makes what is known beforehand show as 0, so that the first increase is
// seen as one.
func (m *Metrics) begin() {
	for _, kind := range provider.GrantKinds() {
		m.grants.WithLabelValues(kind, issued)
	}
	for _, outcome := range account.SignInOutcomes() {
		m.signIns.WithLabelValues(outcome)
	}
	for _, outcome := range registration.RegistrationOutcomes() {
		m.registrations.WithLabelValues(outcome)
	}
	for _, event := range []string{gatehouse.AuditCodeReplayed, gatehouse.AuditRefreshTokenReused} {
		m.auditEvents.WithLabelValues(event, gatehouse.OutcomeFail)
	}
	for _, outcome := range []ReapOutcome{ReapDone, ReapFailed, ReapPaused} {
		m.reaperRuns.WithLabelValues(string(outcome))
	}
}

const issued = "issued"

// Handler serves /metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry}))
	return mux
}

// observe counts a request. Every label has few values, whatever clients send.
func (m *Metrics) observe(route, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	method = knownMethod(method)
	m.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
	m.duration.WithLabelValues(route, method).Observe(took.Seconds())
}

func (m *Metrics) version(version, build string) {
	if m != nil {
		m.build.WithLabelValues(version, build).Set(1)
	}
}

func (m *Metrics) protocol(e provider.Event) {
	if m == nil {
		return
	}
	outcome := issued
	if e.Error != "" {
		outcome = e.Error
		m.refusals.WithLabelValues(e.Endpoint, e.Error, strings.TrimSuffix(e.Rule, ".app_error")).Inc()
	}
	if e.Grant != "" {
		m.grants.WithLabelValues(e.Grant, outcome).Inc()
	}
}

func (m *Metrics) signIn(outcome string) {
	if m != nil {
		m.signIns.WithLabelValues(outcome).Inc()
	}
}

func (m *Metrics) registration(outcome string) {
	if m != nil {
		m.registrations.WithLabelValues(outcome).Inc()
	}
}

// ClockAhead notes by how much this node's clock is ahead of its database's.
func (m *Metrics) ClockAhead(by time.Duration) { m.clockAhead.Set(by.Seconds()) }

// ReapOutcome is how a round of the reaper ended.
type ReapOutcome string

// The outcomes: done, cut short by an error, or not begun because the clock was
// set lately.
const (
	ReapDone   ReapOutcome = "done"
	ReapFailed ReapOutcome = "failed"
	ReapPaused ReapOutcome = "paused"
)

// Reaped counts a round of the reaper, and how many rows went, by table.
func (m *Metrics) Reaped(rows map[string]int64, at time.Time, outcome ReapOutcome) {
	for table, n := range rows {
		m.reaped.WithLabelValues(table).Add(float64(n))
	}
	m.reaperRuns.WithLabelValues(string(outcome)).Inc()
	if outcome == ReapDone {
		m.lastReaped.Set(float64(at.UnixMilli()) / 1000)
	}
}
