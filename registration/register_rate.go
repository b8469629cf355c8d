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
// interval. The addresses of an IPv6 allocation, and all addresses together, have a ceiling,
// a multiple of it. The zero value is DefaultRate, so that only UnlimitedRate removes the
// limit.
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

// burstsOfAll is how many times the burst of one address all addresses have together.
// With the default rate they register 2,000 clients at once and then one each second.
// That is enough for a company whose clients all register on one morning. An attacker with
// many addresses stores at most 86,400 clients a day, some 100 MB, which are deleted again
// as unused; without the ceiling it would be that much for each address.
const burstsOfAll = 100

// burstsOfAllocation is how many times the burst of one address an IPv6 /48 has. A customer of
// a network can have a /48, which holds 65,536 addresses in the sense of ClientNetwork. With
// the ceiling alone, such a customer could use it up for all other addresses. A carrier may
// share a /48 among its customers, so it has more than one burst (decision 0027).
const burstsOfAllocation = 5

// limits returns the rate limits of a client address, of its IPv6 allocation, and of all
// addresses together. Their ids contain the rate: after a change of the rate, an address
// starts with a full burst instead of the attempts that it used before.
func (r Rate) limits(ip string) []gatehouse.RateLimit {
	if r == (Rate{}) {
		r = DefaultRate()
	}
	network, allocation := web.ClientNetwork(ip), web.ClientAllocation(ip)
	limits := []gatehouse.RateLimit{{ID: "registration " + r.String() + " " + network, Burst: r.burst, Refill: r.interval}}
	if allocation != network {
		limits = append(limits, gatehouse.RateLimit{ID: "registration " + r.String() + " " + allocation, Burst: burstsOfAllocation * r.burst, Refill: r.interval})
	}
	return append(limits, gatehouse.RateLimit{ID: "registration " + r.String() + " of all addresses", Burst: burstsOfAll * r.burst, Refill: r.interval})
}
