package provider

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ory/fosite"

	"gatehouse"
	"gatehouse/internal/web"
)

// Refusal is a rule that a request broke: the error code of the RFCs, the
// contract's id (C 1.14) and a sentence for the developer of the client that
// says what to change.
type Refusal struct {
	Code        string // RFC 6749 §4.1.2.1, §5.2; RFC 8707 §2: "invalid_grant"
	ID          string // "api.oauth.get_access_token.expired_code.app_error"
	Description string
	Status      int // of the response when it is not redirected; 0 = 400
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

// webError is the refusal for the surfaces that answer with the contract's
// error or with a page (C 1.2, 1.3).
func (e *Refusal) webError() *web.Error {
	return &web.Error{Status: e.status(), ID: e.ID, Message: e.Description, Title: e.title(), Cause: e.Cause}
}

// title is the heading of the page that shows the refusal to a person, who has
// done nothing wrong: the app that sent them has.
func (e *Refusal) title() string {
	if e.status() == http.StatusBadRequest {
		return "The app sent a wrong request"
	}
	return ""
}

func refuse(code, id, description string) *Refusal {
	return &Refusal{Code: code, ID: id + ".app_error", Description: description}
}

// The error codes that we answer with.
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
	codeLoginRequired          = "login_required"   // OpenID Connect Core §3.1.2.6
	codeConsentRequired        = "consent_required" // OpenID Connect Core §3.1.2.6
)

// asRefusal names what went wrong. Our own refusals come through whatever
// fosite wrapped around them; fosite's own keep their code; an error that
// nobody named says only that it happened.
func asRefusal(err error) *Refusal {
	var own *Refusal
	var rfc *fosite.RFC6749Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, gatehouse.ErrUnavailable):
		return &Refusal{Code: codeTemporarilyUnavailable, ID: "api.context.unavailable.app_error", Status: http.StatusServiceUnavailable,
			Description: "The database cannot be reached at the moment. Nothing was changed; please try again in a few seconds.", Cause: err}
	case errors.As(err, &rfc) && rfc.CodeField < http.StatusInternalServerError:
		return &Refusal{Code: rfc.ErrorField, ID: "api.oauth." + rfc.ErrorField + ".app_error", Description: describe(rfc), Status: rfc.CodeField, Cause: err}
	}
	return &Refusal{Code: codeServerError, ID: "api.oauth.get_access_token.internal.app_error", Status: http.StatusInternalServerError,
		Description: "Something went wrong on our side. The log of the gateway has the details under the request id.", Cause: err}
}

func describe(e *fosite.RFC6749Error) string {
	if e.HintField != "" {
		return e.HintField
	}
	return e.DescriptionField
}

// errorDescription makes a sentence fit for error_description, which may hold
// printable ASCII without quotes and backslashes only (RFC 6749 §4.1.2.1, §5.2).
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
