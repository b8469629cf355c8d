package storagetest

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// Run runs every case, each on the database of a fresh URL.
func Run(t *testing.T, newURL func(t testing.TB) string) {
	for _, cases := range []map[string]func(*testing.T, *database){
		migrationCases(), userCases(), accessCases(), sessionCases(), appCases(), consentCases(),
		grantCases(), rotationCases(), raceCases(), userRaceCases(), inFlightCases(), settingCases(), rateLimitCases(), upkeepCases(), clientCases(), contentCases(), errorCases(),
	} {
		for name, test := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, &database{t: t, url: newURL(t)})
			})
		}
	}
}

// database is what a case runs on.
type database struct {
	t   *testing.T
	url string
}

// node opens another store on the database, as another node would.
func (d *database) node() *storage.Store { return Open(d.t, d.url) }

// nodes opens two, for races.
func (d *database) nodes() [2]*storage.Store { return [2]*storage.Store{d.node(), d.node()} }

// behind looks at the tables behind the store's back.
func (d *database) behind() *sql.DB {
	separator := "?"
	if strings.Contains(d.url, "?") {
		separator = "&"
	}
	driver, source := "pgx", d.url+separator+"default_query_exec_mode=simple_protocol" // nothing prepared, for poolers
	if path, ok := strings.CutPrefix(d.url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	require.NoError(d.t, err)
	d.t.Cleanup(func() { require.NoError(d.t, db.Close()) })
	return db
}

// count counts the rows of a table.
func (d *database) count(table string) int {
	d.t.Helper()
	var n int
	require.NoError(d.t, d.behind().QueryRowContext(context.Background(), "SELECT COUNT(*) FROM "+table).Scan(&n))
	return n
}

// race runs n calls at the same moment and returns what each one returned.
func race(n int, call func(i int) error) []error {
	results := make([]error, n)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-begin
			results[i] = call(i)
		})
	}
	close(begin)
	wg.Wait()
	return results
}

// requireOneWinner checks that one racer succeeded and all others got the error.
func requireOneWinner(t *testing.T, results []error, loss error) {
	t.Helper()
	winners := 0
	for _, err := range results {
		if err == nil {
			winners++
			continue
		}
		require.ErrorIs(t, err, loss)
	}
	require.Equal(t, 1, winners)
}

// requireNilOr checks that everybody succeeded or got the error.
func requireNilOr(t *testing.T, results []error, loss error) {
	t.Helper()
	for _, err := range results {
		if err != nil {
			require.ErrorIs(t, err, loss)
		}
	}
}
