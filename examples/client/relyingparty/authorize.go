package relyingparty

import (
	"net/url"

	"golang.org/x/oauth2"
)

// authorizationURL returns the authorization request of the run (RFC 6749 §4.1.1, §4.2.1).
// change replaces parameters, for wrong requests.
func (h *handler) authorizationURL(s Scenario, r *run, e endpoints, change ...oauth2.AuthCodeOption) string {
	var options []oauth2.AuthCodeOption
	if s.Implicit {
		options = append(options, oauth2.SetAuthURLParam("response_type", "token"))
	}
	if r.verifier != "" {
		options = append(options, oauth2.S256ChallengeOption(r.verifier))
	}
	if r.nonce != "" {
		options = append(options, oauth2.SetAuthURLParam("nonce", r.nonce))
	}
	if s.Resource != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", s.Resource))
	}
	return s.oauth2Config(h.config.BaseURL, e).AuthCodeURL(r.state, append(options, change...)...)
}

// explained is a parameter and its purpose.
type explained struct{ Name, Value, Meaning string }

// authorizationParams lists the parameters in the order of the page, with their purpose.
var authorizationParams = []field{
	{"response_type", "The kind of response: code requests an authorization code, and token requests an access token in the URL fragment."},
	{"client_id", "The app that sends the request."},
	{"redirect_uri", "The address that receives the response. It must be exactly equal to a registered one."},
	{"scope", "The access that the app requests."},
	{"state", "A random value that the response must repeat. It proves that the response belongs to this request."},
	{"nonce", "OpenID Connect: a random value that the ID token must repeat. It proves that the ID token belongs to this request."},
	{"code_challenge", "PKCE: the SHA-256 hash of a secret. The client sends the secret together with the code."},
	{"code_challenge_method", "PKCE: how the challenge was computed. Only S256 is secure."},
	{"resource", "The API that accepts the token (RFC 8707)."},
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

// wrongRequests returns the URLs of wrong authorization requests. The page shows them as
// links, because the browser sends these requests.
func (h *handler) wrongRequests(s Scenario, r *run, e endpoints) []wrongRequest {
	set := oauth2.SetAuthURLParam
	ask := func(change ...oauth2.AuthCodeOption) string { return h.authorizationURL(s, r, e, change...) }
	list := []wrongRequest{
		{"A redirect_uri that is not registered", "The server shows an error page and does not redirect, because it can't trust the address (RFC 6749 §4.1.2.1).",
			ask(set("redirect_uri", h.config.BaseURL+"/"+s.Slug+"/not-registered"))},
		{"An unknown client_id", "The server shows an error page.",
			ask(set("client_id", unknownClientID))},
		{"A response_type that does not exist", "The server redirects back with unsupported_response_type.",
			ask(set("response_type", "everything"))},
		{"A scope that does not exist", "The server redirects back with invalid_scope. Or it redirects back with a code, and the token response lists the scope that was granted (RFC 6749 §3.3).",
			ask(set("scope", "no-such-scope"))},
	}
	if s.usesPKCE() {
		list = append(list, wrongRequest{"code_challenge_method=plain", "The server redirects back with invalid_request. The method plain does not protect the code if an attacker sees the request (RFC 9700 §2.1.1).",
			ask(set("code_challenge_method", "plain"))})
	}
	if s.Public && !s.Implicit {
		without := *r
		without.verifier = ""
		list = append(list, wrongRequest{"A public app without PKCE", "The server refuses the request, because an attacker who sees the code could redeem it.",
			h.authorizationURL(s, &without, e)})
	}
	return list
}
