package gatehouse

import (
	"slices"
	"strings"
	"time"
)

// Consent is a person's remembered yes to an app. Grants hang on it: deleting
// it kills every code and token that the app ever got for this person.
type Consent struct {
	ID         string
	UserID     string
	AppID      string
	Scopes     []string
	CreateAt   time.Time
	LastUsedAt time.Time // coarse: ConsentTouchInterval
}

// ConsentTouchInterval is how coarse a consent's LastUsedAt is.
const ConsentTouchInterval = time.Hour

// ConsentedApp is an app that a person authorised.
type ConsentedApp struct {
	Consent Consent
	App     App
}

// Grant is one completed authorization: a redeemed code, or an implicit answer.
// Its ID is the id of the code, so the primary key makes the code single-use.
type Grant struct {
	ID        string
	ConsentID string
	UserID    string // of the consent
	AppID     string // of the consent
	Scopes    []string
	Resource  string // RFC 8707 audience; "" when none was asked for
	// Generation counts refreshes. Tokens carry the generation that made them.
	Generation int64
	CreateAt   time.Time
	RotatedAt  time.Time // when Generation was reached; CreateAt at first
	ExpiresAt  time.Time // when nothing of this grant can be used any more
	RevokedAt  time.Time // zero while it lives
}

// GraceWindow is how long the generation before the current one is excused: a
// client that lost the answer to its refresh, or two tabs that raced, get the
// same successor again, and requests in flight finish with the old access token.
// Anything older is reuse, and revokes the grant (RFC 9700 §4.14.2).
const GraceWindow = 30 * time.Second

// ClockTolerance is how far the clocks of two nodes, or of one before and after it
// was set, may be apart: what was made further in the future is judged as if it
// were too old. Otherwise a clock that went back a day would excuse a retired
// token for a day.
const ClockTolerance = 5 * time.Minute

// TokenStatus is what a grant says to a token of some generation.
type TokenStatus int

// The standings, from live to compromised.
const (
	TokenCurrent TokenStatus = iota // the current generation
	TokenInGrace                    // the one before, still excused
	TokenRevoked                    // the grant was revoked or has expired
	TokenReused                     // an older generation: the token leaked or was kept
)

// TokenStatus judges a token of the given generation at the time now. A generation
// from the future cannot exist, short of a restored backup; it is not honoured.
func (g Grant) TokenStatus(generation int64, now time.Time) TokenStatus {
	switch {
	case !g.RevokedAt.IsZero() || !now.Before(g.ExpiresAt) || generation > g.Generation:
		return TokenRevoked
	case generation == g.Generation:
		return TokenCurrent
	case generation == g.Generation-1 && now.Before(g.RotatedAt.Add(GraceWindow)) && !now.Before(g.RotatedAt.Add(-ClockTolerance)):
		return TokenInGrace
	default:
		return TokenReused
	}
}

// DefaultScope is what an app gets that asks for nothing: the full rights of
// the contract's tokens (C 2.6).
const DefaultScope = "user"

// ParseScope splits a scope parameter (RFC 6749 §3.3) into its distinct tokens,
// in order; an empty one stands for DefaultScope. It refuses characters that
// the RFC does not allow.
func ParseScope(scope string) ([]string, error) {
	var scopes []string
	for _, s := range strings.Split(scope, " ") {
		if s == "" || slices.Contains(scopes, s) {
			continue
		}
		for i := range len(s) {
			// scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
			if c := s[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
				return nil, &FieldError{Field: "scope", Message: "A scope may hold printable ASCII characters without quotes and backslashes, separated by single spaces."}
			}
		}
		scopes = append(scopes, s)
	}
	if len(scopes) == 0 {
		return []string{DefaultScope}, nil
	}
	return scopes, nil
}
