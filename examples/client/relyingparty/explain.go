package relyingparty

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net"
	"slices"
)

// advice explains an error and what to change.
type advice struct{ Meaning, Change string }

// adviceOnAuthorization explains an error of the authorization endpoint
// (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6, RFC 8707 §2).
func adviceOnAuthorization(code string) advice {
	switch code {
	case "access_denied":
		return advice{"The user, or the server for the user, denied the request.", "The request is right. Tell the user that they can try again. Do not redirect them again automatically."}
	case "invalid_request":
		return advice{"A parameter is missing, malformed or sent twice.", "Compare your URL with step 1. A public app must send code_challenge and code_challenge_method=S256."}
	case "unauthorized_client":
		return advice{"This app may not use this response_type.", "Use the authorization code flow, or change the registration of the app."}
	case "unsupported_response_type":
		return advice{"The server does not support this response_type.", "Send response_type=code. The value token needs the implicit grant, which the server must turn on."}
	case "invalid_scope":
		return advice{"A scope is unknown, malformed or not allowed for this app.", "Request only scopes from the server's metadata, separated by single spaces."}
	case "invalid_target":
		return advice{"The resource is malformed or unknown to the server.", "Send an absolute URI without a fragment that the server knows."}
	case "server_error":
		return advice{"The server failed. It sends this code because a redirect can't have the status 500.", "Try again later. If the error remains, read the server's log."}
	case "temporarily_unavailable":
		return advice{"The server is overloaded, or OAuth 2.0 applications are turned off.", "Try again later, and check that OAuth 2.0 applications are turned on."}
	case "login_required", "consent_required", "interaction_required":
		return advice{"The server must show a page to the user, but prompt=none forbids that.", "Send the request again without prompt=none."}
	}
	return advice{"This error code is not one of RFC 6749.", "Read error_description and the server's documentation."}
}

// adviceOnToken explains an error of the token endpoint (RFC 6749 §5.2).
func adviceOnToken(code string) advice {
	switch code {
	case "invalid_request":
		return advice{"A parameter is missing, malformed or sent twice.", "Compare your request body with this one. It must be application/x-www-form-urlencoded, not JSON."}
	case "invalid_client":
		return advice{"The server does not know this client, or the client secret is wrong.", "Check the client ID and the client secret. Send the secret in only one way: in the body or by HTTP Basic. A public app sends no secret."}
	case "invalid_grant":
		return advice{"The code or refresh token is not valid, or it does not match the rest of the request.", "It was already used, has expired, was revoked, belongs to another client, or was requested with another redirect_uri or code_challenge. Start again to get a new one."}
	case "unauthorized_client":
		return advice{"This client may not use this grant.", "Public apps get no refresh tokens. Start the authorization flow again instead."}
	case "unsupported_grant_type":
		return advice{"The server does not support this grant.", "Send authorization_code or refresh_token as grant_type."}
	case "invalid_scope":
		return advice{"The scope is larger than the granted scope.", "Remove scope from the token request."}
	case "invalid_target":
		return advice{"The resource differs from the resource of the authorization request.", "Send the same resource in both requests, or in neither."}
	}
	return advice{"The server refused the request.", "Read the response body."}
}

// adviceOnResource explains an error of the API (RFC 6750 §3.1).
func adviceOnResource(status int) advice {
	switch status {
	case 401:
		return advice{"The access token is not valid. It has expired, was revoked, was replaced by a refresh, or is not a token.", "Refresh it, or start the authorization flow again. The WWW-Authenticate header can say more."}
	case 403:
		return advice{"The token is valid, but it does not allow this request.", "Request the scope that the API needs."}
	case 404:
		return advice{"This URL does not exist on the server.", "Check the path of the resource."}
	}
	return advice{"The server refused the request.", "Read the response body."}
}

// adviceOnCall explains an exchange that failed.
func adviceOnCall(e *exchange) advice {
	switch code := errorCode(e.ResponseBody); {
	case e.Err != nil:
		return adviceOnFailure(e.Err)
	case e.Method == "GET":
		return adviceOnResource(e.StatusCode)
	case code != "":
		return adviceOnToken(code)
	case e.StatusCode == 404:
		return advice{"This URL does not exist on the server.", "Check the path of the token endpoint."}
	}
	return adviceOnToken("")
}

// adviceOnFailure explains why there is no response, or why it can't be used.
func adviceOnFailure(err error) advice {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return advice{fmt.Sprintf("The server did not respond within %s.", callTimeout), "Check that the server is running, and then press the button again."}
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return advice{"The server can't be reached.", "Start the server or check the issuer, and then press the button again."}
	}
	return advice{"The response is not valid for an OAuth client.", "Check that the URL is the URL of the right endpoint."}
}

// errorCode returns the member error of a JSON response, or "".
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
