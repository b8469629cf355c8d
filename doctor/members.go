package doctor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// checkIssuer compares the issuer in the metadata with the URL that was asked.
func (e *examination) checkIssuer(m map[string]json.RawMessage) {
	issuer, ok := stringMember(m, "issuer")
	if !ok {
		return // checkMembers says so
	}
	u, isURL := parseHTTP(issuer)
	switch {
	case issuer == e.asked:
		e.Met(issuerEqual, "The issuer is %s.", quote(issuer))
	case sameURL(issuer, e.asked):
		e.Broken(issuerEqual, "The issuer is %s and the URL is %s: only the slash at the end differs, but clients compare both exactly.", quote(issuer), quote(e.asked))
	case isURL && strings.EqualFold(u.Host, e.issuer.Host) && sameURL(u.Path, e.issuer.Path):
		e.Broken(issuerEqual, "The issuer is %s, but the URL that was asked is %s: the scheme differs, so the server does not know that a proxy serves https.", quote(issuer), quote(e.asked))
	default:
		e.Broken(issuerEqual, "The issuer is %s, but the URL that was asked is %s.", quote(issuer), quote(e.asked))
	}
	asked := e.issuer
	switch {
	case asked.Scheme == "http" && isLocal(asked.Hostname()) && !isLoopback(asked.Hostname()):
		e.Broken(issuerPrivateHTTP, "The issuer %s is an http URL on a private network.", quote(e.asked))
	case asked.Scheme == "http" && !isLoopback(asked.Hostname()):
		e.Broken(issuerForm, "The issuer %s is an http URL, so every network on the way can read passwords and tokens.", quote(e.asked))
	case isURL && (u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#")):
		e.Broken(issuerForm, "The issuer %s has a query or a fragment.", quote(issuer))
	default:
		e.Met(issuerForm, "The issuer is a URL without a query and without a fragment.")
	}
}

// checkMembers judges each document: required members, and types.
func (e *examination) checkMembers(found []document) {
	var missing, wrong []string
	for _, d := range found {
		for _, name := range requiredMembers(d) {
			if _, ok := d.members[name]; !ok {
				missing = append(missing, fmt.Sprintf("%s has no %s", quote(d.url), name))
			}
		}
		for name, value := range d.members {
			if kind := wantedKind(name); kind != "" && kindOf(value) != kind {
				wrong = append(wrong, fmt.Sprintf("%s is not %s in %s", name, kind, quote(d.url)))
			}
		}
	}
	if len(missing) > 0 {
		e.Broken(metadataMembers, "Required members are missing: %s.", strings.Join(missing, ", "))
	} else {
		e.Met(metadataMembers, "All required members are there.")
	}
	slices.Sort(wrong)
	if len(wrong) > 0 {
		e.Broken(metadataTypes, "Members have a wrong type: %s.", strings.Join(wrong, ", "))
	} else {
		e.Met(metadataTypes, "The members have the types of the specification.")
	}
}

// requiredMembers lists the members that a document must have (RFC 8414 §2, OpenID
// Connect Discovery §3).
func requiredMembers(d document) []string {
	required := []string{"issuer", "response_types_supported"}
	grants, hasGrants := listMember(d.members, "grant_types_supported")
	uses := func(grant string) bool { return !hasGrants || slices.Contains(grants, grant) }
	if uses("authorization_code") || uses("implicit") {
		required = append(required, "authorization_endpoint")
	}
	if !hasGrants || !slices.Equal(grants, []string{"implicit"}) {
		required = append(required, "token_endpoint")
	}
	if d.isOpenID {
		required = append(required, "jwks_uri", "subject_types_supported", "id_token_signing_alg_values_supported")
	}
	return required
}

// The types of members, as findings name them.
const (
	kindString = "a string"
	kindList   = "a list of strings"
	kindBool   = "true or false"
)

// wantedKind returns the type of a member that the specifications define, or "". A member
// of an extension can have any type.
func wantedKind(name string) string {
	ends := func(suffixes ...string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
	}
	switch {
	case ends("_endpoint"), slices.Contains([]string{"issuer", "jwks_uri", "service_documentation", "op_policy_uri", "op_tos_uri"}, name):
		return kindString
	case ends("_parameter_supported", "channel_logout_supported", "channel_logout_session_supported"), slices.Contains([]string{"require_request_uri_registration", "require_pushed_authorization_requests", "client_id_metadata_document_supported"}, name):
		return kindBool
	case ends("_methods_supported", "_values_supported", "_types_supported", "_modes_supported", "_locales_supported"), slices.Contains([]string{"scopes_supported", "claims_supported"}, name):
		return kindList
	}
	return ""
}

func kindOf(value json.RawMessage) string {
	var s *string
	var b *bool
	var l []*string
	switch {
	case json.Unmarshal(value, &s) == nil && s != nil:
		return kindString
	case json.Unmarshal(value, &b) == nil && b != nil:
		return kindBool
	case json.Unmarshal(value, &l) == nil && l != nil && !slices.Contains(l, nil):
		return kindList
	}
	return "another type"
}

func stringMember(m map[string]json.RawMessage, name string) (string, bool) {
	var s *string
	if json.Unmarshal(m[name], &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

func listMember(m map[string]json.RawMessage, name string) ([]string, bool) {
	var l []string
	if json.Unmarshal(m[name], &l) != nil || l == nil {
		return nil, false
	}
	return l, true
}

// checkCapabilities judges what the server announces about PKCE and iss.
func (e *examination) checkCapabilities(m map[string]json.RawMessage) {
	methods, ok := listMember(m, "code_challenge_methods_supported")
	if !ok {
		e.Broken(pkceAnnounced, "The metadata does not say that the server supports PKCE.")
	} else {
		e.Met(pkceAnnounced, "The server announces PKCE with %s.", list(methods))
		if slices.Contains(methods, "S256") {
			e.Met(pkceS256, "The server supports S256.")
		} else {
			e.Broken(pkceS256, "The server does not announce the method S256.")
		}
		if slices.Contains(methods, "plain") {
			e.Broken(pkcePlain, "The server accepts the method plain.")
		} else {
			e.Met(pkcePlain, "The server does not announce the method plain.")
		}
	}
	var iss bool
	if json.Unmarshal(m["authorization_response_iss_parameter_supported"], &iss) == nil && iss {
		e.Met(issParameter, "The server announces that authorization responses contain iss; only a registered client sees whether it arrives.")
	} else {
		e.Broken(issParameter, "The server does not announce that authorization responses contain iss.")
	}
}
