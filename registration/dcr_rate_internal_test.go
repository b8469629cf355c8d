package registration

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Attack: one registration each from more addresses than anybody has customers.
func TestTheLimiterForgetsAddressesInsteadOfGrowing(t *testing.T) {
	l := newLimiter(Rate{})
	now := time.Now()
	for i := range 3 * maxLimited {
		require.Zero(t, l.take(fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff), now))
	}
	require.LessOrEqual(t, len(l.recent)+len(l.older), 2*maxLimited)
}

func TestAnAddressThatComesBackIsRemembered(t *testing.T) {
	l := newLimiter(Rate{})
	now := time.Now()
	for range DefaultRate().burst {
		require.Zero(t, l.take("192.0.2.1", now))
	}
	for i := range 3 * maxLimited {
		l.take(fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff), now)
		if i%maxLimited == 0 {
			require.Positive(t, l.take("192.0.2.1", now))
		}
	}
	require.Positive(t, l.take("192.0.2.1", now))
}
