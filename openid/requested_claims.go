package openid

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// MaxClaimsParameter is the longest parameter claims, in bytes.
const MaxClaimsParameter = 2048

// RequestedClaims are the claims that an authorization request names in the parameter
// claims (OpenID Connect Core §5.5). They have only claims that Gatehouse can give.
type RequestedClaims struct {
	UserInfo []string // for the UserInfo endpoint
	IDToken  []string // for the ID token

	// Subject is the only user that the app accepts; "" if the request names none (§5.5.1).
	Subject string
	// ACRs are the only authentication classes that the app accepts; nil if it accepts all.
	ACRs []string
}

// ErrMalformedClaims means that the parameter claims is not JSON of the form of OpenID
// Connect Core §5.5.
var ErrMalformedClaims = errors.New("openid: malformed claims parameter")

// claimRequest is how a request names one claim; nil means that it names the claim
// without a condition (OpenID Connect Core §5.5.1).
type claimRequest struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

// ParseRequestedClaims parses the parameter claims. It ignores claims that it does not
// know (OpenID Connect Core §5.5). It returns ErrMalformedClaims for everything that
// does not have the form of that section.
func ParseRequestedClaims(parameter string) (RequestedClaims, error) {
	if parameter == "" {
		return RequestedClaims{}, nil
	}
	var request *struct {
		UserInfo map[string]*claimRequest `json:"userinfo"`
		IDToken  map[string]*claimRequest `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(parameter), &request); err != nil || request == nil || len(parameter) > MaxClaimsParameter {
		return RequestedClaims{}, ErrMalformedClaims
	}
	parsed := RequestedClaims{UserInfo: known(request.UserInfo), IDToken: known(request.IDToken)}
	for _, part := range []map[string]*claimRequest{request.UserInfo, request.IDToken} {
		if c := part["sub"]; c != nil {
			parsed.Subject, _ = c.Value.(string)
		}
	}
	if c := request.IDToken["acr"]; c != nil && c.Essential {
		parsed.ACRs = c.texts()
	}
	return parsed, nil
}

// known returns the names of a part that Gatehouse can give, in the order of UserClaims.
func known(part map[string]*claimRequest) []string {
	var names []string
	for _, name := range UserClaims() {
		if _, ok := part[name]; !ok {
			continue
		}
		if _, ok := scopeOfClaim(name); ok {
			names = append(names, name)
		}
	}
	return names
}

// texts returns the value or values of a claim request that are strings.
func (c *claimRequest) texts() []string {
	var texts []string
	for _, v := range append(c.Values, c.Value) {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// Scopes returns the scopes that give the claims. The user is asked for them.
func (c RequestedClaims) Scopes() []string {
	var scopes []string
	for _, name := range slices.Concat(c.UserInfo, c.IDToken) {
		if scope, ok := scopeOfClaim(name); ok && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

const (
	userInfoPart = "userinfo."
	idTokenPart  = "id_token."
)

// String returns the names of the claims in one string, which a code and a grant store:
// "userinfo.email id_token.name". It is "" if the request named no claim.
func (c RequestedClaims) String() string {
	var list []string
	for _, name := range c.UserInfo {
		list = append(list, userInfoPart+name)
	}
	for _, name := range c.IDToken {
		list = append(list, idTokenPart+name)
	}
	return strings.Join(list, " ")
}

// DecodeRequestedClaims returns the claims of a String.
func DecodeRequestedClaims(encoded string) RequestedClaims {
	var c RequestedClaims
	for _, item := range strings.Fields(encoded) {
		if name, ok := strings.CutPrefix(item, userInfoPart); ok {
			c.UserInfo = append(c.UserInfo, name)
		} else if name, ok := strings.CutPrefix(item, idTokenPart); ok {
			c.IDToken = append(c.IDToken, name)
		}
	}
	return c
}
