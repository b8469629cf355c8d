package registration

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// clientInformation is the response to a registration (RFC 7591 §3.2.1): the credentials
// and all metadata that were registered.
type clientInformation struct {
	ClientID         string `json:"client_id"`
	ClientSecret     string `json:"client_secret,omitempty"`
	ClientIDIssuedAt int64  `json:"client_id_issued_at"` // Unix time in seconds
	// ClientSecretExpiresAt is 0, which means never, if there is a secret.
	ClientSecretExpiresAt   *int64   `json:"client_secret_expires_at,omitempty"`
	RedirectURIs            []string `json:"redirect_uris"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method"`
	GrantTypes              []string `json:"grant_types"`
	ResponseTypes           []string `json:"response_types"`
	Scope                   string   `json:"scope"`
	ClientName              string   `json:"client_name"`
	ClientURI               string   `json:"client_uri,omitempty"`
	LogoURI                 string   `json:"logo_uri,omitempty"`
	openIDMetadata
}

func newClientInformation(app gatehouse.App, secret string, md clientMetadata) clientInformation {
	info := clientInformation{
		ClientID: app.ID, ClientSecret: secret, ClientIDIssuedAt: app.CreateAt.Unix(), RedirectURIs: app.RedirectURIs,
		TokenEndpointAuthMethod: app.TokenEndpointAuthMethod, GrantTypes: md.grantTypes, ResponseTypes: md.responseTypes,
		Scope: md.scope, ClientName: app.Name, ClientURI: app.Homepage, LogoURI: app.IconURL, openIDMetadata: md.openID,
	}
	if secret != "" {
		info.ClientSecretExpiresAt = new(int64)
	}
	return info
}

// The error codes of RFC 7591 §3.2.2, and the contract's code for a registration that is
// turned off (C 1.11).
const (
	codeInvalidRedirectURI = "invalid_redirect_uri"
	codeInvalidMetadata    = "invalid_client_metadata"
	codeUnsupported        = "unsupported_operation"
)

// registrationError is a refusal of a registration. The description is a sentence for the
// developer of the client.
type registrationError struct {
	code        string
	description string
}

func (e *registrationError) Error() string { return e.code + ": " + e.description }

func invalidRedirectURI(description string) error {
	return &registrationError{codeInvalidRedirectURI, description}
}

func invalidMetadata(description string) error {
	return &registrationError{codeInvalidMetadata, description}
}

// rateLimitError means that the rate limit of the address has no attempt left. The next
// one is available after wait.
type rateLimitError struct{ wait time.Duration }

func (e *rateLimitError) Error() string { return "registration: rate limit" }

// errorResponse is the body of RFC 7591 §3.2.2.
type errorResponse struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

// writeError answers with err in the format of RFC 7591 §3.2.2.
func (h *Registrar) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var refused *registrationError
	var limited *rateLimitError
	switch {
	case errors.As(err, &refused):
		writeErrorResponse(w, h.log, http.StatusBadRequest, refused.code, refused.description)
	case errors.As(err, &limited):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(limited.wait.Seconds()))))
		writeErrorResponse(w, h.log, http.StatusTooManyRequests, "too_many_requests", "Too many clients were registered from this address. Try again later.")
	default:
		e := web.Public(err)
		web.Log(r.Context(), h.log, e)
		web.SetRetryAfter(w, e)
		code := codeInvalidMetadata
		if e.Status >= http.StatusInternalServerError {
			code = "server_error"
		}
		writeErrorResponse(w, h.log, e.Status, code, e.Message)
	}
}

// writeErrorResponse replaces characters of the description that are not ASCII, which
// RFC 7591 §3.2.2 requires.
func writeErrorResponse(w http.ResponseWriter, log *slog.Logger, status int, code, description string) {
	description = strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '?'
		}
		return r
	}, strings.ReplaceAll(description, "…", "..."))
	if err := web.WriteJSON(w, status, errorResponse{code, description}); err != nil {
		log.Error("registration error not written", "error", err)
	}
}

// The outcomes of a registration for the metrics. A refusal has its error code as outcome.
const (
	outcomeRegistered  = "registered"
	outcomeLimited     = "throttled"
	outcomeUnavailable = "unavailable" // the database can't be reached
	outcomeFailed      = "failed"      // an internal error
)

// RegistrationOutcomes lists the outcomes that RegistrarConfig.Observe is called with.
func RegistrationOutcomes() []string {
	return []string{outcomeRegistered, codeInvalidRedirectURI, codeInvalidMetadata, codeUnsupported, outcomeLimited, outcomeUnavailable, outcomeFailed}
}

func outcomeOf(err error) string {
	var refused *registrationError
	var limited *rateLimitError
	switch {
	case err == nil:
		return outcomeRegistered
	case errors.As(err, &refused):
		return refused.code
	case errors.As(err, &limited):
		return outcomeLimited
	}
	switch status := web.Public(err).Status; {
	case status < http.StatusInternalServerError:
		return codeInvalidMetadata
	case status == http.StatusServiceUnavailable:
		return outcomeUnavailable
	}
	return outcomeFailed
}
