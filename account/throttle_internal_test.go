package account

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// takeAll uses up what a subject has left, and says how much that was.
func takeAll(th *throttle, subject, ip string) (tries int) {
	for {
		if _, wait := th.take(subject, ip, time.Now()); wait > 0 {
			return tries
		}
		tries++
	}
}

func TestTriesComeBackWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		require.Equal(t, personBudget.burst, takeAll(th, "ana", "192.0.2.1"))
		_, wait := th.take("ana", "192.0.2.1", time.Now())
		require.Equal(t, personBudget.refill, wait)

		time.Sleep(wait - time.Millisecond)
		require.Zero(t, takeAll(th, "ana", "192.0.2.1"))
		time.Sleep(time.Millisecond)
		require.Equal(t, 1, takeAll(th, "ana", "192.0.2.1"))
		time.Sleep(24 * time.Hour)
		require.Equal(t, personBudget.burst, takeAll(th, "ana", "192.0.2.1"), "the budget never grows beyond its size")
	})
}

func TestBudgetsArePerPersonAndAddress(t *testing.T) {
	th := newThrottle()
	takeAll(th, "ana", "192.0.2.1")
	require.Equal(t, personBudget.burst, takeAll(th, "ben", "192.0.2.1"), "another person")
	require.Equal(t, personBudget.burst, takeAll(th, "ana", "192.0.2.2"), "another address: nobody can lock others out")

	takeAll(th, "cem", "2001:db8:1:1::1")
	require.Zero(t, takeAll(th, "cem", "2001:db8:1:1:ffff::2"), "one IPv6 customer is one address")
	require.Equal(t, personBudget.burst, takeAll(th, "cem", "2001:db8:1:2::1"))
	takeAll(th, "dag", "198.51.100.7")
	require.Zero(t, takeAll(th, "dag", "::ffff:198.51.100.7"), "one IPv4 address has two spellings")
}

func TestOneAddressCannotTryEverybody(t *testing.T) {
	th := newThrottle()
	now := time.Now()
	tries := 0
	for i := range 10 * addressBudget.burst {
		if _, wait := th.take(fmt.Sprint("person", i), "192.0.2.1", now); wait == 0 {
			tries++
		}
	}
	require.Equal(t, addressBudget.burst, tries)
	require.LessOrEqual(t, len(th.recent), addressBudget.burst+1, "who is refused leaves nothing in memory")
}

func TestATryThatIsGivenBackCostsNothing(t *testing.T) {
	th := newThrottle()
	now := time.Now()
	for range 10 * addressBudget.burst {
		giveBack, wait := th.take("ana", "192.0.2.1", now)
		require.Zero(t, wait)
		giveBack()
	}
	require.Equal(t, personBudget.burst, takeAll(th, "ana", "192.0.2.1"))
}

func TestTheThrottleForgetsRatherThanGrows(t *testing.T) {
	th := newThrottle()
	now := time.Now()
	takeAll(th, "ana", "192.0.2.1")
	for i := range 3 * maxThrottled {
		th.take("x", fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255), now)
	}
	require.LessOrEqual(t, len(th.recent), maxThrottled)
	require.LessOrEqual(t, len(th.older), maxThrottled)
	require.Equal(t, personBudget.burst, takeAll(th, "ana", "192.0.2.1"))
}
