package provider

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/web"
)

// Event is the result of a request at a protocol endpoint, for metrics
// (Config.Observe). Each field has few possible values.
type Event struct {
	Endpoint string // "authorize", "access_token", "introspect" or "revoke"
	// Grant is the kind of grant that was issued or refused, such as GrantCode; "" if
	// the request was not about a grant.
	Grant string
	// Error is the RFC's error code of a refusal; "" if a grant was issued.
	Error string
	// Rule is the contract's error id (C 1.14) of the broken rule; "" if it has none.
	Rule string
}

// The kinds of grants.
const (
	GrantCode     = "code"    // a code was redeemed (RFC 6749 §4.1.3)
	GrantRefresh  = "refresh" // tokens were refreshed (§6)
	GrantImplicit = "implicit"
)

// GrantKinds lists the kinds of grants.
func GrantKinds() []string { return []string{GrantCode, GrantRefresh, GrantImplicit} }

const (
	endpointAuthorize   = "authorize"
	endpointAccessToken = "access_token"
	endpointIntrospect  = "introspect"
	endpointRevoke      = "revoke"
)

// issued reports a new or refreshed grant to Config.Observe.
func (h *Handler) issued(endpoint, grant string) {
	if grant != "" {
		h.observe(Event{Endpoint: endpoint, Grant: grant})
	}
}

// refused logs a refusal and reports it to Config.Observe. form has the parameters of
// the request.
func (h *Handler) refused(r *http.Request, endpoint, grant string, refusal *Refusal, form url.Values) {
	e := refusal.webError()
	e.Sent = sentParameters(endpoint, form)
	web.Log(r.Context(), h.log, e)
	h.observe(Event{Endpoint: endpoint, Grant: grant, Error: refusal.Code, Rule: refusal.ID})
}

// counted reports the errors of an authorization handler that are shown to the user
// or answered as JSON, and adds to them what the request sent. refused does the same
// for errors that are sent to the client.
func (h *Handler) counted(f web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := f(w, r)
		if err == nil {
			return nil
		}
		return h.count(r, err)
	}
}

// count does for one error what counted does for a handler.
func (h *Handler) count(r *http.Request, err error) *web.Error {
	e := *web.Public(err)
	query := r.URL.Query()
	e.Sent = sentParameters(endpointAuthorize, query)
	h.describeApp(r.Context(), &e, query)
	h.observe(Event{Endpoint: endpointAuthorize, Grant: grantOfResponseType(query.Get("response_type")), Error: codeOfStatus(e.Status), Rule: e.ID})
	return &e
}

// maxLoggedParameter is the most that the log has of one parameter, in bytes.
const maxLoggedParameter = 256

// sentParameters returns the parameters of a request that are not secret, for the
// log. It never returns a code, a token, a client secret, a code_verifier or a state.
func sentParameters(endpoint string, form url.Values) []slog.Attr {
	attrs := []slog.Attr{slog.String("endpoint", endpoint)}
	for _, name := range []string{"client_id", "grant_type", "response_type", "response_mode", "redirect_uri", "scope", "resource", "prompt", "code_challenge_method"} {
		value := form.Get(name)
		if value == "" {
			continue
		}
		if len(value) > maxLoggedParameter {
			value = strings.ToValidUTF8(value[:maxLoggedParameter], "") + "…"
		}
		attrs = append(attrs, slog.String(name, value))
	}
	return attrs
}

// codeOfStatus returns the RFC's error code for the status of an error page.
func codeOfStatus(status int) string {
	switch status {
	case http.StatusServiceUnavailable:
		return codeTemporarilyUnavailable
	case http.StatusInternalServerError:
		return codeServerError
	}
	return codeInvalidRequest
}

// grantOfResponseType returns the kind of grant of an authorization request. A code
// is not a grant until it is redeemed.
func grantOfResponseType(responseType string) string {
	if slices.Contains(strings.Fields(responseType), "token") {
		return GrantImplicit
	}
	return ""
}

func grantOfGrantType(grantType string) string {
	switch grantType {
	case "authorization_code":
		return GrantCode
	case "refresh_token":
		return GrantRefresh
	}
	return ""
}
