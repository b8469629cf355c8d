package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"gatehouse"
	"gatehouse/templates"
)

// Error is an error that the client may see: a status, the contract's error id (C 1.14)
// and a sentence that says what to change.
type Error struct {
	Status  int
	ID      string // "api.context.permissions.app_error"
	Message string
	Title   string // of the error page; "": the title of the status
	// App is the app that an error page is about; nil if there is none.
	App *templates.RefusedApp
	// BackURL and BackLabel are the link of the error page; "": the start page.
	BackURL, BackLabel string
	Cause              error // for the log only
	// Sent has the parameters of the request that are not secret, for the log.
	Sent []slog.Attr
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.ID + ": " + e.Cause.Error()
	}
	return e.ID
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// The generic refusals of C 1.1.

// InvalidURLParam refuses an id or parameter in the path (C 1.1).
func InvalidURLParam(name string) *Error {
	return &Error{Status: http.StatusBadRequest, ID: "api.context.invalid_url_param.app_error", Message: "Invalid or missing " + name + " parameter in request URL."}
}

// InvalidBodyParam refuses a body or one of its members (C 1.1).
func InvalidBodyParam(name string) *Error {
	return &Error{Status: http.StatusBadRequest, ID: "api.context.invalid_body_param.app_error", Message: "Invalid or missing " + name + " in request body."}
}

// SessionExpired refuses a request that needs a signed-in user (C 1.1).
func SessionExpired() *Error {
	return &Error{Status: http.StatusUnauthorized, ID: "api.context.session_expired.app_error", Message: "Invalid or expired session, please login again."}
}

// Forbidden refuses a request whose user lacks a permission (C 1.1).
func Forbidden(cause error) *Error {
	return &Error{Status: http.StatusForbidden, ID: "api.context.permissions.app_error", Message: "You do not have the appropriate permissions.", Cause: cause}
}

// ProviderOff refuses a request to an endpoint that is off together with the provider.
// The id differs by endpoint (C 2.14).
func ProviderOff(id string) *Error {
	return &Error{Status: http.StatusNotImplemented, ID: id, Message: "OAuth 2.0 applications are turned off. A System Admin can turn them on in the console."}
}

// OpenIDOff refuses a request to an endpoint of OpenID Connect while a setting turns it off.
func OpenIDOff() *Error {
	return &Error{Status: http.StatusNotImplemented, ID: "api.oauth.openid.disabled.app_error", Message: "OpenID Connect is turned off. A System Admin can turn it on in the console."}
}

// Public returns the error that the client may see for err: err itself if it is an
// *Error, an error that asks to try again for ErrUnavailable, and otherwise an error
// without details.
func Public(err error) *Error {
	var e *Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &tooLarge):
		return &Error{Status: http.StatusRequestEntityTooLarge, ID: "api.context.request_body_too_large.app_error", Message: "The request body is too large.", Cause: err}
	case errors.Is(err, gatehouse.ErrUnavailable):
		return &Error{Status: http.StatusServiceUnavailable, ID: "api.context.unavailable.app_error", Message: "The database cannot be reached at the moment. Please try again in a few seconds.", Cause: err}
	default:
		return &Error{Status: http.StatusInternalServerError, ID: "api.context.internal.app_error", Message: "Something went wrong on our side. The log of the gateway has the details under the request id.", Cause: err}
	}
}

// Log logs an error that the client gets. A failure of the server is logged as an
// error, with its cause, or as a warning if the client has closed the connection,
// which is then the usual cause. Every other error is a refusal, which is logged at
// level info with the rule that refused it.
func Log(ctx context.Context, log *slog.Logger, e *Error) {
	attrs := []slog.Attr{slog.String("error_id", e.ID), slog.Int("status", e.Status), slog.String("request_id", RequestID(ctx))}
	if e.Cause != nil {
		attrs = append(attrs, slog.Any("error", e.Cause))
	}
	switch {
	case e.Status < http.StatusInternalServerError || e.Status == http.StatusNotImplemented: // 501: the provider is off
		attrs = append(attrs, slog.String("message", e.Message))
		log.LogAttrs(ctx, slog.LevelInfo, "request refused", append(attrs, e.Sent...)...)
	case e.Cause == nil:
	case errors.Is(ctx.Err(), context.Canceled):
		log.LogAttrs(ctx, slog.LevelWarn, "request failed", attrs...)
	default:
		log.LogAttrs(ctx, slog.LevelError, "request failed", attrs...)
	}
}

// SetRetryAfter asks the client to try again soon if the server is unavailable (RFC 9110 §10.2.3).
func SetRetryAfter(w http.ResponseWriter, e *Error) {
	if e.Status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "2")
	}
}
