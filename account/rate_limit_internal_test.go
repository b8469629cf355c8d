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

// takeAll takes all attempts that a subject has left, and returns how many.
func takeAll(t *testing.T, l limiter, subject, ip string) (attempts int) {
	t.Helper()
	for takeOne(t, l, subject, ip) {
		attempts++
	}
	return attempts
}

func takeOne(t *testing.T, l limiter, subject, ip string) bool {
	t.Helper()
	_, wait, err := l.takeAttempt(t.Context(), subject, ip)
	require.NoError(t, err)
	return wait == 0
}

func TestRateLimitIsPerUserAndAddress(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		l, other := limiterOf(t, url), limiterOf(t, url)
		require.Equal(t, userLimit.Burst, takeAll(t, l, "ana", "192.0.2.1"))
		require.Zero(t, takeAll(t, other, "ana", "192.0.2.1"), "another node")
		require.Equal(t, userLimit.Burst, takeAll(t, l, "ben", "192.0.2.1"), "another user")
		require.Equal(t, userLimit.Burst, takeAll(t, other, "ana", "192.0.2.2"), "another address: an attacker can't lock the user out")

		takeAll(t, l, "cem", "2001:db8:1:1::1")
		require.Zero(t, takeAll(t, l, "cem", "2001:db8:1:1:ffff::2"), "an IPv6 /64 counts as one address")
		require.Equal(t, userLimit.Burst, takeAll(t, l, "cem", "2001:db8:1:2::1"))
		takeAll(t, l, "dag", "198.51.100.7")
		require.Zero(t, takeAll(t, l, "dag", "::ffff:198.51.100.7"), "an IPv4 address has two spellings")
	})
}

func TestOneAddressHasARateLimitForAllUsers(t *testing.T) {
	l := limiterOf(t, testdb.SQLite(t))
	attempts := 0
	for i := range 2 * addressLimit.Burst {
		if takeOne(t, l, fmt.Sprint("user", i), "192.0.2.1") {
			attempts++
		}
	}
	require.InDelta(t, addressLimit.Burst, attempts, 5, "a few are refilled during the test")
}

func TestReturnedAttemptCostsNothing(t *testing.T) {
	l := limiterOf(t, testdb.SQLite(t))
	for range 2 * addressLimit.Burst {
		returnAttempt, wait, err := l.takeAttempt(t.Context(), "ana", "192.0.2.1")
		require.NoError(t, err)
		require.Zero(t, wait)
		require.NoError(t, returnAttempt())
	}
	require.Equal(t, userLimit.Burst, takeAll(t, l, "ana", "192.0.2.1"))
}

func TestRateLimitIDDoesNotRevealTheLogin(t *testing.T) {
	l, other := limiter{key: []byte("one")}, limiter{key: []byte("two")}
	require.Equal(t, l.id("192.0.2.1", "hunter2"), l.id("192.0.2.1", "hunter2"))
	require.NotContains(t, l.id("192.0.2.1", "hunter2"), "hunter2")
	require.NotEqual(t, l.id("192.0.2.1", "hunter2"), other.id("192.0.2.1", "hunter2"), "it can't be guessed without the secret")
	require.NotEqual(t, l.id("ab", "c"), l.id("a", "bc"))
}
