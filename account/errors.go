package account

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"gatehouse/internal/web"
)

// TooManyAttemptsError is the cause of a refusal with status 429: too many sign-ins
// failed, and the password was not checked.
type TooManyAttemptsError struct {
	Wait time.Duration // until the next attempt
}

func (e *TooManyAttemptsError) Error() string {
	return fmt.Sprintf("too many attempts, wait %d s", wholeSeconds(e.Wait))
}

func errTooManyAttempts(wait time.Duration) *web.Error {
	return &web.Error{
		Status:  http.StatusTooManyRequests,
		ID:      "api.user.check_user_login_attempts.too_many.app_error",
		Message: fmt.Sprintf("Too many sign-ins failed. Please try again in %d seconds.", wholeSeconds(wait)),
		Cause:   &TooManyAttemptsError{Wait: wait},
	}
}

func errBlankPassword() *web.Error {
	return &web.Error{Status: http.StatusBadRequest, ID: "api.user.login.blank_pwd.app_error", Message: "Please enter your password."}
}

// errInvalidCredentials is the one answer for an unknown login and a wrong password
// (C 1.13, "masked").
func errInvalidCredentials() *web.Error {
	return &web.Error{
		Status:  http.StatusUnauthorized,
		ID:      "api.user.login.invalid_credentials_email_username",
		Message: "The username, email or password is wrong. Please check them and try again.",
	}
}

// errInactive is returned only after the right password, so that it does not tell
// other users that the account is deactivated.
func errInactive() *web.Error {
	return &web.Error{
		Status:  http.StatusUnauthorized,
		ID:      "api.user.login.inactive.app_error",
		Message: "This account is deactivated. Please ask a System Admin to activate it.",
	}
}

func errBusy() *web.Error {
	return &web.Error{
		Status:  http.StatusServiceUnavailable,
		ID:      "api.user.login.busy.app_error",
		Message: "Too many users are signing in at the moment. Please try again in a few seconds.",
	}
}

// setRetryAfter tells a client when the next sign-in is accepted, if err says so (RFC 6585 §4).
func setRetryAfter(w http.ResponseWriter, err error) {
	var tooMany *TooManyAttemptsError
	if errors.As(err, &tooMany) {
		w.Header().Set("Retry-After", strconv.Itoa(wholeSeconds(tooMany.Wait)))
	}
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// The outcomes of a sign-in, for metrics.
const (
	signInDone        = "success"
	signInRefused     = "refused"     // wrong or missing credentials, or a deactivated user
	signInThrottled   = "throttled"   // too many failures before: the password was not checked
	signInUnavailable = "unavailable" // no database, or too many others are signing in
	signInFailed      = "failed"      // an internal error
)

// SignInOutcomes lists the outcomes of a sign-in.
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
