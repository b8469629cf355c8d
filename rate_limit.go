package gatehouse

import "time"

// RateLimit is how often something may be attempted on all nodes together: Burst
// attempts at once, then one more after each Refill.
type RateLimit struct {
	ID     string // names the action and the user or address
	Burst  int
	Refill time.Duration // in whole milliseconds, at least one
}
