package relyingparty

import (
	"crypto/subtle"
	"fmt"
	"net/url"
)

const (
	maxParams     = 20   // of an answer that are shown
	maxParamShown = 4096 // bytes of each
)

// check is one test that an answer passed or not.
type check struct {
	OK   bool
	Text string
}

// answer is what came back on the redirect and what this client makes of it.
type answer struct {
	Params   []field
	Checks   []check
	Accepted bool
	Ours     bool // state shows that it belongs to this run
	Fragment bool // it came in the URL fragment (RFC 6749 §4.2.2)

	Error, ErrorDescription string // of an error answer
	Advice                  advice
	Refusal                 string // why this client does not use the answer

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

// judge decides whether an answer may be used. It is pure: the caller keeps
// the result.
//
// Order matters: nothing in an answer is believed before state has shown that
// it belongs to a request of this browser, and iss that it comes from the
// server that was asked.
func judge(params url.Values, s Scenario, r *run, issuer string, promisesIss bool) *answer {
	a := &answer{Params: shownParams(params), Fragment: s.Implicit,
		Error: clip(params.Get("error")), ErrorDescription: clip(params.Get("error_description"))}
	if a.Error != "" {
		a.Advice = adviceOnAuthorization(a.Error)
	}
	for _, name := range []string{"code", "access_token", "state", "iss", "error"} {
		if len(params[name]) > 1 { // RFC 6749 §3.1
			a.fail(fmt.Sprintf("%s was sent more than once.", name), "A parameter that is sent twice can mean two things. Ask the server's people: this is its mistake, or somebody tampered with the URL.")
			return a
		}
	}
	switch state := params.Get("state"); {
	case state == "":
		a.fail("state is missing.", "Without state, nothing ties this answer to a request that this browser made (RFC 6749 §10.12). A client stops here and starts again.")
		return a
	case subtle.ConstantTimeCompare([]byte(state), []byte(r.state)) != 1:
		a.fail("state is not the one that was sent.", "This answer belongs to another request: an older run, another tab, or somebody who wants to sign you in as themselves (RFC 6749 §10.12). A client stops here and starts again.")
		return a
	case r.answer != nil:
		a.fail("state was used already.", "This run has had its answer; each state is good for one. Start again for a new one.")
		return a
	}
	a.Ours = true
	a.pass("state is the one that was sent.")
	if !a.checkIssuer(params, issuer, promisesIss) {
		return a
	}
	if a.Error != "" {
		return a
	}
	// Only what was asked for is taken: an access token in the answer of a code
	// flow is nobody's promise.
	name, into := "code", &a.code
	if s.Implicit {
		name, into = "access_token", &a.accessToken
	}
	if params.Get(name) == "" {
		a.fail(fmt.Sprintf("There is no %s and no error.", name), "The answer is neither a success nor an error of RFC 6749. Check that the authorization endpoint is the right one.")
		return a
	}
	*into = params.Get(name)
	a.pass(fmt.Sprintf("%s is there.", name))
	a.Accepted = true
	return a
}

// checkIssuer is RFC 9207 §2.4: an iss must be the issuer that was asked, by
// simple string comparison, and must be there when the server promises it.
func (a *answer) checkIssuer(params url.Values, issuer string, promised bool) bool {
	iss := params.Get("iss")
	switch {
	case iss == issuer:
		a.pass("iss names the server that was asked.")
		return true
	case iss != "":
		a.fail(fmt.Sprintf("iss is %q, but %q was asked.", clip(iss), issuer), "Another server answered (mix-up attack, RFC 9207), or the issuer is configured differently here: the two must be equal to the letter, slash at the end included.")
		return false
	case promised:
		a.fail("iss is missing, though the server's metadata promises it.", "Somebody may have taken it out to hide which server answered (RFC 9207 §2.4). A client stops here.")
		return false
	}
	a.pass("iss was not sent; the server does not promise it.")
	return true
}

func (a *answer) pass(text string) { a.Checks = append(a.Checks, check{true, text}) }

func (a *answer) fail(text, why string) {
	a.Checks = append(a.Checks, check{false, text})
	a.Refusal = why
}

// shownParams lists the parameters in a fixed order, known ones first.
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
