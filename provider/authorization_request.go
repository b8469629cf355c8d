package provider

import (
	"errors"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatehouse"
)

// The limits of C 1.15 in bytes. The limit of a redirect URI is
// gatehouse.MaxRedirectURILength.
const (
	maxStateLength = 1024
	// maxScopeLength is more than the contract's 128: MCP clients ask for every scope
	// that a resource lists, and lists of 759 bytes were seen.
	maxScopeLength     = 2048
	maxResourceLength  = 512
	maxLoginHintLength = 256
)

// authorizationRequest holds the parameters of an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, OpenID Connect Core §3.1.2.1).
type authorizationRequest struct {
	ClientID            string
	ResponseType        string // its values in the order of the alphabet: "code id_token"
	RedirectURI         string // as sent; "" if it was left out
	Scope               string
	State               string
	HasState            bool
	CodeChallenge       string
	CodeChallengeMethod string
	Resource            string
	ResponseMode        string
	Prompt              []string // its distinct values
	LoginHint           string
	MaxAge              int // seconds; -1 if it was not sent
	Nonce               string
	IDTokenHint         string
	Claims              string // JSON
}

// authorizationParameters are the parameters that Gatehouse reads. Each may be sent
// once; others are ignored (RFC 6749 §3.1).
var authorizationParameters = []string{
	"client_id", "response_type", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
	"resource", "response_mode", "prompt", "login_hint", "max_age", "request", "request_uri", "nonce", "id_token_hint", "claims", "registration",
}

// identityParameters decide where errors are sent. If one of them is ambiguous,
// nothing may be redirected (RFC 6749 §4.1.2.1).
var identityParameters = []string{"client_id", "redirect_uri"}

// parseAuthorizationQuery parses the query of an authorization request. url.ParseQuery
// leaves out a parameter that it cannot parse, such as state=a;b. Serving the rest
// would change the meaning of the request, so the first such parameter is named by
// the refusal. identity is true if that parameter may be client_id or redirect_uri:
// then it is not certain where the refusal may be sent.
func parseAuthorizationQuery(query string) (values url.Values, malformed *Refusal, identity bool) {
	values, err := url.ParseQuery(query)
	if err == nil {
		return values, nil, false
	}
	for pair := range strings.SplitSeq(query, "&") {
		if _, err := url.ParseQuery(pair); err == nil {
			continue
		}
		encodedName, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(encodedName)
		if err != nil || strings.Contains(name, ";") || slices.Contains(identityParameters, name) {
			identity = true
		}
		if malformed == nil {
			malformed = refuse(codeInvalidRequest, "model.authorize.is_valid.query", "A parameter of the URL cannot be parsed. Percent-encode its value: a semicolon is %3B, a percent sign is %25.")
			malformed.Cause = err
		}
	}
	return values, malformed, identity
}

// duplicated returns the first of names that occurs more than once in values; "" if
// there is no such name.
func duplicated(values url.Values, names []string) string {
	for _, name := range names {
		if len(values[name]) > 1 {
			return name
		}
	}
	return ""
}

// readAuthorizationRequest reads the parameters from a query. It does not check them.
func readAuthorizationRequest(values url.Values) authorizationRequest {
	r := authorizationRequest{
		ClientID:            values.Get("client_id"),
		ResponseType:        sortedResponseType(values.Get("response_type")),
		RedirectURI:         values.Get("redirect_uri"),
		Scope:               values.Get("scope"),
		State:               values.Get("state"),
		HasState:            values.Has("state"),
		CodeChallenge:       values.Get("code_challenge"),
		CodeChallengeMethod: values.Get("code_challenge_method"),
		Resource:            values.Get("resource"),
		ResponseMode:        values.Get("response_mode"),
		Prompt:              strings.Fields(values.Get("prompt")),
		LoginHint:           values.Get("login_hint"),
		MaxAge:              -1,
		Nonce:               values.Get("nonce"),
		IDTokenHint:         values.Get("id_token_hint"),
		Claims:              values.Get("claims"),
	}
	if age, err := strconv.Atoi(values.Get("max_age")); err == nil && age >= 0 {
		r.MaxAge = min(age, math.MaxInt32) // the seconds must fit into a time.Duration
	}
	return r
}

// checkClientID refuses a malformed client id (C 1.2).
func checkClientID(id string) *Refusal {
	if !gatehouse.ValidID(id) {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.client_id", "The client_id is missing or malformed. It has 26 letters and digits; copy it from the app's page.")
	}
	return nil
}

// checkRedirectURI refuses redirect URIs that registration refuses, too (C 1.2). An
// empty one passes: it was left out.
func checkRedirectURI(uri string) *Refusal {
	if uri == "" {
		return nil
	}
	err := gatehouse.CheckRequestedRedirectURI(uri, true)
	var field *gatehouse.FieldError
	if errors.As(err, &field) {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.redirect_uri", field.Message)
	}
	return nil
}

// notRegistered is the refusal for a redirect URI that the app did not register
// (C 1.2 step 5).
func notRegistered() *Refusal {
	return refuse(codeInvalidRequest, "api.oauth.allow_oauth.redirect_callback",
		"The redirect_uri is not one of the app's callback URLs, or it was left out although the app has several. It must match one of them exactly.")
}

// check checks all parameters but client_id and redirect_uri, in the contract's order
// (C 1.2). Its refusals may be sent to the redirect URI.
func (r authorizationRequest) check() *Refusal {
	switch {
	case r.ResponseType == "":
		return refuse(codeInvalidRequest, "model.authorize.is_valid.response_type", "The response_type is missing. Send code.")
	case len(r.State) > maxStateLength:
		return refuse(codeInvalidRequest, "model.authorize.is_valid.state", "The state is longer than 1024 bytes.")
	case len(r.Scope) > maxScopeLength:
		return refuse(codeInvalidScope, "model.authorize.is_valid.scope", "The scope is longer than 2048 bytes.")
	}
	if _, err := gatehouse.ParseScope(r.Scope); err != nil {
		return refuse(codeInvalidScope, "model.authorize.is_valid.scope", "The scope has a character that RFC 6749 section 3.3 does not allow.")
	}
	if refusal := checkChallenge(r.CodeChallenge, r.CodeChallengeMethod); refusal != nil {
		return refusal
	}
	if refusal := checkResource(r.Resource); refusal != nil {
		return refusal
	}
	if refusal := checkPrompt(r.Prompt); refusal != nil {
		return refusal
	}
	if len(r.LoginHint) > maxLoginHintLength {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.login_hint", "The login_hint is longer than 256 bytes.")
	}
	return r.checkResponseMode()
}

// promptValues lists the values of prompt (OpenID Connect Core §3.1.2.1).
func promptValues() []string { return []string{"none", "login", "consent", "select_account"} }

// checkPrompt refuses unknown values, and none together with others (OpenID Connect
// Core §3.1.2.1).
func checkPrompt(prompt []string) *Refusal {
	for _, value := range prompt {
		if !slices.Contains(promptValues(), value) {
			return refuse(codeInvalidRequest, "model.authorize.is_valid.prompt", "The prompt may have the values none, login, consent and select_account. It may also be left out.")
		}
	}
	if len(prompt) > 1 && slices.Contains(prompt, "none") {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.prompt", "The prompt none cannot be combined with other values.")
	}
	return nil
}

// hasPrompt reports whether prompt has the value.
func (r authorizationRequest) hasPrompt(value string) bool { return slices.Contains(r.Prompt, value) }

var challengeFormat = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// checkChallenge checks the challenge by RFC 7636 §4.2 and §4.3, with S256 as the
// only method (C 2.4).
func checkChallenge(challenge, method string) *Refusal {
	const id = "model.authorize.is_valid.code_challenge"
	switch {
	case challenge == "" && method == "":
		return nil
	case challenge == "":
		return refuse(codeInvalidRequest, id, "A code_challenge_method was sent without a code_challenge.")
	case method == "":
		return refuse(codeInvalidRequest, id+"_method", "The code_challenge_method is missing. Send S256.")
	case method != "S256":
		return refuse(codeInvalidRequest, id+"_method.unsupported", "The code_challenge_method must be S256. The method plain is not allowed.")
	case len(challenge) < 43 || len(challenge) > 128:
		return refuse(codeInvalidRequest, id+".length", "The code_challenge must have 43 to 128 characters.")
	case !challengeFormat.MatchString(challenge):
		return refuse(codeInvalidRequest, id+".format", "The code_challenge must be base64url without padding. It has letters, digits, '-' and '_' only.")
	}
	return nil
}

// checkResource requires an absolute URI without a fragment (RFC 8707 §2, C 2.7).
func checkResource(resource string) *Refusal {
	if resource == "" {
		return nil
	}
	const id = "model.authorize.is_valid.resource"
	u, err := url.Parse(resource)
	switch {
	case len(resource) > maxResourceLength:
		return refuse(codeInvalidTarget, id+".length", "The resource is longer than 512 bytes.")
	case err != nil || strings.ContainsFunc(resource, func(r rune) bool { return r <= ' ' || r > '~' }): // RFC 3986 §2
		return refuse(codeInvalidTarget, id+".invalid_uri", "The resource is not a valid URI.")
	case !u.IsAbs():
		return refuse(codeInvalidTarget, id+".not_absolute", "The resource must be an absolute URI, such as https://api.example.com.")
	case strings.Contains(resource, "#"): // an empty fragment counts, too
		return refuse(codeInvalidTarget, id+".has_fragment", "The resource must not have a fragment.")
	}
	return nil
}

// checkApp checks what depends on the app and the settings. It runs at each step of
// the flow, so that a changed setting applies at once.
func (r authorizationRequest) checkApp(app gatehouse.App, settings gatehouse.Settings) *Refusal {
	switch {
	case r.isImplicit() && !settings.EnableImplicitGrant:
		return refuse(codeUnsupportedResponse, "api.oauth.allow_oauth.implicit_disabled", "The implicit grant is turned off. Use response_type=code with PKCE.")
	case !slices.Contains(responseTypes(true, r.isOpenID(settings)), r.ResponseType):
		return unsupportedResponseType(responseTypes(settings.EnableImplicitGrant, r.isOpenID(settings)))
	case r.isImplicit() && app.IsDynamicallyRegistered:
		// RFC 6749 §4.2.2.1, RFC 7591 §2: it registered for code only.
		return refuse(codeUnauthorizedClient, "api.oauth.allow_oauth.implicit_not_registered", "This client registered itself for response_type=code. It cannot use the implicit grant.")
	case app.IsPublic && r.hasResponseType("code") && r.CodeChallenge == "":
		return challengeRequired()
	}
	return nil
}

// checkExtensions refuses request, request_uri and registration, which Gatehouse does not
// support and must not ignore (OpenID Connect Core §6, §7.2.1), and repeated parameters.
func checkExtensions(values url.Values) *Refusal {
	if values.Get("request") != "" {
		return refuse("request_not_supported", "model.authorize.is_valid.request", "Request objects are not supported. Send the parameters themselves.")
	}
	if values.Get("request_uri") != "" {
		return refuse("request_uri_not_supported", "model.authorize.is_valid.request_uri", "Request URIs are not supported. Send the parameters themselves.")
	}
	if values.Get("registration") != "" {
		return refuse("registration_not_supported", "model.authorize.is_valid.registration", "The parameter registration is not supported. Register the client.")
	}
	switch name := duplicated(values, authorizationParameters); name {
	case "":
		return nil
	case "resource":
		return refuse(codeInvalidTarget, "model.authorize.is_valid.resource.multiple", "A request may name one resource only.")
	default:
		return refuse(codeInvalidRequest, "model.authorize.is_valid."+name, "The parameter "+name+" was sent more than once.")
	}
}

// scopes returns the distinct requested scopes, which check has accepted.
func (r authorizationRequest) scopes() []string {
	scopes, err := gatehouse.ParseScope(r.Scope)
	if err != nil {
		return []string{gatehouse.DefaultScope}
	}
	return scopes
}

// challengeRequired is the refusal for a public client without PKCE (RFC 7636 §4.4.1,
// C 1.2 step 6).
func challengeRequired() *Refusal {
	return refuse(codeInvalidRequest, "api.oauth.allow_oauth.pkce_required_public", "This is a public client. It must send a code_challenge with code_challenge_method=S256 (PKCE).")
}
