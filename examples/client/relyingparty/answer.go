package relyingparty

import (
	"crypto/subtle"
	"fmt"
	"net/url"
)

const (
	maxParams     = 20   // parameters of a response that the page shows
	maxParamShown = 4096 // bytes of each parameter
)

// check is the result of one check of a response.
type check struct {
	OK   bool
	Text string
}

// answer is an authorization response with the results of its checks.
type answer struct {
	Params   []field
	Checks   []check
	Accepted bool
	Ours     bool // state proves that it belongs to this run
	Fragment bool // it arrived in the URL fragment (RFC 6749 §4.2.2)

	Error, ErrorDescription string // of an error response
	Advice                  advice
	Refusal                 string // why this client does not use the response

	code, accessToken string
}

func (a *answer) secrets() []string {
	var secrets []string
	for _, param := range a.Params {
		if isSecretName(param.Name) {
			secrets = append(secrets, param.Value)
		}
	}
	return secrets
}

// checkAnswer decides whether the client may use a response. It is a pure function.
//
// The order matters. The client uses nothing of a response before state proves that it
// belongs to a request of this browser, and before iss proves that it comes from the
// server of that request.
func checkAnswer(params url.Values, s Scenario, r *run, issuer string, promisesIss bool) *answer {
	a := &answer{Params: shownParams(params), Fragment: s.Implicit,
		Error: clip(params.Get("error")), ErrorDescription: clip(params.Get("error_description"))}
	if a.Error != "" {
		a.Advice = adviceOnAuthorization(a.Error)
	}
	for _, name := range []string{"code", "access_token", "state", "iss", "error"} {
		if len(params[name]) > 1 { // RFC 6749 §3.1
			a.fail(fmt.Sprintf("The response has the parameter %s more than once.", name), "A parameter that occurs twice is ambiguous. The server made a mistake, or an attacker changed the URL. Ask the operator of the server.")
			return a
		}
	}
	switch state := params.Get("state"); {
	case state == "":
		a.fail("state is missing.", "Without state, the client can't know that the response belongs to a request of this browser (RFC 6749 §10.12). A client must stop and start again.")
		return a
	case subtle.ConstantTimeCompare([]byte(state), []byte(r.state)) != 1:
		a.fail("state is not the value that was sent.", "This response belongs to another request: an older run, another tab, or an attacker who wants to sign you in to their own account (RFC 6749 §10.12). A client must stop and start again.")
		return a
	case r.answer != nil:
		a.fail("state was already used.", "This run already has its response. Each state is valid for one response. Start again to get a new state.")
		return a
	}
	a.Ours = true
	a.pass("state is the value that was sent.")
	if !a.checkIssuer(params, issuer, promisesIss) {
		return a
	}
	if a.Error != "" {
		return a
	}
	// Use only the requested parameter: a code flow must not accept an access token from the
	// authorization response.
	name, into := "code", &a.code
	if s.Implicit {
		name, into = "access_token", &a.accessToken
	}
	if params.Get(name) == "" {
		a.fail(fmt.Sprintf("The response has no parameter %s and no error.", name), "The response is neither a success nor an error of RFC 6749. Check that the URL of the authorization endpoint is right.")
		return a
	}
	*into = params.Get(name)
	a.pass(fmt.Sprintf("The response has the parameter %s.", name))
	a.Accepted = true
	return a
}

// checkIssuer implements RFC 9207 §2.4: iss must be equal to the issuer of the server, by
// simple string comparison, and must not be missing if the server's metadata promise it.
func (a *answer) checkIssuer(params url.Values, issuer string, promised bool) bool {
	iss := params.Get("iss")
	switch {
	case iss == issuer:
		a.pass("iss is the issuer of the server.")
		return true
	case iss != "":
		a.fail(fmt.Sprintf("iss is %q, but the request was sent to %q.", clip(iss), issuer), "Another server sent the response (mix-up attack, RFC 9207), or this client has another spelling of the issuer. Both values must be exactly equal, including a slash at the end.")
		return false
	case promised:
		a.fail("iss is missing, but the server's metadata promise it.", "An attacker may have removed it to hide which server sent the response (RFC 9207 §2.4). A client must stop.")
		return false
	}
	a.pass("iss is missing, and the server does not promise it.")
	return true
}

func (a *answer) pass(text string) { a.Checks = append(a.Checks, check{true, text}) }

func (a *answer) fail(text, why string) {
	a.Checks = append(a.Checks, check{false, text})
	a.Refusal = why
}

// shownParams lists the parameters in a fixed order, with the known ones first.
func shownParams(params url.Values) []field {
	var list []field
	known := []string{"error", "error_description", "error_uri", "code", "access_token", "token_type", "expires_in", "scope", "state", "iss"}
	add := func(name string) {
		for _, value := range params[name] {
			if len(list) < maxParams {
				list = append(list, field{clip(name), clip(value)})
			}
		}
	}
	seen := map[string]bool{}
	for _, name := range known {
		add(name)
		seen[name] = true
	}
	for name := range sortedKeys(params) {
		if !seen[name] {
			add(name)
		}
	}
	return list
}

func clip(s string) string {
	if len(s) > maxParamShown {
		return s[:maxParamShown] + "…"
	}
	return s
}
