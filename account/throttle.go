package account

import (
	"crypto/sha256"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/web"
)

// How often a sign-in may fail. A budget starts full, and each try takes one;
// a sign-in that succeeds gives back what it took.
var (
	// One person from one address: twenty tries, then one every half minute. It is no
	// smaller because tries under way count too, and a test suite may sign in at once.
	personBudget = budget{burst: 20, refill: 30 * time.Second}
	// Everybody from one address, against trying one password on many people. It
	// is wide because an office or a school may share an address.
	addressBudget = budget{burst: 100, refill: 2 * time.Second}
)

// maxThrottled bounds how many keys a throttle remembers, twice: some 10 MB.
const maxThrottled = 1 << 16

type budget struct {
	burst  int
	refill time.Duration // until one try comes back
}

// throttle limits failed sign-ins.
//
// A person is counted by their id and the address, so that username and e-mail
// share one budget (CVE-2025-24806, Authelia). A login that nobody has is counted
// in just the same way by its hash, so that being throttled does not show whether
// a person exists. Counting by address too means that nobody can lock others out.
//
// It lives in the memory of one node: n nodes allow n times the tries, and a
// restart forgets them. That is good enough against guessing, which argon2id
// slows as well, and costs no write to the database for each failed try.
type throttle struct {
	mu sync.Mutex
	// Two generations bound the memory without a clock: when recent is full it
	// becomes older, and the keys that nobody used since are dropped.
	recent, older map[throttleKey]allowance
}

type throttleKey [sha256.Size]byte

// allowance is a token bucket: it holds tries as of at.
type allowance struct {
	tries float64
	at    time.Time
}

func newThrottle() *throttle {
	return &throttle{recent: map[throttleKey]allowance{}}
}

// take uses up one try of subject (a user id or a login) from ip. When there is
// none left it returns how long to wait for the next one, and takes nothing.
// giveBack returns the try.
func (t *throttle) take(subject, ip string, now time.Time) (giveBack func(), wait time.Duration) {
	address := web.ClientNetwork(ip)
	person, everybody := keyOf("person", subject, address), keyOf("address", address)

	t.mu.Lock()
	defer t.mu.Unlock()
	// The address goes first: whoever has used up that cannot fill the memory with names.
	if wait := t.takeOne(everybody, addressBudget, now); wait > 0 {
		return nil, wait
	}
	if wait := t.takeOne(person, personBudget, now); wait > 0 {
		t.giveBackOne(everybody, addressBudget)
		return nil, wait
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.giveBackOne(everybody, addressBudget)
		t.giveBackOne(person, personBudget)
	}, 0
}

func (t *throttle) takeOne(k throttleKey, b budget, now time.Time) (wait time.Duration) {
	a, ok := t.recent[k]
	if !ok {
		if a, ok = t.older[k]; !ok {
			a = allowance{tries: float64(b.burst), at: now}
		}
	}
	if passed := now.Sub(a.at); passed > 0 {
		a.tries = min(a.tries+float64(passed)/float64(b.refill), float64(b.burst))
		a.at = now
	}
	if a.tries < 1 {
		return max(time.Duration((1-a.tries)*float64(b.refill)), time.Nanosecond)
	}
	a.tries--
	t.put(k, a)
	return 0
}

func (t *throttle) giveBackOne(k throttleKey, b budget) {
	a, ok := t.recent[k]
	if !ok {
		if a, ok = t.older[k]; !ok {
			return // forgotten: the budget is full again
		}
	}
	a.tries = min(a.tries+1, float64(b.burst))
	t.put(k, a)
}

func (t *throttle) put(k throttleKey, a allowance) {
	if _, ok := t.recent[k]; !ok && len(t.recent) >= maxThrottled {
		t.older, t.recent = t.recent, map[throttleKey]allowance{}
	}
	t.recent[k] = a
}

// keyOf hashes what is counted: people type their password into the wrong field,
// and it must not stay in memory.
func keyOf(parts ...string) throttleKey {
	return sha256.Sum256([]byte(strings.Join(parts, "\x00")))
}
