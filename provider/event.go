package provider

import (
	"net/http"

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

// refused reports a refusal to Config.Observe.
func (h *Handler) refused(endpoint, grant string, refusal *Refusal) {
	h.observe(Event{Endpoint: endpoint, Grant: grant, Error: refusal.Code, Rule: refusal.ID})
}

// counted reports the errors of an authorization handler that are shown to the user
// or answered as JSON. refusalResponse reports those that are sent to the client.
func (h *Handler) counted(f web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := f(w, r)
		if err != nil {
			e := web.Public(err)
			h.observe(Event{Endpoint: endpointAuthorize, Grant: grantOfResponseType(r.URL.Query().Get("response_type")), Error: codeOfStatus(e.Status), Rule: e.ID})
		}
		return err
	}
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
	if responseType == "token" {
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
