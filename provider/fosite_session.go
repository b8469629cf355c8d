package provider

import (
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/token/jwt"

	"gatehouse/openid"
)

// session is the fosite session of a request: what the strategy seals into codes
// and tokens. It is complete before fosite is called and, except for hashes, does not
// change afterwards.
type session struct {
	userID    string
	consentID string
	// generation of the tokens that fosite makes.
	generation int64
	// issuedAt is when the code was made, or when the generation of the tokens began.
	issuedAt time.Time
	// accessTokenExpiresAt is the same for a repeated refresh as for the first one.
	accessTokenExpiresAt time.Time
	// scopes of the access token: those of the grant, or fewer (RFC 6749 §6).
	scopes   []string
	resource string

	// Of an authorization request only:
	redirectURI     string
	redirectURISent bool   // whether the request named it (RFC 6749 §4.1.3)
	challenge       string // the code_challenge; "" without PKCE
	// authentication goes into the code of an OpenID Connect request; nil for others.
	authentication *openid.Authentication

	// Of a token request only:
	idToken          *openid.IDToken // without its hashes; nil if the response has none
	idTokenAlgorithm string
	// hashes is where fosite's handlers leave the hash of the access token (see
	// IDTokenClaims): the only part of a session that changes.
	hashes jwt.IDTokenClaims
}

var _ fosite.Session = (*session)(nil)

// SetExpiresAt does nothing. fosite's handlers compute the expiry from the current
// time; the session already has it.
func (s *session) SetExpiresAt(fosite.TokenType, time.Time) {}

// GetExpiresAt returns when the access token expires, and the zero time for other
// kinds.
func (s *session) GetExpiresAt(key fosite.TokenType) time.Time {
	if key == fosite.AccessToken {
		return s.accessTokenExpiresAt
	}
	return time.Time{}
}

// GetUsername returns "". fosite needs it for introspection, which Gatehouse
// answers itself.
func (s *session) GetUsername() string { return "" }

// GetSubject returns the id of the user.
func (s *session) GetSubject() string { return s.userID }

// Clone returns the session itself, which does not change.
func (s *session) Clone() fosite.Session { return s }
