package relyingparty

import (
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"net"
	"slices"
)

// advice is what an error means and what to change.
type advice struct{ Meaning, Change string }

// adviceOnAuthorization explains an error that came back on the redirect
// (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6, RFC 8707 §2).
func adviceOnAuthorization(code string) advice {
	switch code {
	case "access_denied":
		return advice{"The user, or the server on their behalf, said no.", "Nothing is wrong with the request. Tell the user in a friendly way that they can try again; do not send them round at once."}
	case "invalid_request":
		return advice{"A parameter is missing, malformed, or sent twice.", "Compare your URL with step 1. For a public app, code_challenge and code_challenge_method=S256 must be there."}
	case "unauthorized_client":
		return advice{"This app may not use this response_type.", "Use the authorization code flow, or change what the app is registered for."}
	case "unsupported_response_type":
		return advice{"The server does not know or does not offer this response_type.", "Send response_type=code. For token, the implicit grant must be turned on at the server."}
	case "invalid_scope":
		return advice{"A scope is unknown, malformed, or not allowed for this app.", "Ask only for scopes that the server's metadata lists, separated by single spaces."}
	case "invalid_target":
		return advice{"The resource is malformed or unknown to the server.", "Send an absolute URI without a fragment, one that the server serves."}
	case "server_error":
		return advice{"The server failed. HTTP 500 cannot be put in a redirect, hence this.", "Try again later; if it stays, look at the server's log."}
	case "temporarily_unavailable":
		return advice{"The server is overloaded, or the feature is turned off.", "Try again later; check that OAuth 2.0 applications are turned on."}
	case "login_required", "consent_required", "interaction_required":
		return advice{"The server would have to show a page, and prompt=none forbids it.", "Send the request again without prompt=none."}
	}
	return advice{"This error code is not one of RFC 6749.", "Read error_description, and the server's documentation."}
}

// adviceOnToken explains an error of the token endpoint (RFC 6749 §5.2).
func adviceOnToken(code string) advice {
	switch code {
	case "invalid_request":
		return advice{"A parameter is missing, malformed, or sent twice.", "Compare your body with the one here. It must be application/x-www-form-urlencoded, not JSON."}
	case "invalid_client":
		return advice{"The server does not know this client, or its secret is wrong.", "Check client ID and secret, and that the secret is sent in one way only: in the body or by HTTP Basic. A public app sends none."}
	case "invalid_grant":
		return advice{"The code or refresh token is not good, or not good with the rest of the request.", "It may have been used, be too old, be revoked, belong to another client, or have been asked for with another redirect_uri or code_challenge. Start again for a new one."}
	case "unauthorized_client":
		return advice{"This client may not use this grant.", "Public apps get no refresh tokens: send the user through the flow again instead."}
	case "unsupported_grant_type":
		return advice{"The server does not offer this grant.", "Send authorization_code or refresh_token as grant_type."}
	case "invalid_scope":
		return advice{"The scope is more than what was granted.", "Leave scope out of the token request."}
	case "invalid_target":
		return advice{"The resource is not the one that the code was asked for.", "Send the same resource in both requests, or in neither."}
	}
	return advice{"The server refused.", "Read the response body."}
}

// adviceOnResource explains a refusal by the API (RFC 6750 §3.1).
func adviceOnResource(status int) advice {
	switch status {
	case 401:
		return advice{"The access token is not good: expired, revoked, replaced by a refresh, or not a token.", "Refresh it, or send the user through the flow again. The WWW-Authenticate header may say more."}
	case 403:
		return advice{"The token is good, but does not allow this.", "Ask for the scope that this needs."}
	case 404:
		return advice{"There is nothing at this address.", "Check the path of the resource."}
	}
	return advice{"The server did not answer the request.", "Read the response body."}
}

// adviceOnCall explains an exchange that did not go well.
func adviceOnCall(e *exchange) advice {
	switch code := errorCode(e.ResponseBody); {
	case e.Err != nil:
		return adviceOnFailure(e.Err)
	case e.Method == "GET":
		return adviceOnResource(e.StatusCode)
	case code != "":
		return adviceOnToken(code)
	case e.StatusCode == 404:
		return advice{"There is nothing at this address.", "Check the path of the token endpoint."}
	}
	return adviceOnToken("")
}

// adviceOnFailure explains why there is no answer to show.
func adviceOnFailure(err error) advice {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return advice{"The server did not answer within " + callTimeout.String() + ".", "Check that it is healthy, then press the button again."}
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return advice{"The server cannot be reached.", "Start it, or check the issuer's address, then press the button again."}
	}
	return advice{"The answer makes no sense to an OAuth client.", "Check that the address is that of the right endpoint."}
}

// errorCode returns the error member of a JSON answer, or "".
func errorCode(body string) string {
	var refused struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(body), &refused) != nil {
		return ""
	}
	return refused.Error
}

func sortedKeys[V any](m map[string]V) iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(m)))
}
