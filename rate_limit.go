package gatehouse

import "time"

// RateLimit is how often something may be tried, at all nodes together: Burst times at
// once, then once more each Refill (a token bucket).
type RateLimit struct {
	ID     string // of what, and of whom
	Burst  int
	Refill time.Duration // in whole milliseconds, at least one
}
