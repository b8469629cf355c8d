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

// Rate says how often one address may register a client: a burst at once, then
// one each interval. The zero value is DefaultRate: no limit must be asked for.
type Rate struct {
	burst    int
	interval time.Duration
	off      bool
}

// DefaultRate is a burst of 20, then one a second.
func DefaultRate() Rate { return Rate{burst: 20, interval: time.Second} }

// UnlimitedRate lets everybody register as often as they like, for load tests.
func UnlimitedRate() Rate { return Rate{off: true} }

// ParseRate reads a rate as it is typed: "20/1s", or "off" for none.
func ParseRate(s string) (Rate, error) {
	if strings.EqualFold(s, "off") {
		return UnlimitedRate(), nil
	}
	first, second, _ := strings.Cut(s, "/")
	burst, err := strconv.Atoi(first)
	if err != nil || burst < 1 || burst > 1_000_000 {
		return Rate{}, errors.New("registration: a rate is a burst and an interval such as 20/1s, or off")
	}
	interval, err := time.ParseDuration(second)
	if err != nil || interval < time.Millisecond || interval > 24*time.Hour || interval%time.Millisecond != 0 {
		return Rate{}, errors.New("registration: the interval of a rate is a duration between 1ms and 24h in whole milliseconds, such as the 1s in 20/1s")
	}
	return Rate{burst: burst, interval: interval}, nil
}

// String is the rate as ParseRate reads it.
func (r Rate) String() string {
	switch {
	case r.off:
		return "off"
	case r.burst == 0:
		return DefaultRate().String()
	}
	return fmt.Sprintf("%d/%s", r.burst, r.interval)
}

// budget is what one address has of the rate. Another rate is another budget, or an
// address would go on paying off what it owed by the one before.
func (r Rate) budget(ip string) gatehouse.RateLimit {
	if r == (Rate{}) {
		r = DefaultRate()
	}
	return gatehouse.RateLimit{ID: "registration " + r.String() + " " + web.ClientNetwork(ip), Burst: r.burst, Refill: r.interval}
}
