package server_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

// database is a storage with one pool that cannot connect.
type database struct {
	pool  *sql.DB
	asked int
	err   error
}

type noConnector struct{}

func (noConnector) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }
func (noConnector) Driver() driver.Driver                        { return nil }

func newDatabase(t *testing.T) *database {
	pool := sql.OpenDB(noConnector{})
	pool.SetMaxOpenConns(8)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return &database{pool: pool}
}

func (d *database) Pools() map[string]*sql.DB { return map[string]*sql.DB{"writer": d.pool} }

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

func TestDatabaseMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, db := server.NewMetrics(), newDatabase(t)
		m.WatchDatabase(db)
		page := scrape(m)
		for _, series := range []string{
			`gatehouse_go_sql_in_use_connections{db_name="writer"} 0`,
			`gatehouse_go_sql_idle_connections{db_name="writer"} 0`,
			`gatehouse_go_sql_max_open_connections{db_name="writer"} 8`,
			`gatehouse_go_sql_wait_count_total{db_name="writer"} 0`,
			`gatehouse_go_sql_wait_duration_seconds_total{db_name="writer"} 0`,
			`gatehouse_database_unavailable_total 7`,
			`gatehouse_stored_rows{table="grants"} 100`,
			`gatehouse_expired_rows{table="grants"} 3`,
		} {
			require.Contains(t, page, "\n"+series+"\n")
		}

		for range 10 {
			scrape(m)
		}
		require.Equal(t, 1, db.asked, "frequent scrapes do not query the database")
		<-time.After(time.Minute) // faked time
		require.Contains(t, scrape(m), `gatehouse_stored_rows{table="grants"} 200`)

		db.err = errors.New("the database is unreachable")
		<-time.After(time.Minute) // faked time
		page = scrape(m)
		require.NotContains(t, page, "gatehouse_stored_rows")
		require.Contains(t, page, "gatehouse_database_unavailable_total", "the other metrics remain")
	})
}
