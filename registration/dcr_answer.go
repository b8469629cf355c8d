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

// clientInformation is the answer to a registration (RFC 7591 §3.2.1): the
// credentials, and all metadata as they were registered.
type clientInformation struct {
	ClientID         string `json:"client_id"`
	ClientSecret     string `json:"client_secret,omitempty"`
	ClientIDIssuedAt int64  `json:"client_id_issued_at"` // seconds
	// ClientSecretExpiresAt is 0, never, when there is a secret.
	ClientSecretExpiresAt   *int64   `json:"client_secret_expires_at,omitempty"`
	RedirectURIs            []string `json:"redirect_uris"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method"`
	GrantTypes              []string `json:"grant_types"`
	ResponseTypes           []string `json:"response_types"`
	Scope                   string   `json:"scope"`
	ClientName              string   `json:"client_name"`
	ClientURI               string   `json:"client_uri,omitempty"`
	LogoURI                 string   `json:"logo_uri,omitempty"`
}

func newClientInformation(app gatehouse.App, secret string, md metadata) clientInformation {
	info := clientInformation{
		ClientID: app.ID, ClientSecret: secret, ClientIDIssuedAt: app.CreateAt.Unix(), RedirectURIs: app.RedirectURIs,
		TokenEndpointAuthMethod: app.TokenEndpointAuthMethod, GrantTypes: md.grantTypes, ResponseTypes: md.responseTypes,
		Scope: md.scope, ClientName: app.Name, ClientURI: app.Homepage, LogoURI: app.IconURL,
	}
	if secret != "" {
		info.ClientSecretExpiresAt = new(int64)
	}
	return info
}

// The error codes of RFC 7591 §3.2.2, and the contract's for a switch that is off (C 1.11).
const (
	codeInvalidRedirectURI = "invalid_redirect_uri"
	codeInvalidMetadata    = "invalid_client_metadata"
	codeUnsupported        = "unsupported_operation"
)

// registrationError is a rule that a registration broke.
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

// tooOften is a registration above the rate.
type tooOften struct{ wait time.Duration }

func (e *tooOften) Error() string { return "registration: too often" }

// errorResponse is the body of RFC 7591 §3.2.2.
type errorResponse struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

// writeError answers with err in the form of RFC 7591 §3.2.2.
func (h *Registrar) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var refused *registrationError
	var limited *tooOften
	switch {
	case errors.As(err, &refused):
		writeErrorResponse(w, h.log, http.StatusBadRequest, refused.code, refused.description)
	case errors.As(err, &limited):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(limited.wait.Seconds()))))
		writeErrorResponse(w, h.log, http.StatusTooManyRequests, "too_many_requests", "Too many clients were registered from this address. Please try again later.")
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

// writeErrorResponse keeps the description to ASCII, as the RFC has it.
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
