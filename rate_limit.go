package gatehouse

import "time"

// RateLimit is how often something may be attempted on all nodes together: Burst
// attempts immediately, then one more after each Refill.
type RateLimit struct {
	ID     string // names the action and the user or address
	Burst  int
	Refill time.Duration // a multiple of a millisecond, at least one
}
