package registration

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// Rate is how often one address may register a client: a burst, then one more each
// interval. The zero value is DefaultRate, so that only UnlimitedRate removes the limit.
type Rate struct {
	burst    int
	interval time.Duration
	off      bool
}

// DefaultRate is a burst of 20, then one each second.
func DefaultRate() Rate { return Rate{burst: 20, interval: time.Second} }

// UnlimitedRate removes the limit, for load tests.
func UnlimitedRate() Rate { return Rate{off: true} }

// ParseRate parses a rate such as "20/1s", or "off" for UnlimitedRate.
func ParseRate(s string) (Rate, error) {
	if strings.EqualFold(s, "off") {
		return UnlimitedRate(), nil
	}
	first, second, _ := strings.Cut(s, "/")
	burst, err := strconv.Atoi(first)
	if err != nil || burst < 1 || burst > 1_000_000 {
		return Rate{}, errors.New("registration: a rate must be a burst and an interval such as 20/1s, or off")
	}
	interval, err := time.ParseDuration(second)
	if err != nil || interval < time.Millisecond || interval > 24*time.Hour || interval%time.Millisecond != 0 {
		return Rate{}, errors.New("registration: the interval of a rate must be from 1ms to 24h in whole milliseconds, such as the 1s in 20/1s")
	}
	return Rate{burst: burst, interval: interval}, nil
}

// String returns the rate in the format of ParseRate.
func (r Rate) String() string {
	switch {
	case r.off:
		return "off"
	case r.burst == 0:
		return DefaultRate().String()
	}
	return fmt.Sprintf("%d/%s", r.burst, r.interval)
}

// limit returns the rate limit of a client address. Its id contains the rate: after a
// change of the rate, an address starts with a full burst instead of the attempts that it
// used before.
func (r Rate) limit(ip string) gatehouse.RateLimit {
	if r == (Rate{}) {
		r = DefaultRate()
	}
	return gatehouse.RateLimit{ID: "registration " + r.String() + " " + web.ClientNetwork(ip), Burst: r.burst, Refill: r.interval}
}
