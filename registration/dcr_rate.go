package registration

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

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
	if err != nil || interval < time.Millisecond || interval > 24*time.Hour {
		return Rate{}, errors.New("registration: the interval of a rate is a duration between 1ms and 24h, such as the 1s in 20/1s")
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

// maxLimited bounds how many addresses a limiter remembers, twice: some 20 MB.
const maxLimited = 1 << 16

// limiter counts registrations by address, in the memory of one node: n nodes
// allow n times the rate.
type limiter struct {
	rate Rate
	mu   sync.Mutex
	// Two generations bound the memory without a clock: when recent is full it
	// becomes older, and the addresses that did not come back since are dropped.
	recent, older map[string]*rate.Limiter
}

func newLimiter(r Rate) *limiter {
	if r == (Rate{}) {
		r = DefaultRate()
	}
	return &limiter{rate: r, recent: map[string]*rate.Limiter{}}
}

// take counts one registration. When the address has none left it returns how
// long to wait for the next one, and counts nothing.
func (l *limiter) take(ip string, now time.Time) (wait time.Duration) {
	if l.rate.off {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	network := web.ClientNetwork(ip)
	bucket, ok := l.recent[network]
	if !ok {
		if bucket, ok = l.older[network]; !ok {
			bucket = rate.NewLimiter(rate.Every(l.rate.interval), l.rate.burst)
		}
		if len(l.recent) >= maxLimited {
			l.older, l.recent = l.recent, map[string]*rate.Limiter{}
		}
		l.recent[network] = bucket
	}
	reservation := bucket.ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}
