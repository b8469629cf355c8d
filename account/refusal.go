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

// TooManyAttemptsError is behind the refusal of a sign-in that was not even
// tried, because too many failed before.
type TooManyAttemptsError struct {
	Wait time.Duration // until the next try
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

// One answer for an unknown login and a wrong password (C 1.13, "masked").
func errInvalidCredentials() *web.Error {
	return &web.Error{
		Status:  http.StatusUnauthorized,
		ID:      "api.user.login.invalid_credentials_email_username",
		Message: "The username, email or password is wrong. Please check them and try again.",
	}
}

// Only who knows the password learns that the account is deactivated.
func errInactive() *web.Error {
	return &web.Error{
		Status:  http.StatusUnauthorized,
		ID:      "api.user.login.inactive.app_error",
		Message: "This account is deactivated. Please ask a System Admin to activate it.",
	}
}

// setRetryAfter tells a client when its next sign-in will be tried (RFC 6585 §4).
func setRetryAfter(w http.ResponseWriter, err error) {
	var tooMany *TooManyAttemptsError
	if errors.As(err, &tooMany) {
		w.Header().Set("Retry-After", strconv.Itoa(wholeSeconds(tooMany.Wait)))
	}
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
