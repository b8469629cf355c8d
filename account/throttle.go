package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"gatehouse"
	"gatehouse/internal/seal"
	"gatehouse/internal/web"
)

// How often a sign-in may fail. A budget starts full, and each try takes one;
// a sign-in that succeeds gives back what it took.
var (
	// One person from one address: twenty tries, then one every half minute. It is no
	// smaller because tries under way count too, and a test suite may sign in at once.
	personBudget = gatehouse.RateLimit{Burst: 20, Refill: 30 * time.Second}
	// Everybody from one address, against trying one password on many people. It
	// is wide because an office or a school may share an address.
	addressBudget = gatehouse.RateLimit{Burst: 100, Refill: 2 * time.Second}
)

// RateLimitStore counts tries for all nodes together.
type RateLimitStore interface {
	// TakeAttempt takes one try from each budget, or returns how long to wait, and takes nothing.
	TakeAttempt(ctx context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error)
	// ReturnAttempt gives back what TakeAttempt took.
	ReturnAttempt(ctx context.Context, limits ...gatehouse.RateLimit) error
}

// throttle limits failed sign-ins.
//
// A person is counted by their id and the address, so that username and e-mail
// share one budget (CVE-2025-24806, Authelia). A login that nobody has is counted
// in just the same way, so that being throttled does not show whether a person
// exists. Counting by address too means that nobody can lock others out.
type throttle struct {
	store RateLimitStore
	key   []byte
}

func newThrottle(store RateLimitStore, secret []byte) (throttle, error) {
	key, err := seal.Key("throttle", secret)
	if err != nil {
		return throttle{}, fmt.Errorf("account: %w", err)
	}
	return throttle{store, key}, nil
}

// take uses up one try of subject (a user id or a login) from ip. When there is
// none left it returns how long to wait for the next one, and takes nothing.
// giveBack returns the try.
func (t throttle) take(ctx context.Context, subject, ip string) (giveBack func() error, wait time.Duration, err error) {
	address := web.ClientNetwork(ip)
	everybody, person := addressBudget, personBudget
	everybody.ID, person.ID = t.id(address), t.id(address, subject)
	wait, err = t.store.TakeAttempt(ctx, time.Now(), everybody, person)
	if err != nil {
		return nil, 0, fmt.Errorf("account: take a try: %w", err)
	}
	return func() error {
		ctx, done := web.Outlive(ctx)
		defer done()
		if err := t.store.ReturnAttempt(ctx, everybody, person); err != nil {
			return fmt.Errorf("account: return a try: %w", err)
		}
		return nil
	}, wait, nil
}

// id names what is counted. People type their password into the wrong field: a
// database that is stolen must not tell what they typed, nor let anybody guess it.
func (t throttle) id(parts ...string) string {
	mac := hmac.New(sha256.New, t.key)
	for _, p := range parts {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(p), p) // Hashes do not fail.
	}
	return "sign-in " + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
