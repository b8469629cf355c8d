package account

import (
	"errors"
	"net/http"

	"gatehouse/internal/web"
)

// The ways in which a sign-in ends, for whoever counts them.
const (
	signInDone        = "success"
	signInRefused     = "refused"     // wrong or missing credentials, or a deactivated person
	signInThrottled   = "throttled"   // not even tried, after too many failures
	signInUnavailable = "unavailable" // the database is gone, or too many are signing in
	signInFailed      = "failed"      // by our own fault
)

// SignInOutcomes lists the ways in which a sign-in ends.
func SignInOutcomes() []string {
	return []string{signInDone, signInRefused, signInThrottled, signInUnavailable, signInFailed}
}

func signInOutcome(err error) string {
	if err == nil {
		return signInDone
	}
	var throttled *TooManyAttemptsError
	if errors.As(err, &throttled) {
		return signInThrottled
	}
	switch status := web.Public(err).Status; {
	case status < http.StatusInternalServerError:
		return signInRefused
	case status == http.StatusServiceUnavailable:
		return signInUnavailable
	}
	return signInFailed
}
