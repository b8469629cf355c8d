package account

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// throttleOf is the throttle of one of many nodes, each with a store of its own.
func throttleOf(t *testing.T, url string) throttle {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	th, err := newThrottle(store, []byte("a secret of all nodes, long enough"))
	require.NoError(t, err)
	return th
}

// takeAll uses up what a subject has left, and says how much that was.
func takeAll(t *testing.T, th throttle, subject, ip string) (tries int) {
	t.Helper()
	for {
		_, wait, err := th.take(t.Context(), subject, ip)
		require.NoError(t, err)
		if wait > 0 {
			return tries
		}
		tries++
	}
}

func TestBudgetsArePerPersonAndAddress(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		th, other := throttleOf(t, url), throttleOf(t, url)
		require.Equal(t, personBudget.Burst, takeAll(t, th, "ana", "192.0.2.1"))
		require.Zero(t, takeAll(t, other, "ana", "192.0.2.1"), "another node")
		require.Equal(t, personBudget.Burst, takeAll(t, th, "ben", "192.0.2.1"), "another person")
		require.Equal(t, personBudget.Burst, takeAll(t, other, "ana", "192.0.2.2"), "another address: nobody can lock others out")

		takeAll(t, th, "cem", "2001:db8:1:1::1")
		require.Zero(t, takeAll(t, th, "cem", "2001:db8:1:1:ffff::2"), "one IPv6 customer is one address")
		require.Equal(t, personBudget.Burst, takeAll(t, th, "cem", "2001:db8:1:2::1"))
		takeAll(t, th, "dag", "198.51.100.7")
		require.Zero(t, takeAll(t, th, "dag", "::ffff:198.51.100.7"), "one IPv4 address has two spellings")
	})
}

func TestOneAddressCannotTryEverybody(t *testing.T) {
	th := throttleOf(t, testdb.SQLite(t))
	tries := 0
	for i := range 2 * addressBudget.Burst {
		if takeOne(t, th, fmt.Sprint("person", i)) {
			tries++
		}
	}
	require.InDelta(t, addressBudget.Burst, tries, 5, "a few come back meanwhile")
}

func takeOne(t *testing.T, th throttle, subject string) bool {
	t.Helper()
	_, wait, err := th.take(t.Context(), subject, "192.0.2.1")
	require.NoError(t, err)
	return wait == 0
}

func TestATryThatIsGivenBackCostsNothing(t *testing.T) {
	th := throttleOf(t, testdb.SQLite(t))
	for range 2 * addressBudget.Burst {
		giveBack, wait, err := th.take(t.Context(), "ana", "192.0.2.1")
		require.NoError(t, err)
		require.Zero(t, wait)
		require.NoError(t, giveBack())
	}
	require.Equal(t, personBudget.Burst, takeAll(t, th, "ana", "192.0.2.1"))
}

func TestADatabaseThatIsStolenTellsNotWhatWasTyped(t *testing.T) {
	th, other := throttle{key: []byte("one")}, throttle{key: []byte("two")}
	require.Equal(t, th.id("192.0.2.1", "hunter2"), th.id("192.0.2.1", "hunter2"))
	require.NotContains(t, th.id("192.0.2.1", "hunter2"), "hunter2")
	require.NotEqual(t, th.id("192.0.2.1", "hunter2"), other.id("192.0.2.1", "hunter2"), "nor can it be guessed without the secret")
	require.NotEqual(t, th.id("ab", "c"), th.id("a", "bc"))
}
