package gatehouse

import "time"

// Session is a browser or API sign-in of a person. OAuth access tokens are no
// sessions: they belong to grants.
type Session struct {
	ID         string
	TokenHash  string // HashSecret of the 26-character session token
	UserID     string
	UserAgent  string // cut to 256 bytes; for the user's own list of sessions
	IP         string
	CreateAt   time.Time // when the person proved who they are
	LastSeenAt time.Time // written at most every few minutes
	ExpiresAt  time.Time // slides with LastSeenAt
}

// How a session lives.
const (
	SessionLifetime = 30 * 24 * time.Hour
	// SessionTouchInterval is how coarse LastSeenAt is, so that being signed in
	// costs no write on most requests.
	SessionTouchInterval = 5 * time.Minute
)
