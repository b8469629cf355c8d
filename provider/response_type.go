package provider

import (
	"slices"
	"strings"
)

// This file has what an authorization request may ask for: response_type, and the
// response_mode that goes with it.

// sortedResponseType returns the values of a response_type in the order of the alphabet:
// their order has no meaning (RFC 6749 §3.1.1). Single spaces separate them; otherwise it
// stays as it is, and is refused.
func sortedResponseType(responseType string) string {
	values := strings.Split(responseType, " ")
	if slices.Contains(values, "") {
		return responseType
	}
	slices.Sort(values)
	return strings.Join(values, " ")
}

// hasResponseType reports whether response_type has the value.
func (r authorizationRequest) hasResponseType(value string) bool {
	return slices.Contains(strings.Split(r.ResponseType, " "), value)
}

// isImplicit reports whether the response has an access token or an ID token in the URL.
func (r authorizationRequest) isImplicit() bool {
	return r.hasResponseType("token") || r.hasResponseType("id_token")
}

// responseTypes lists the values of response_type: those of RFC 6749, and with OpenID
// Connect those of OAuth 2.0 Multiple Response Types §5 that it needs.
func responseTypes(implicit, openID bool) []string {
	types := []string{"code"}
	if implicit {
		types = append(types, "token")
	}
	if implicit && openID {
		types = append(types, "id_token", "id_token token", "code id_token")
	}
	return types
}

// unsupportedResponseType names the types that the request may have.
func unsupportedResponseType(types []string) *Refusal {
	list := types[0]
	if last := len(types) - 1; last > 0 {
		list = strings.Join(types[:last], ", ") + " or " + types[last]
	}
	return refuse(codeUnsupportedResponse, "api.oauth.allow_oauth.response_type", "The response_type must be "+list+".")
}

// checkResponseMode refuses unknown modes, and the mode query for responses with a
// token (OAuth 2.0 Multiple Response Types §2.1, §5).
func (r authorizationRequest) checkResponseMode() *Refusal {
	switch r.ResponseMode {
	case "", "fragment", "form_post":
		return nil
	case "query":
		if r.isImplicit() {
			return refuse(codeInvalidRequest, "model.authorize.is_valid.response_mode", "A token must not be sent in a query. Leave response_mode out, or send fragment or form_post.")
		}
		return nil
	}
	return refuse(codeInvalidRequest, "model.authorize.is_valid.response_mode", "The response_mode must be query, fragment or form_post. It may also be left out.")
}
