package server

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/backchannel"
	"gatehouse/provider"
	"gatehouse/registration"
)

// Metrics counts events for Prometheus. docs/operations.md explains every name. The
// methods that a Gateway calls do nothing on a nil *Metrics.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec

	grants        *prometheus.CounterVec
	refusals      *prometheus.CounterVec
	signIns       *prometheus.CounterVec
	registrations *prometheus.CounterVec
	auditEvents   *prometheus.CounterVec
	logouts       *prometheus.CounterVec

	reaped     *prometheus.CounterVec
	reaperRuns *prometheus.CounterVec
	lastReaped prometheus.Gauge
	clockAhead prometheus.Gauge
	build      *prometheus.GaugeVec
}

// NewMetrics returns Metrics with its own registry, which also has the metrics of the
// process and of the Go runtime.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatehouse_" + name, Help: help}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("http_requests_total", "Requests by route, method and class of status.", "route", "method", "status"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatehouse_http_request_duration_seconds", Help: "Duration of requests by route and method.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		grants:        counter("grants_total", "Grants by kind and outcome: issued, or the error code of the refusal.", "kind", "outcome"),
		refusals:      counter("refusals_total", "Refusals of the protocol endpoints by endpoint, error code and rule.", "endpoint", "error", "rule"),
		signIns:       counter("sign_ins_total", "Sign-ins by outcome.", "outcome"),
		registrations: counter("client_registrations_total", "Registrations of clients by outcome.", "outcome"),
		auditEvents:   counter("audit_events_total", "Events that this node wrote to the audit log.", "event", "outcome"),
		logouts:       counter("backchannel_logouts_total", "Attempts of this node to deliver a logout token, by outcome.", "outcome"),
		reaped:        counter("reaped_rows_total", "Rows that the reaper of this node deleted, by table.", "table"),
		reaperRuns:    counter("reaper_runs_total", "Runs of the reaper on this node, by outcome.", "outcome"),
		lastReaped: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatehouse_reaper_last_success_timestamp_seconds", Help: "Time of the reaper's last successful run on this node; 0 before the first.",
		}),
		clockAhead: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatehouse_clock_ahead_seconds", Help: "How far this node's clock was ahead of the database's at the reaper's last run.",
		}),
	}
	m.build = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "gatehouse_build_info", Help: "1, for the running version."}, []string{"version", "build"})
	m.registry.MustRegister(m.build, m.requests, m.duration, m.grants, m.refusals, m.signIns, m.registrations, m.auditEvents, m.logouts,
		m.reaped, m.reaperRuns, m.lastReaped, m.clockAhead,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.initialize()
	return m
}

// initialize creates the series with known labels at 0, so that Prometheus sees the
// first event as an increase.
func (m *Metrics) initialize() {
	for _, kind := range provider.GrantKinds() {
		m.grants.WithLabelValues(kind, issued)
	}
	for _, outcome := range account.SignInOutcomes() {
		m.signIns.WithLabelValues(outcome)
	}
	for _, outcome := range registration.RegistrationOutcomes() {
		m.registrations.WithLabelValues(outcome)
	}
	for _, outcome := range backchannel.Outcomes() {
		m.logouts.WithLabelValues(outcome)
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

// countRequest counts a request. Each label has few values: clients cannot add any.
func (m *Metrics) countRequest(route, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	method = knownMethod(method)
	m.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
	m.duration.WithLabelValues(route, method).Observe(took.Seconds())
}

func (m *Metrics) setVersion(version, build string) {
	if m != nil {
		m.build.WithLabelValues(version, build).Set(1)
	}
}

func (m *Metrics) countProtocolEvent(e provider.Event) {
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

func (m *Metrics) countSignIn(outcome string) {
	if m != nil {
		m.signIns.WithLabelValues(outcome).Inc()
	}
}

func (m *Metrics) countRegistration(outcome string) {
	if m != nil {
		m.registrations.WithLabelValues(outcome).Inc()
	}
}

func (m *Metrics) countLogoutDelivery(outcome string) {
	if m != nil {
		m.logouts.WithLabelValues(outcome).Inc()
	}
}

// countAuditEvents returns a store that counts the audit events that it stores.
func (m *Metrics) countAuditEvents(s Store) Store {
	if m == nil {
		return s
	}
	return countingStore{s, m}
}

type countingStore struct {
	Store
	metrics *Metrics
}

// RecordAuditEvent stores the event and counts it.
func (s countingStore) RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error {
	err := s.Store.RecordAuditEvent(ctx, e, limits...)
	if err == nil {
		s.metrics.auditEvents.WithLabelValues(e.Event, e.Outcome).Inc()
	}
	return err
}

// ClockAhead sets by how much this node's clock is ahead of the database's.
func (m *Metrics) ClockAhead(by time.Duration) { m.clockAhead.Set(by.Seconds()) }

// ReapOutcome is how a run of the reaper ended.
type ReapOutcome string

// The outcomes of a run: it was completed, an error ended it, or it did not begin
// because the clock was set recently.
const (
	ReapDone   ReapOutcome = "done"
	ReapFailed ReapOutcome = "failed"
	ReapPaused ReapOutcome = "paused"
)

// Reaped counts a run of the reaper and the rows that it deleted, by table.
func (m *Metrics) Reaped(rows map[string]int64, at time.Time, outcome ReapOutcome) {
	for table, n := range rows {
		m.reaped.WithLabelValues(table).Add(float64(n))
	}
	m.reaperRuns.WithLabelValues(string(outcome)).Inc()
	if outcome == ReapDone {
		m.lastReaped.Set(float64(at.UnixMilli()) / 1000)
	}
}
