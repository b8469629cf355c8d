package storagetest

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// Run runs every case, each on a new database.
func Run(t *testing.T, newURL func(t testing.TB) string) {
	for _, cases := range []map[string]func(*testing.T, *database){
		migrationCases(), userCases(), userChangeCases(), accessCases(), sessionCases(), appCases(), consentCases(), grantCases(), rotationCases(),
		raceCases(), userRaceCases(), inFlightCases(), settingCases(), rateLimitCases(), upkeepCases(), reapAppCases(), signingKeyCases(), outboxCases(), groupCases(), groupAccessCases(), groupRaceCases(), contentCases(), roundTripCases(), errorCases(),
	} {
		for name, test := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, &database{t: t, url: newURL(t)})
			})
		}
	}
}

// database is the database of a case.
type database struct {
	t   *testing.T
	url string
}

// node opens another store on the database, as another node does.
func (d *database) node() *storage.Store { return Open(d.t, d.url) }

// nodes opens two stores, for races.
func (d *database) nodes() [2]*storage.Store { return [2]*storage.Store{d.node(), d.node()} }

// sql opens the database without the store.
func (d *database) sql() *sql.DB {
	separator := "?"
	if strings.Contains(d.url, "?") {
		separator = "&"
	}
	driver, source := "pgx", d.url+separator+"default_query_exec_mode=simple_protocol" // prepares no statement, for poolers
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
	require.NoError(d.t, d.sql().QueryRowContext(context.Background(), "SELECT COUNT(*) FROM "+table).Scan(&n))
	return n
}

// race runs n calls at the same time and returns the error of each.
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

// requireOneSuccess checks that one call succeeded and all others returned the error.
func requireOneSuccess(t *testing.T, results []error, other error) {
	t.Helper()
	successes := 0
	for _, err := range results {
		if err == nil {
			successes++
			continue
		}
		require.ErrorIs(t, err, other)
	}
	require.Equal(t, 1, successes)
}

// requireNilOr checks that each call succeeded or returned the error.
func requireNilOr(t *testing.T, results []error, other error) {
	t.Helper()
	for _, err := range results {
		if err != nil {
			require.ErrorIs(t, err, other)
		}
	}
}

// isOneOf reports whether an error is one of the expected ones.
func isOneOf(err error, expected ...error) bool {
	return slices.ContainsFunc(expected, func(e error) bool { return errors.Is(err, e) })
}
