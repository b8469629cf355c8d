package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"gatehouse"
	"gatehouse/internal/seal"
	"gatehouse/internal/web"
)

// The rate limits of failed sign-ins (decision 0020). Each sign-in takes one attempt from
// each of them, and gives it back if it succeeds.
var (
	// For one login from one network. The user id, the username and the email of a user
	// each have their own limit, so a user can have three times as many.
	loginLimit = gatehouse.RateLimit{Burst: 10, Refill: time.Minute}
	// For all logins from one network, against an attacker who tries one password on
	// many users. The burst is large because an office or a school may share an address.
	networkLimit = gatehouse.RateLimit{Burst: 100, Refill: 2 * time.Second}
	// For all networks of one IPv6 allocation. A carrier may share one among its customers.
	allocationLimit = gatehouse.RateLimit{Burst: 500, Refill: 400 * time.Millisecond}
	// For one login from all networks, against an attacker who has many addresses.
	everywhereLimit = gatehouse.RateLimit{Burst: 100, Refill: time.Minute}
	// For one login from one network once everywhereLimit is used up, so that an attacker
	// cannot lock the user out.
	reserveLimit = gatehouse.RateLimit{Burst: 2, Refill: 10 * time.Minute}
	// A successful sign-in marks its network for the user. The mark lasts 90 days; a
	// second success within them makes it last 90 days longer.
	knownNetwork = gatehouse.RateLimit{Burst: 2, Refill: 90 * 24 * time.Hour}
)

// limiter limits failed sign-ins.
//
// A login is counted as it was typed, in lower case, whether or not a user has it. So a
// refusal tells neither that a user exists nor that a username and an email belong to the
// same user.
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

// takeAttempt takes one attempt of a login from an address. userID is the user who has
// the login, "" if no user has it. If no attempt is left, it takes nothing and returns how
// long to wait for the next one. After a success the caller calls succeeded, which gives
// the attempt back and marks the network as known for the user.
func (l limiter) takeAttempt(ctx context.Context, login, userID, ip string) (succeeded func() error, wait time.Duration, err error) {
	network := web.ClientNetwork(ip)
	limits := l.limits(login, ip)
	taken := append(slices.Clone(limits), l.named(everywhereLimit, "everywhere", login))
	wait, err = l.store.TakeAttempt(ctx, time.Now(), taken...)
	if err == nil && wait > 0 {
		var known bool
		if known, err = l.isKnown(ctx, userID, network); err == nil {
			taken = limits
			if !known {
				taken = append(slices.Clone(limits), l.named(reserveLimit, "reserve", network, login))
			}
			var otherWait time.Duration
			otherWait, err = l.store.TakeAttempt(ctx, time.Now(), taken...)
			wait = min(wait, otherWait)
		}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("account: take a sign-in attempt: %w", err)
	}
	return func() error {
		ctx, done := web.Detach(ctx)
		defer done()
		if err := l.store.ReturnAttempt(ctx, taken...); err != nil {
			return fmt.Errorf("account: return a sign-in attempt: %w", err)
		}
		if _, err := l.store.TakeAttempt(ctx, time.Now(), l.known(userID, network)); err != nil {
			return fmt.Errorf("account: mark the network of a sign-in: %w", err)
		}
		return nil
	}, wait, nil
}

// limits returns the limits that count for each attempt.
func (l limiter) limits(login, ip string) []gatehouse.RateLimit {
	network, allocation := web.ClientNetwork(ip), web.ClientAllocation(ip)
	limits := []gatehouse.RateLimit{l.named(networkLimit, network)}
	if allocation != network {
		limits = append(limits, l.named(allocationLimit, "allocation", allocation))
	}
	return append(limits, l.named(loginLimit, network, login))
}

func (l limiter) known(userID, network string) gatehouse.RateLimit {
	return l.named(knownNetwork, "known", network, userID)
}

// isKnown reports whether the user signed in from the network in the last 90 days.
func (l limiter) isKnown(ctx context.Context, userID, network string) (bool, error) {
	if userID == "" {
		return false, nil
	}
	mark := l.known(userID, network)
	mark.Burst = 1 // no attempt is left as long as the mark lasts
	wait, err := l.store.UntilAttempt(ctx, time.Now(), mark)
	return wait > 0, err
}

// named returns the limit for these parts.
func (l limiter) named(limit gatehouse.RateLimit, parts ...string) gatehouse.RateLimit {
	limit.ID = l.id(parts...)
	return limit
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
