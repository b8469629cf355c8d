package provider

import (
	"net/http"
	"strings"

	"gatehouse/internal/web"
)

// Event is how a request at one of the protocol endpoints ended, for whoever
// counts (Config.Observe). Each of its fields has few values.
type Event struct {
	Endpoint string // "authorize", "access_token", "introspect" or "revoke"
	// Grant is the kind of grant that was issued or refused, GrantCode and its
	// siblings; "" when the request was about none.
	Grant string
	// Error is the code of the RFCs of a refusal; "" for a grant that was issued.
	Error string
	// Rule is the contract's id (C 1.14) of the rule that refused; "" if it has none.
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
)

// issued tells of a grant that was made.
func (h *Handler) issued(endpoint, grant string) {
	if grant != "" {
		h.observe(Event{Endpoint: endpoint, Grant: grant})
	}
}

// refused tells of a refusal.
func (h *Handler) refused(endpoint, grant string, refusal *Refusal) {
	h.observe(Event{Endpoint: endpoint, Grant: grant, Error: refusal.Code, Rule: refusal.ID})
}

// counted tells of the refusals at the authorization endpoint that are shown to
// the person, or answered as JSON; refusalAnswer tells of those that the app gets.
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

// codeOfStatus is the error code that stands for a page's status.
func codeOfStatus(status int) string {
	switch status {
	case http.StatusServiceUnavailable:
		return codeTemporarilyUnavailable
	case http.StatusInternalServerError:
		return codeServerError
	}
	return codeInvalidRequest
}

// grantOfResponseType: a code is no grant before it is redeemed.
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

// endpointOf is the endpoint that was asked, by the last part of its path.
func endpointOf(r *http.Request) string {
	return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
}
