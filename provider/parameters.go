package provider

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatehouse"
)

// The limits of C 1.15, in bytes. A redirect URI may be as long as one can be registered.
const (
	maxStateLength     = 1024
	maxScopeLength     = 128
	maxResourceLength  = 512
	maxLoginHintLength = 256
)

// authorizationRequest is what a client asks for at the authorization endpoint
// (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, OpenID Connect Core §3.1.2.1).
type authorizationRequest struct {
	ClientID            string
	ResponseType        string
	RedirectURI         string // as sent; "" when it was left out
	Scope               string
	State               string
	HasState            bool
	CodeChallenge       string
	CodeChallengeMethod string
	Resource            string
	ResponseMode        string
	Prompt              string
	LoginHint           string
	MaxAge              int // seconds; -1 when it was not sent
}

// The parameters that we read. RFC 6749 §3.1: each may be sent once; others are ignored.
var authorizationParameters = []string{
	"client_id", "response_type", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
	"resource", "response_mode", "prompt", "login_hint", "max_age", "request", "request_uri",
}

// identityParameters decide who is told about everything else that is wrong.
// While one of them is in doubt, nothing may be redirected (RFC 6749 §4.1.2.1).
var identityParameters = []string{"client_id", "redirect_uri"}

// duplicated returns the first of names that values holds more than once.
func duplicated(values url.Values, names []string) string {
	for _, name := range names {
		if len(values[name]) > 1 {
			return name
		}
	}
	return ""
}

// readAuthorizationRequest takes the parameters out of a query. It does not judge them.
func readAuthorizationRequest(values url.Values) authorizationRequest {
	r := authorizationRequest{
		ClientID:            values.Get("client_id"),
		ResponseType:        values.Get("response_type"),
		RedirectURI:         values.Get("redirect_uri"),
		Scope:               values.Get("scope"),
		State:               values.Get("state"),
		HasState:            values.Has("state"),
		CodeChallenge:       values.Get("code_challenge"),
		CodeChallengeMethod: values.Get("code_challenge_method"),
		Resource:            values.Get("resource"),
		ResponseMode:        values.Get("response_mode"),
		Prompt:              values.Get("prompt"),
		LoginHint:           values.Get("login_hint"),
		MaxAge:              -1,
	}
	if age, err := strconv.Atoi(values.Get("max_age")); err == nil && age >= 0 {
		r.MaxAge = min(age, math.MaxInt32) // as seconds it must fit into a time.Duration
	}
	return r
}

// checkClientID refuses what cannot be a client id (C 1.2).
func checkClientID(id string) *Refusal {
	if !gatehouse.ValidID(id) {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.client_id", "The client_id is missing or malformed. It has 26 letters and digits; copy it from the app's page.")
	}
	return nil
}

// checkRedirectURI refuses redirect URIs that nothing may ever be sent to (C 1.2,
// design: refused at registration and at use). One that was left out passes.
func checkRedirectURI(uri string) *Refusal {
	if uri == "" {
		return nil
	}
	err := gatehouse.CheckRedirectURI(uri, true)
	var field *gatehouse.FieldError
	if errors.As(err, &field) {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.redirect_uri", field.Message)
	}
	return nil
}

// notRegistered refuses a redirect URI that the app did not register (C 1.2 step 5).
func notRegistered() *Refusal {
	return refuse(codeInvalidRequest, "api.oauth.allow_oauth.redirect_callback",
		"The redirect_uri is not one of the app's callback URLs, or was left out although the app has several. It must match one of them exactly.")
}

// check judges everything but client and redirect URI, in the contract's order
// (C 1.2): a refusal of these may be sent to the redirect URI.
func (r authorizationRequest) check() *Refusal {
	switch {
	case r.ResponseType == "":
		return refuse(codeInvalidRequest, "model.authorize.is_valid.response_type", "The response_type is missing: send code.")
	case len(r.State) > maxStateLength:
		return refuse(codeInvalidRequest, "model.authorize.is_valid.state", "The state is longer than 1024 bytes.")
	case len(r.Scope) > maxScopeLength:
		return refuse(codeInvalidScope, "model.authorize.is_valid.scope", "The scope is longer than 128 bytes.")
	}
	if _, err := gatehouse.ParseScope(r.Scope); err != nil {
		return refuse(codeInvalidScope, "model.authorize.is_valid.scope", "The scope holds characters that a scope may not hold (RFC 6749 section 3.3).")
	}
	if refusal := checkChallenge(r.CodeChallenge, r.CodeChallengeMethod); refusal != nil {
		return refusal
	}
	if refusal := checkResource(r.Resource); refusal != nil {
		return refusal
	}
	if !slices.Contains([]string{"", "none", "login", "consent", "select_account"}, r.Prompt) {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.prompt", "The prompt must be none, login, consent or select_account, or be left out.")
	}
	if len(r.LoginHint) > maxLoginHintLength {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.login_hint", "The login_hint is longer than 256 bytes.")
	}
	return r.checkResponseMode()
}

// checkResponseMode refuses modes that we do not know, and the query for
// answers that hold a token (OAuth 2.0 Multiple Response Types §2.1, §5).
func (r authorizationRequest) checkResponseMode() *Refusal {
	switch r.ResponseMode {
	case "", "fragment", "form_post":
		return nil
	case "query":
		if r.ResponseType == "token" {
			return refuse(codeInvalidRequest, "model.authorize.is_valid.response_mode", "A token must not be sent in a query: leave response_mode out, or send fragment or form_post.")
		}
		return nil
	}
	return refuse(codeInvalidRequest, "model.authorize.is_valid.response_mode", "The response_mode must be query, fragment or form_post, or be left out.")
}

var challengeFormat = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// checkChallenge enforces RFC 7636 §4.2 and §4.3 with S256 as the only method (C 2.4).
func checkChallenge(challenge, method string) *Refusal {
	const id = "model.authorize.is_valid.code_challenge"
	switch {
	case challenge == "" && method == "":
		return nil
	case challenge == "":
		return refuse(codeInvalidRequest, id, "A code_challenge_method was sent without a code_challenge.")
	case method == "":
		return refuse(codeInvalidRequest, id+"_method", "The code_challenge_method is missing: send S256.")
	case method != "S256":
		return refuse(codeInvalidRequest, id+"_method.unsupported", "The code_challenge_method must be S256; plain is not allowed.")
	case len(challenge) < 43 || len(challenge) > 128:
		return refuse(codeInvalidRequest, id+".length", "The code_challenge must have 43 to 128 characters.")
	case !challengeFormat.MatchString(challenge):
		return refuse(codeInvalidRequest, id+".format", "The code_challenge must be base64url without padding: letters, digits, '-' and '_'.")
	}
	return nil
}

// checkResource enforces RFC 8707 §2: an absolute URI without a fragment (C 2.7).
func checkResource(resource string) *Refusal {
	if resource == "" {
		return nil
	}
	const id = "model.authorize.is_valid.resource"
	u, err := url.Parse(resource)
	switch {
	case len(resource) > maxResourceLength:
		return refuse(codeInvalidTarget, id+".length", "The resource is longer than 512 bytes.")
	case err != nil:
		return refuse(codeInvalidTarget, id+".invalid_uri", "The resource is no URI.")
	case !u.IsAbs():
		return refuse(codeInvalidTarget, id+".not_absolute", "The resource must be an absolute URI, such as https://api.example.com.")
	case strings.Contains(resource, "#"): // an empty one is a fragment too
		return refuse(codeInvalidTarget, id+".has_fragment", "The resource must not have a fragment.")
	}
	return nil
}

// checkApp judges what depends on the app and the settings of this moment: at
// each step of the flow anew, so that a switch turned off in between holds.
func (r authorizationRequest) checkApp(app gatehouse.App, settings gatehouse.Settings) *Refusal {
	switch {
	case r.ResponseType == "token" && !settings.EnableImplicitGrant:
		return refuse(codeUnsupportedResponse, "api.oauth.allow_oauth.implicit_disabled", "The implicit grant is turned off here: use response_type=code with PKCE.")
	case r.ResponseType != "code" && r.ResponseType != "token":
		return refuse(codeUnsupportedResponse, "api.oauth.allow_oauth.response_type", "The response_type must be code or token.")
	case r.ResponseType == "token" && app.IsDynamicallyRegistered:
		// RFC 6749 §4.2.2.1, RFC 7591 §2: it was registered for code, and told so.
		return refuse(codeUnauthorizedClient, "api.oauth.allow_oauth.implicit_not_registered", "This client registered itself, for response_type=code: the implicit grant is not for it.")
	case app.IsPublic && r.ResponseType == "code" && r.CodeChallenge == "":
		// RFC 7636 §4.4.1; C 1.2 step 6.
		return refuse(codeInvalidRequest, "api.oauth.allow_oauth.pkce_required_public", "This is a public client: it must send a code_challenge with code_challenge_method=S256 (PKCE).")
	}
	return nil
}

// checkExtensions refuses the parameters that would change the meaning of the
// others if we understood them (OpenID Connect Core §6), and repetitions.
func checkExtensions(values url.Values) *Refusal {
	if values.Get("request") != "" {
		return refuse("request_not_supported", "model.authorize.is_valid.request", "Request objects are not supported: send the parameters themselves.")
	}
	if values.Get("request_uri") != "" {
		return refuse("request_uri_not_supported", "model.authorize.is_valid.request_uri", "Request URIs are not supported: send the parameters themselves.")
	}
	switch name := duplicated(values, authorizationParameters); name {
	case "":
		return nil
	case "resource":
		return refuse(codeInvalidTarget, "model.authorize.is_valid.resource.multiple", "Only one resource can be asked for at a time.")
	default:
		return refuse(codeInvalidRequest, "model.authorize.is_valid."+name, "The parameter "+name+" was sent more than once.")
	}
}

// scopes are the distinct scopes asked for; check has accepted them.
func (r authorizationRequest) scopes() []string {
	scopes, err := gatehouse.ParseScope(r.Scope)
	if err != nil {
		return []string{gatehouse.DefaultScope}
	}
	return scopes
}

// providerOff is the answer of every endpoint while the provider is off (C 2.14).
func providerOff(id string) *Refusal {
	return &Refusal{Code: codeTemporarilyUnavailable, ID: id + ".app_error", Status: http.StatusNotImplemented,
		Description: "OAuth 2.0 applications are turned off here. A System Admin can turn them on in the console."}
}
