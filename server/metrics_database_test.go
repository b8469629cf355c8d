package server_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

// database stands for a storage.
type database struct {
	asked int
	err   error
}

func (d *database) Pools() map[string]sql.DBStats {
	return map[string]sql.DBStats{"writer": {InUse: 1, Idle: 2, MaxOpenConnections: 8, WaitCount: 5, WaitDuration: 1500 * time.Millisecond}}
}

func (d *database) Unavailable() uint64 { return 7 }

func (d *database) Sizes(context.Context, time.Time) (rows, expired map[string]int64, err error) {
	d.asked++
	return map[string]int64{"grants": int64(100 * d.asked)}, map[string]int64{"grants": 3}, d.err
}

func scrape(m *server.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestTheDatabaseIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, db := server.NewMetrics(), &database{}
		m.WatchDatabase(db)
		page := scrape(m)
		for _, series := range []string{
			`gatehouse_database_connections{pool="writer",state="in_use"} 1`,
			`gatehouse_database_connections{pool="writer",state="idle"} 2`,
			`gatehouse_database_connections_max{pool="writer"} 8`,
			`gatehouse_database_waits_total{pool="writer"} 5`,
			`gatehouse_database_wait_seconds_total{pool="writer"} 1.5`,
			`gatehouse_database_unavailable_total 7`,
			`gatehouse_stored_rows{table="grants"} 100`,
			`gatehouse_expired_rows{table="grants"} 3`,
		} {
			require.Contains(t, page, "\n"+series+"\n")
		}

		for range 10 {
			scrape(m)
		}
		require.Equal(t, 1, db.asked, "scraping often costs the database nothing")
		<-time.After(time.Minute) // of the bubble
		require.Contains(t, scrape(m), `gatehouse_stored_rows{table="grants"} 200`)

		db.err = errors.New("the database is gone")
		<-time.After(time.Minute) // of the bubble
		page = scrape(m)
		require.NotContains(t, page, "gatehouse_stored_rows")
		require.Contains(t, page, "gatehouse_database_unavailable_total", "the rest is told all the same")
	})
}
