package gatehouse

import "time"

// LogoutDelivery is a logout token that an app must get, because the session in which the
// app signed its user in has ended, or the app's access has (OpenID Connect Back-Channel
// Logout §2.5).
type LogoutDelivery struct {
	AppID     string
	UserID    string
	SessionID string
	CreateAt  time.Time // when the session or the access ended
	Attempts  int64     // the attempts so far
}

const (
	// LogoutDeliveryLifetime is how long a logout token is tried to be delivered.
	LogoutDeliveryLifetime = 24 * time.Hour
	firstLogoutRetry       = 15 * time.Second
	maxLogoutRetry         = time.Hour
)

// NextAttempt returns when the delivery is tried again if the attempt that begins now
// fails. The time between attempts doubles until it is an hour.
func (d LogoutDelivery) NextAttempt(now time.Time) time.Time {
	wait := firstLogoutRetry
	for range min(d.Attempts, 10) {
		wait = min(2*wait, maxLogoutRetry)
	}
	return now.Add(wait)
}
