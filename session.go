package gatehouse

import "time"

// Session is one signed-in browser or API client. An OAuth access token belongs to a
// grant and not to a session.
type Session struct {
	ID         string
	TokenHash  string // HashSecret of the 26-character session token
	UserID     string
	UserAgent  string // at most 256 bytes; for the user's own list of sessions
	IP         string
	CreateAt   time.Time // when the user signed in, most recently if they signed in again
	LastSeenAt time.Time // precise to SessionTouchInterval
	ExpiresAt  time.Time // moves with LastSeenAt
}

const (
	// SessionLifetime is how long a session lasts after its last use.
	SessionLifetime = 30 * 24 * time.Hour
	// SessionTouchInterval is how often LastSeenAt is stored at most, so that most
	// requests with a session write nothing.
	SessionTouchInterval = 5 * time.Minute
)

// Caller is the user that a request comes from, with the session or the access token
// of the request.
type Caller struct {
	User User
	// Session has an empty ID if the request has an access token.
	Session Session
	// Grant is the grant of the access token. It has an empty ID if the request has a
	// session.
	Grant Grant
	// SessionToken is the raw token of Session, from which the CSRF token is derived. It
	// is never logged or shown.
	SessionToken string
	// CSRFToken is the value that forms and scripts of this session must send. It is
	// empty for access tokens.
	CSRFToken string
}

// IsOAuth reports whether the request comes from an app with an access token. Apps may
// read their user, but may not authorize, deauthorize or manage apps (C 1.3, 1.5).
func (c Caller) IsOAuth() bool { return c.Grant.ID != "" }
