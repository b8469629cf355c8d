package registration

import (
	"errors"
	"net/http"

	"gatehouse/internal/web"
)

// The ways in which a client's own registration ends, for whoever counts them;
// refusals end in the error code that the client gets.
const (
	registered      = "registered"
	registerLimited = "throttled"
	registerGone    = "unavailable" // the database is
	registerFailed  = "failed"      // by our own fault
)

// RegistrationOutcomes lists the ways in which a client's own registration ends.
func RegistrationOutcomes() []string {
	return []string{registered, codeInvalidRedirectURI, codeInvalidMetadata, codeUnsupported, registerLimited, registerGone, registerFailed}
}

func outcomeOf(err error) string {
	var refused *registrationError
	var limited *tooOften
	switch {
	case err == nil:
		return registered
	case errors.As(err, &refused):
		return refused.code
	case errors.As(err, &limited):
		return registerLimited
	}
	switch status := web.Public(err).Status; {
	case status < http.StatusInternalServerError:
		return codeInvalidMetadata
	case status == http.StatusServiceUnavailable:
		return registerGone
	}
	return registerFailed
}
