package account

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// limiterOf returns the limiter of one of several nodes, with a store of its own.
func limiterOf(t *testing.T, url string) limiter {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	l, err := newLimiter(store, []byte("a secret of all nodes, long enough"))
	require.NoError(t, err)
	return l
}

// takeAll takes all attempts that a login has left, and returns how many.
func takeAll(t *testing.T, l limiter, login, ip string) (attempts int) {
	t.Helper()
	for takeOne(t, l, login, "", ip) {
		attempts++
	}
	return attempts
}

func takeOne(t *testing.T, l limiter, login, userID, ip string) bool {
	t.Helper()
	_, wait, err := l.takeAttempt(t.Context(), login, userID, ip)
	require.NoError(t, err)
	return wait == 0
}

func TestRateLimitIsPerLoginAndNetwork(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		l, other := limiterOf(t, url), limiterOf(t, url)
		require.Equal(t, loginLimit.Burst, takeAll(t, l, "ana", "192.0.2.1"))
		require.Zero(t, takeAll(t, other, "ana", "192.0.2.1"), "another node")
		require.Equal(t, loginLimit.Burst, takeAll(t, l, "ben", "192.0.2.1"), "another login")
		require.Equal(t, loginLimit.Burst, takeAll(t, other, "ana", "192.0.2.2"), "another address")

		takeAll(t, l, "cem", "2001:db8:1:1::1")
		require.Zero(t, takeAll(t, l, "cem", "2001:db8:1:1:ffff::2"), "an IPv6 /64 counts as one address")
		require.Equal(t, loginLimit.Burst, takeAll(t, l, "cem", "2001:db8:1:2::1"))
		takeAll(t, l, "dag", "198.51.100.7")
		require.Zero(t, takeAll(t, l, "dag", "::ffff:198.51.100.7"), "an IPv4 address has two spellings")
	})
}

func TestOneNetworkHasARateLimitForAllLogins(t *testing.T) {
	l := limiterOf(t, testdb.SQLite(t))
	attempts := 0
	for i := range 2 * networkLimit.Burst {
		if takeOne(t, l, fmt.Sprint("user", i), "", "192.0.2.1") {
			attempts++
		}
	}
	require.InDelta(t, networkLimit.Burst, attempts, 5, "a few are refilled during the test")
}

func TestNetworksOfAnIPv6AllocationShareARateLimit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		l := limiterOf(t, url)
		attempts := 0
		for i := range 700 {
			if takeOne(t, l, fmt.Sprint("user", i), "", fmt.Sprintf("2001:db8:1:%x::1", i)) {
				attempts++
			}
		}
		require.GreaterOrEqual(t, attempts, allocationLimit.Burst)
		require.Less(t, attempts, 600, "a few are refilled during the test")
		require.True(t, takeOne(t, l, "user", "", "2001:db8:2::1"), "another allocation")
		require.True(t, takeOne(t, l, "user", "", "192.0.2.1"))
	})
}

// TestOneLoginHasARateLimitForAllNetworks: many addresses try one account, and cannot
// lock its user out.
func TestOneLoginHasARateLimitForAllNetworks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		l, other := limiterOf(t, url), limiterOf(t, url)
		const ana, home = "id-of-ana", "198.51.100.7"
		succeeded, wait, err := l.takeAttempt(t.Context(), "ana", ana, home)
		require.NoError(t, err)
		require.Zero(t, wait)
		require.NoError(t, succeeded())

		const addresses = 60
		attack := func(login string) (attempts int) {
			for i := range addresses {
				attempts += takeAll(t, l, login, fmt.Sprintf("192.0.2.%d", i))
			}
			return attempts
		}
		attempts := attack("ana")
		require.Greater(t, attempts, everywhereLimit.Burst)
		require.LessOrEqual(t, attempts, everywhereLimit.Burst+addresses*reserveLimit.Burst+5, "not %d", addresses*loginLimit.Burst)
		require.Equal(t, attempts, attack("unknown"), "a login that no user has is limited in the same way")

		for range loginLimit.Burst {
			require.True(t, takeOne(t, other, "ana", ana, home), "the user's own network has its whole limit")
		}
		require.False(t, takeOne(t, other, "ana", ana, home))
		require.True(t, takeOne(t, l, "ana", ana, "203.0.113.9"), "the user signs in from a new address")
		require.True(t, takeOne(t, l, "ana", ana, "203.0.113.9"))
		require.False(t, takeOne(t, l, "ana", ana, "203.0.113.9"))
		require.False(t, takeOne(t, l, "ana", "id-of-ben", "192.0.2.1"), "a mark is for one user")
	})
}

func TestReturnedAttemptCostsNothing(t *testing.T) {
	l := limiterOf(t, testdb.SQLite(t))
	for range 2 * networkLimit.Burst {
		succeeded, wait, err := l.takeAttempt(t.Context(), "ana", "id-of-ana", "2001:db8:1:1::1")
		require.NoError(t, err)
		require.Zero(t, wait)
		require.NoError(t, succeeded())
	}
	require.Equal(t, loginLimit.Burst, takeAll(t, l, "ana", "2001:db8:1:1::1"))
}

func TestRateLimitIDDoesNotRevealTheLogin(t *testing.T) {
	l, other := limiter{key: []byte("one")}, limiter{key: []byte("two")}
	require.Equal(t, l.id("192.0.2.1", "hunter2"), l.id("192.0.2.1", "hunter2"))
	require.NotContains(t, l.id("192.0.2.1", "hunter2"), "hunter2")
	require.NotEqual(t, l.id("192.0.2.1", "hunter2"), other.id("192.0.2.1", "hunter2"), "it can't be guessed without the secret")
	require.NotEqual(t, l.id("ab", "c"), l.id("a", "bc"))
}
