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

// The rate limits of failed sign-ins. Each sign-in takes one attempt from both, and
// gives it back if it succeeds.
var (
	// For one user from one address. The burst is not smaller because sign-ins in
	// progress count too, and a test suite may start many at once.
	userLimit = gatehouse.RateLimit{Burst: 20, Refill: 30 * time.Second}
	// For all users from one address, against an attacker who tries one password on
	// many users. The burst is large because an office or a school may share an address.
	addressLimit = gatehouse.RateLimit{Burst: 100, Refill: 2 * time.Second}
)

// limiter limits failed sign-ins.
//
// A user is counted by user id and address, so that username and email share one
// limit (CVE-2025-24806, Authelia). A login that no user has is counted in the same
// way, so that a refusal does not tell whether a user exists. The address is part of
// the count so that an attacker can't lock a user out from other addresses.
type limiter struct {
	store Store
	key   []byte
}

func newLimiter(store Store, secret []byte) (limiter, error) {
	key, err := seal.Key("throttle", secret)
	if err != nil {
		return limiter{}, fmt.Errorf("account: %w", err)
	}
	return limiter{store, key}, nil
}

// takeAttempt takes one attempt of the subject (a user id or a login) from an address.
// If no attempt is left, it takes nothing and returns how long to wait for the next
// one. returnAttempt gives the attempt back.
func (l limiter) takeAttempt(ctx context.Context, subject, ip string) (returnAttempt func() error, wait time.Duration, err error) {
	network := web.ClientNetwork(ip)
	address, user := addressLimit, userLimit
	address.ID, user.ID = l.id(network), l.id(network, subject)
	wait, err = l.store.TakeAttempt(ctx, time.Now(), address, user)
	if err != nil {
		return nil, 0, fmt.Errorf("account: take a sign-in attempt: %w", err)
	}
	return func() error {
		ctx, done := web.Detach(ctx)
		defer done()
		if err := l.store.ReturnAttempt(ctx, address, user); err != nil {
			return fmt.Errorf("account: return a sign-in attempt: %w", err)
		}
		return nil
	}, wait, nil
}

// id is the id of a rate limit: a keyed hash, because users type their password into
// the wrong field, and a stolen database must not tell it or allow guessing it.
func (l limiter) id(parts ...string) string {
	mac := hmac.New(sha256.New, l.key)
	for _, p := range parts {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(p), p) // writing to a hash never fails
	}
	return "sign-in " + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
