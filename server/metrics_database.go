package server

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Database is what the metrics read from the storage; *storage.Store implements it.
type Database interface {
	// Pools returns the connection pools by their purpose.
	Pools() map[string]*sql.DB
	// Unavailable returns how many operations have failed because the database was
	// unreachable, busy, full or read-only.
	Unavailable() uint64
	// Sizes returns the number of rows and of expired rows, by table. Large numbers may
	// be estimates, so that it stays cheap.
	Sizes(ctx context.Context, now time.Time) (rows, expired map[string]int64, err error)
}

const (
	// sizesInterval is how often the sizes are read at most, however often the metrics
	// are scraped.
	sizesInterval = 30 * time.Second
	// sizesTimeout is shorter than the scrape timeout of Prometheus.
	sizesTimeout = 3 * time.Second
)

// WatchDatabase adds the metrics of the database. The metrics of a pool are those of
// the Go collector, with the prefix of Gatehouse, so that alert rules need not know the
// job.
func (m *Metrics) WatchDatabase(db Database) {
	pools := prometheus.WrapRegistererWithPrefix("gatehouse_", m.registry)
	for name, pool := range db.Pools() {
		pools.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
	m.registry.MustRegister(newSizesCollector(db))
}

// sizesCollector collects the sizes of the tables and the failed operations.
type sizesCollector struct {
	db                                Database
	rowsDesc, expiredDesc, failedDesc *prometheus.Desc

	mu            sync.Mutex
	readAt        time.Time
	rows, expired map[string]int64 // at readAt; nil if they could not be read
}

func newSizesCollector(db Database) *sizesCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("gatehouse_"+name, help, labels, nil)
	}
	return &sizesCollector{
		db:          db,
		rowsDesc:    desc("stored_rows", "Rows by table: counted up to 100,000, estimated above.", "table"),
		expiredDesc: desc("expired_rows", "Rows that the reaper will delete, by table: counted up to 10,000.", "table"),
		failedDesc:  desc("database_unavailable_total", "Operations that failed because the database was unreachable, busy, full or read-only."),
	}
}

// Describe implements prometheus.Collector.
func (c *sizesCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.rowsDesc
	ch <- c.expiredDesc
	ch <- c.failedDesc
}

// Collect implements prometheus.Collector.
func (c *sizesCollector) Collect(ch chan<- prometheus.Metric) {
	rows, expired := c.sizes()
	for table, n := range rows {
		ch <- prometheus.MustNewConstMetric(c.rowsDesc, prometheus.GaugeValue, float64(n), table)
	}
	for table, n := range expired {
		ch <- prometheus.MustNewConstMetric(c.expiredDesc, prometheus.GaugeValue, float64(n), table)
	}
	// The last one, because reading the sizes may fail and be counted here.
	ch <- prometheus.MustNewConstMetric(c.failedDesc, prometheus.CounterValue, float64(c.db.Unavailable()))
}

// sizes returns the sizes, at most sizesInterval old. It returns nothing while they
// cannot be read.
func (c *sizesCollector) sizes() (rows, expired map[string]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.readAt.IsZero() || now.Sub(c.readAt) >= sizesInterval {
		ctx, cancel := context.WithTimeout(context.Background(), sizesTimeout)
		defer cancel()
		c.readAt = now
		var err error
		if c.rows, c.expired, err = c.db.Sizes(ctx, now); err != nil {
			c.rows, c.expired = nil, nil
		}
	}
	return c.rows, c.expired
}
