package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse"
	"gatehouse/internal/seal"
)

// The prefixes let secret scanners find leaked codes and tokens.
const (
	codePrefix         = "gthc_"
	openIDCodePrefix   = "gtho_"
	accessTokenPrefix  = "gtha_"
	refreshTokenPrefix = "gthr_"
)

// The sealed values below are encoded as lists, in the order of their fields. Adding,
// removing or moving a field makes every existing token unreadable, also between the
// two versions of a rolling upgrade. A new form needs a new prefix, and the old one
// must open until its last token has expired.

// codeLifetime is how long a code can be redeemed (C 2.2).
const codeLifetime = 10 * time.Minute

// code is the content of an authorization code. It includes the PKCE challenge, so
// no sequence of retries can redeem the code without its verifier.
type code struct {
	_               struct{} `cbor:",toarray"`
	GrantID         string   // of the grant that redemption creates
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

// expired reports whether the code is too old, or was issued too far in the future
// (gatehouse.ClockTolerance).
func (c code) expired(now time.Time) bool {
	issued := time.UnixMilli(c.IssuedAt)
	return now.After(issued.Add(codeLifetime)) || now.Before(issued.Add(-gatehouse.ClockTolerance))
}

// accessToken is the content of an access token. The token is valid until it
// expires or its grant ends.
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

// refreshToken is the content of a refresh token: a grant and a generation. The rest
// is in the grant's row. So the successor of a token can be made a second time.
type refreshToken struct {
	_          struct{} `cbor:",toarray"`
	GrantID    string
	Generation int64
}

// GrantReader reads grants and notes their use.
type GrantReader interface {
	// Grant returns the grant and its user in one query. It returns ErrNotFound if the
	// grant does not exist.
	Grant(ctx context.Context, id string) (gatehouse.Grant, gatehouse.User, error)
	// MarkGrantUsed stores that an access token of the generation was used.
	MarkGrantUsed(ctx context.Context, id string, generation int64) error
}

// Tokens seals and opens codes and tokens.
type Tokens struct {
	grants      GrantReader
	codes       *seal.Sealer[code]
	openIDCodes *seal.Sealer[openIDCode]
	access      *seal.Sealer[accessToken]
	refresh     *seal.Sealer[refreshToken]
	// signInDemands belong to the authorization endpoint (reauthenticate.go).
	signInDemands *seal.Sealer[signInDemand]
}

// NewTokens returns Tokens that seal with the first secret. Values that were sealed
// with the other secrets still open.
func NewTokens(grants GrantReader, secrets ...[]byte) (*Tokens, error) {
	t := &Tokens{grants: grants}
	var errs [5]error
	t.codes, errs[0] = seal.New[code](codePrefix, secrets...)
	t.access, errs[1] = seal.New[accessToken](accessTokenPrefix, secrets...)
	t.refresh, errs[2] = seal.New[refreshToken](refreshTokenPrefix, secrets...)
	t.openIDCodes, errs[4] = seal.New[openIDCode](openIDCodePrefix, secrets...)
	t.signInDemands, errs[3] = seal.New[signInDemand](signInDemandPrefix, secrets...)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("provider: tokens: %w", err)
	}
	return t, nil
}

// IsAccessToken reports whether token has the prefix of an access token.
func (t *Tokens) IsAccessToken(token string) bool { return t.access.HasPrefix(token) }

// markTimeout is how long the first use of an access token waits for the database.
const markTimeout = time.Second

// AuthenticateAccessToken returns the grant and the user of a valid access token,
// with the token's own scopes, resource and RotatedAt in the grant, never more than the
// grant has. It returns ErrNotFound if
// the token does not open, has expired, was replaced by a refresh or revoked, or if
// its user, app or consent was deleted or deactivated.
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
	status := grant.AccessTokenStatus(claims.Generation, now)
	if !user.Active() || (status != gatehouse.TokenCurrent && status != gatehouse.TokenInGrace) {
		return gatehouse.Grant{}, gatehouse.User{}, fmt.Errorf("provider: access token was revoked or replaced: %w", gatehouse.ErrNotFound)
	}
	if claims.Generation == grant.Generation && !grant.SuccessorUsed() {
		// The first use after a refresh. It ends the unlimited grace of the previous
		// refresh token. The token is valid in any case: a failure only prolongs the grace.
		marking, cancel := context.WithTimeout(ctx, markTimeout)
		defer cancel()
		_ = t.grants.MarkGrantUsed(marking, grant.ID, grant.Generation)
	}
	if claims.Generation < grant.Generation {
		grant.RotatedAt = grant.PreviousRotatedAt // when this token's generation was reached
	}
	if !claims.within(&grant) {
		return gatehouse.Grant{}, gatehouse.User{}, fmt.Errorf("provider: access token has no right that its grant has: %w", gatehouse.ErrNotFound)
	}
	return grant, user, nil
}

// within narrows the grant to the token's own scopes and resource. A refresh can ask for
// fewer scopes (RFC 6749 §6), and can name a resource that the grant does not restrict
// (RFC 8707 §2.2). The token never has more than the grant's row: a scope that the row
// does not have is left out, and a token without a resource gets that of the row. within
// returns false if no scope remains, or if the token is for another resource.
func (t accessToken) within(grant *gatehouse.Grant) bool {
	scopes := make([]string, 0, len(t.Scopes))
	for _, scope := range t.Scopes {
		if slices.Contains(grant.Scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 && len(t.Scopes) > 0 || t.Resource != "" && grant.Resource != "" && t.Resource != grant.Resource {
		return false
	}
	grant.Scopes = scopes
	if t.Resource != "" {
		grant.Resource = t.Resource
	}
	return true
}
