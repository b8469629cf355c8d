package provider

import (
	"errors"
	"net/http"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
)

// Refusal is the error for a request that breaks a rule: the RFC's error code, the
// contract's error id (C 1.14), and a sentence that tells the developer of the
// client what to change.
type Refusal struct {
	Code        string // RFC 6749 §4.1.2.1, §5.2; RFC 8707 §2: "invalid_grant"
	ID          string // "api.oauth.get_access_token.expired_code.app_error"
	Description string
	Status      int // of a response that is not a redirect; 0 means 400
	Cause       error
}

func (e *Refusal) Error() string {
	if e.Cause != nil {
		return e.Code + " (" + e.ID + "): " + e.Cause.Error()
	}
	return e.Code + " (" + e.ID + ")"
}

// Unwrap returns the cause.
func (e *Refusal) Unwrap() error { return e.Cause }

func (e *Refusal) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// webError returns the refusal as an error page or the contract's JSON error
// (C 1.2, C 1.3).
func (e *Refusal) webError() *web.Error {
	return &web.Error{Status: e.status(), ID: e.ID, Message: e.Description, Title: e.title(), Cause: e.Cause}
}

// title returns the heading of the error page. It names the app as the cause, so
// that users do not look for the mistake on their side.
func (e *Refusal) title() string {
	if e.status() == http.StatusBadRequest {
		return "The app sent a wrong request"
	}
	return ""
}

func refuse(code, id, description string) *Refusal {
	return &Refusal{Code: code, ID: id + ".app_error", Description: description}
}

// providerOff is web.ProviderOff for the endpoints that clients call.
func providerOff() *Refusal {
	e := web.ProviderOff("api.oauth.get_access_token.disabled.app_error")
	return &Refusal{Code: codeTemporarilyUnavailable, ID: e.ID, Status: e.Status, Description: e.Message}
}

// The error codes of the protocol endpoints.
const (
	codeInvalidRequest         = "invalid_request"
	codeInvalidClient          = "invalid_client"
	codeInvalidGrant           = "invalid_grant"
	codeInvalidScope           = "invalid_scope"
	codeInvalidTarget          = "invalid_target" // RFC 8707 §2
	codeUnauthorizedClient     = "unauthorized_client"
	codeUnsupportedGrantType   = "unsupported_grant_type"
	codeUnsupportedResponse    = "unsupported_response_type"
	codeAccessDenied           = "access_denied"
	codeServerError            = "server_error"
	codeTemporarilyUnavailable = "temporarily_unavailable"
	codeLoginRequired          = "login_required"                    // OpenID Connect Core §3.1.2.6
	codeConsentRequired        = "consent_required"                  // OpenID Connect Core §3.1.2.6
	codeUnmetAuthentication    = "unmet_authentication_requirements" // OpenID Connect Core Unmet Authentication Requirements 1.0 §2
)

// asRefusal returns the refusal that an error stands for. An error without one
// becomes server_error, which says nothing but that the request failed.
func asRefusal(err error) *Refusal {
	var own *Refusal
	if errors.As(err, &own) {
		return own
	}
	if errors.Is(err, gatehouse.ErrUnavailable) {
		return &Refusal{Code: codeTemporarilyUnavailable, ID: "api.context.unavailable.app_error", Status: http.StatusServiceUnavailable,
			Description: "The database cannot be reached at the moment. Please try again in a few seconds.", Cause: err}
	}
	if refusal := refusalOfFosite(err); refusal != nil {
		return refusal
	}
	return &Refusal{Code: codeServerError, ID: "api.oauth.get_access_token.internal.app_error", Status: http.StatusInternalServerError,
		Description: "Something went wrong on our side. The log of the gateway has the details under the request id.", Cause: err}
}

// errorDescription returns s with only the characters that error_description may
// have: printable ASCII without quotes and backslashes (RFC 6749 §4.1.2.1, §5.2).
func errorDescription(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < 0x20 || r > 0x7e || r == '\\':
			return '?'
		}
		return r
	}, s)
}
