package server

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Database is what the metrics ask of the storage; *storage.Store is one.
type Database interface {
	// Pools are the connections, by what they are for.
	Pools() map[string]sql.DBStats
	// Unavailable is how often an operation found the database gone or busy.
	Unavailable() uint64
	// Sizes returns how many rows each table has, and how many of them have
	// expired, cheaply: large numbers may be estimates.
	Sizes(ctx context.Context, now time.Time) (rows, expired map[string]int64, err error)
}

const (
	// sizesEvery is how often the database is asked how large it is, however often
	// the metrics are.
	sizesEvery = 30 * time.Second
	// sizesTimeout is less than Prometheus waits.
	sizesTimeout = 3 * time.Second
)

// WatchDatabase adds the database to the metrics.
func (m *Metrics) WatchDatabase(db Database) { m.registry.MustRegister(newDatabaseCollector(db)) }

type databaseCollector struct {
	db Database

	connections, connectionsMax, waits, waitSeconds, unavailable, rows, expired *prometheus.Desc

	mu           sync.Mutex
	asked        time.Time
	size, oldies map[string]int64 // as of then
}

func newDatabaseCollector(db Database) *databaseCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("gatehouse_"+name, help, labels, nil)
	}
	return &databaseCollector{
		db:             db,
		connections:    desc("database_connections", "Connections to the database, by pool and state.", "pool", "state"),
		connectionsMax: desc("database_connections_max", "How many connections a pool may have.", "pool"),
		waits:          desc("database_waits_total", "How often somebody waited for a connection.", "pool"),
		waitSeconds:    desc("database_wait_seconds_total", "How long they waited, together.", "pool"),
		unavailable:    desc("database_unavailable_total", "Operations that found the database gone, busy, full or read-only."),
		rows:           desc("stored_rows", "Rows by table: counted up to 100,000, estimated beyond.", "table"),
		expired:        desc("expired_rows", "Rows that wait for the reaper, by table: counted up to 10,000.", "table"),
	}
}

// Describe implements prometheus.Collector.
func (c *databaseCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.connections, c.connectionsMax, c.waits, c.waitSeconds, c.unavailable, c.rows, c.expired} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *databaseCollector) Collect(ch chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for pool, s := range c.db.Pools() {
		gauge(c.connections, float64(s.InUse), pool, "in_use")
		gauge(c.connections, float64(s.Idle), pool, "idle")
		gauge(c.connectionsMax, float64(s.MaxOpenConnections), pool)
		counter(c.waits, float64(s.WaitCount), pool)
		counter(c.waitSeconds, s.WaitDuration.Seconds(), pool)
	}
	rows, expired := c.sizes()
	for table, n := range rows {
		gauge(c.rows, float64(n), table)
	}
	for table, n := range expired {
		gauge(c.expired, float64(n), table)
	}
	counter(c.unavailable, float64(c.db.Unavailable())) // last, since asking for sizes may be one
}

// sizes asks the database, unless it did so a short while ago. What cannot be
// known at the moment is left out.
func (c *databaseCollector) sizes() (rows, expired map[string]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.asked.IsZero() || now.Sub(c.asked) >= sizesEvery {
		ctx, cancel := context.WithTimeout(context.Background(), sizesTimeout)
		defer cancel()
		c.asked = now
		var err error
		if c.size, c.oldies, err = c.db.Sizes(ctx, now); err != nil {
			c.size, c.oldies = nil, nil
		}
	}
	return c.size, c.oldies
}
