package provider

import (
	"maps"
	"time"

	"github.com/ory/fosite"
)

// session is what fosite carries from a request to the strategies that seal
// codes and tokens.
type session struct {
	userID    string
	consentID string
	// generation of the tokens that are about to be issued.
	generation int64
	// issuedAt is when that generation was reached, so that a retried refresh
	// computes the same expiry again.
	issuedAt time.Time
	resource string
	// redirectURISent: see code.
	redirectURISent bool
	// scopes of the access token: those of the grant, or fewer (RFC 6749 §6).
	scopes  []string
	expires map[fosite.TokenType]time.Time
}

var _ fosite.Session = (*session)(nil)

// SetExpiresAt is called by fosite's handlers.
func (s *session) SetExpiresAt(key fosite.TokenType, at time.Time) {
	if s.expires == nil {
		s.expires = map[fosite.TokenType]time.Time{}
	}
	s.expires[key] = at
}

// GetExpiresAt returns when the token expires; the zero time if nobody said.
func (s *session) GetExpiresAt(key fosite.TokenType) time.Time { return s.expires[key] }

// GetUsername is for introspection, which we answer ourselves.
func (s *session) GetUsername() string { return "" }

// GetSubject is the id of the user who is acted for.
func (s *session) GetSubject() string { return s.userID }

// Clone returns a copy that may be changed.
func (s *session) Clone() fosite.Session {
	c := *s
	c.expires = maps.Clone(s.expires)
	return &c
}
