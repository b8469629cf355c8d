package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse"
	"gatehouse/internal/seal"
)

// The prefixes by which secret scanners find what leaked.
const (
	codePrefix         = "gthc_"
	accessTokenPrefix  = "gtha_"
	refreshTokenPrefix = "gthr_"
)

// The sealed statements below are lists, by the order of their fields. A field more
// or less, or another order, makes every live token unreadable, also between the
// versions of a rolling upgrade: a new form needs a prefix of its own, beside the
// old one until all of the old have expired.

// codeLifetime is how long a code may be redeemed (C 2.2).
const codeLifetime = 10 * time.Minute

// code is what an authorization code says. It carries the PKCE challenge, so no
// order of retries can separate the two.
type code struct {
	_               struct{} `cbor:",toarray"`
	GrantID         string   // of the grant that redeeming it makes
	ConsentID       string
	UserID          string
	AppID           string
	RedirectURI     string // where the code was sent
	RedirectURISent bool   // whether the authorization request named it (RFC 6749 §4.1.3)
	Scopes          []string
	Resource        string
	Challenge       string // "" without PKCE
	IssuedAt        int64  // ms
}

// expired also says so of a code from the future (gatehouse.ClockTolerance).
func (c code) expired(now time.Time) bool {
	issued := time.UnixMilli(c.IssuedAt)
	return now.After(issued.Add(codeLifetime)) || now.Before(issued.Add(-gatehouse.ClockTolerance))
}

// accessToken is what an access token says. It is valid while its grant lives.
type accessToken struct {
	_          struct{} `cbor:",toarray"`
	GrantID    string
	Generation int64
	UserID     string
	AppID      string
	Scopes     []string
	Resource   string
	ExpiresAt  int64 // ms
}

// refreshToken says nothing but which refresh of which grant it is for: the rest
// is in the grant's row. So the successor of a token can be computed again.
type refreshToken struct {
	_          struct{} `cbor:",toarray"`
	GrantID    string
	Generation int64
}

// LiveGrants reads grants for judging access tokens.
type LiveGrants interface {
	// Grant returns the grant and its user in one query. ErrNotFound: it is gone.
	Grant(ctx context.Context, id string) (gatehouse.Grant, gatehouse.User, error)
}

// Tokens seals and opens codes and tokens.
type Tokens struct {
	grants  LiveGrants
	codes   *seal.Sealer[code]
	access  *seal.Sealer[accessToken]
	refresh *seal.Sealer[refreshToken]
}

// NewTokens returns Tokens sealed under the first secret; what the earlier ones
// sealed still opens.
func NewTokens(grants LiveGrants, secrets ...[]byte) (*Tokens, error) {
	t := &Tokens{grants: grants}
	var errs [3]error
	t.codes, errs[0] = seal.New[code](codePrefix, secrets...)
	t.access, errs[1] = seal.New[accessToken](accessTokenPrefix, secrets...)
	t.refresh, errs[2] = seal.New[refreshToken](refreshTokenPrefix, secrets...)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("provider: tokens: %w", err)
	}
	return t, nil
}

// IsAccessToken reports whether token claims to be one of our access tokens.
func (t *Tokens) IsAccessToken(token string) bool { return t.access.HasPrefix(token) }

// AuthenticateAccessToken returns the grant and the user that a live access
// token stands for. The grant's Scopes and Resource are the token's own.
// ErrNotFound: the token is not ours, has expired, was retired by a refresh or
// revoked, or its user, app or consent is gone or deactivated.
func (t *Tokens) AuthenticateAccessToken(ctx context.Context, token string) (gatehouse.Grant, gatehouse.User, error) {
	claims, err := t.access.Open(token)
	if err != nil {
		return gatehouse.Grant{}, gatehouse.User{}, fmt.Errorf("provider: open access token: %w: %w", gatehouse.ErrNotFound, err)
	}
	now := time.Now()
	if !now.Before(time.UnixMilli(claims.ExpiresAt)) {
		return gatehouse.Grant{}, gatehouse.User{}, fmt.Errorf("provider: access token has expired: %w", gatehouse.ErrNotFound)
	}
	grant, user, err := t.grants.Grant(ctx, claims.GrantID)
	if err != nil {
		return gatehouse.Grant{}, gatehouse.User{}, fmt.Errorf("provider: access token's grant: %w", err)
	}
	status := grant.TokenStatus(claims.Generation, now)
	if !user.Active() || (status != gatehouse.TokenCurrent && status != gatehouse.TokenInGrace) {
		return gatehouse.Grant{}, gatehouse.User{}, fmt.Errorf("provider: access token is not live: %w", gatehouse.ErrNotFound)
	}
	grant.Scopes, grant.Resource = claims.Scopes, claims.Resource
	return grant, user, nil
}
