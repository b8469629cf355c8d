package relyingparty

import (
	"net/url"

	"golang.org/x/oauth2"
)

// authorizationURL is the authorization request of the run (RFC 6749 §4.1.1,
// §4.2.1). change may alter parameters, to make wrong ones.
func (h *handler) authorizationURL(s Scenario, r *run, e endpoints, change ...oauth2.AuthCodeOption) string {
	var options []oauth2.AuthCodeOption
	if s.Implicit {
		options = append(options, oauth2.SetAuthURLParam("response_type", "token"))
	}
	if r.verifier != "" {
		options = append(options, oauth2.S256ChallengeOption(r.verifier))
	}
	if s.Resource != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", s.Resource))
	}
	return s.oauth2Config(h.config.BaseURL, e).AuthCodeURL(r.state, append(options, change...)...)
}

// explained is a parameter with what it is for.
type explained struct{ Name, Value, Meaning string }

// The order in which parameters are shown, and what each is for.
var authorizationParams = []field{
	{"response_type", "What comes back: code is an authorization code, token an access token in the URL fragment."},
	{"client_id", "Which app is asking."},
	{"redirect_uri", "Where the answer goes. It must be registered for the app, to the letter."},
	{"scope", "What the app asks to be allowed to do."},
	{"state", "A random value that must come back unchanged, so that nobody can slip in an answer of theirs."},
	{"code_challenge", "PKCE: the SHA-256 of a secret that only this client knows and sends with the code."},
	{"code_challenge_method", "PKCE: how the challenge was made. Only S256 is worth anything."},
	{"resource", "Which API the token is meant for (RFC 8707)."},
}

func explainAuthorization(raw string) []explained {
	u, err := url.Parse(raw)
	if err != nil {
		return nil
	}
	query := u.Query()
	var list []explained
	for _, param := range authorizationParams {
		if query.Has(param.Name) {
			list = append(list, explained{param.Name, query.Get(param.Name), param.Value})
		}
	}
	return list
}

// wrongRequest is an authorization request that the server should refuse.
type wrongRequest struct{ Title, Expect, URL string }

// wrongRequests are links, since it is the browser that makes these requests.
func (h *handler) wrongRequests(s Scenario, r *run, e endpoints) []wrongRequest {
	set := oauth2.SetAuthURLParam
	ask := func(change ...oauth2.AuthCodeOption) string { return h.authorizationURL(s, r, e, change...) }
	list := []wrongRequest{
		{"A redirect_uri that is not registered", "The server shows its own page and does not redirect: it cannot trust that address (RFC 6749 §4.1.2.1).",
			ask(set("redirect_uri", h.config.BaseURL+"/"+s.Slug+"/not-registered"))},
		{"A client_id that nobody has", "The server shows its own page.",
			ask(set("client_id", unknownClientID))},
		{"A response_type that does not exist", "Back here with unsupported_response_type.",
			ask(set("response_type", "everything"))},
		{"A scope that does not exist", "Back here with invalid_scope; or with a code, and the token response then names the scope that was granted instead (RFC 6749 §3.3).",
			ask(set("scope", "no-such-scope"))},
	}
	if s.usesPKCE() {
		list = append(list, wrongRequest{"code_challenge_method=plain", "Back here with invalid_request: plain protects nothing once the request is seen (RFC 9700 §2.1.1).",
			ask(set("code_challenge_method", "plain"))})
	}
	if s.Public && !s.Implicit {
		without := *r
		without.verifier = ""
		list = append(list, wrongRequest{"A public app without PKCE", "Refused: anybody who sees the code could redeem it.",
			h.authorizationURL(s, &without, e)})
	}
	return list
}
