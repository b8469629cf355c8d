package registration

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"gatehouse"
)

const (
	defaultClientName = "Dynamically Registered Client" // C 1.11
	maxURICount       = 32
	maxScope          = 128 // bytes (C 1.15)
)

// metadata is what a client says about itself (RFC 7591 §2), as far as we act
// on it. Everything else that it sends is ignored.
type metadata struct {
	redirectURIs  []string
	authMethod    string
	grantTypes    []string
	responseTypes []string
	scope         string
	name          string
	uri           string
	logoURI       string
}

// metadata reads and judges the members. What differs from what was asked for
// is so in the answer too, which is how the client learns of it (RFC 7591 §2,
// §3.2.1). Redirect URIs come first, as in the contract (C 1.11); the allowlist
// comes last there, and is not looked at here.
func (m members) metadata() (metadata, error) {
	authMethod, authErr := m.authMethod()
	uris, err := m.redirectURIs(authErr != nil || authMethod == gatehouse.AuthMethodNone)
	if err != nil {
		return metadata{}, err
	}
	md := metadata{redirectURIs: uris, authMethod: authMethod}
	if md.name, err = m.clientName(); err != nil {
		return metadata{}, err
	}
	if md.uri, _, err = m.text("client_uri"); err != nil {
		return metadata{}, err
	}
	if authErr != nil {
		return metadata{}, authErr
	}
	if md.grantTypes, md.responseTypes, err = m.types(authMethod == gatehouse.AuthMethodNone); err != nil {
		return metadata{}, err
	}
	if md.scope, err = m.scope(); err != nil {
		return metadata{}, err
	}
	// People's browsers fetch it, so it must not lead to their own network in the
	// clear. A logo that will not do is no reason to turn a client away.
	if logo, _, err := m.text("logo_uri"); err == nil && strings.HasPrefix(logo, "https://") && gatehouse.CheckHTTPURL(logo) && len(logo) <= maxIconURL {
		md.logoURI = logo
	}
	return md, nil
}

// authMethod is how the client will authenticate; without a word from it
// client_secret_post (C 1.11; the RFC's default, client_secret_basic, works with
// the same secret). A client that names the methods it knows, in the plural of
// RFC 8414, gets the first one that we know too.
func (m members) authMethod() (string, error) {
	known := []string{gatehouse.AuthMethodNone, gatehouse.AuthMethodPost, gatehouse.AuthMethodBasic}
	method, has, err := m.text("token_endpoint_auth_method")
	if err != nil || slices.Contains(known, method) {
		return method, err
	}
	if choices, err := m.list("token_endpoint_auth_methods_supported"); err == nil {
		for _, choice := range choices {
			if slices.Contains(known, choice) {
				return choice, nil
			}
		}
	}
	if has {
		return "", invalidMetadata("token_endpoint_auth_method must be none, client_secret_post or client_secret_basic.")
	}
	return gatehouse.AuthMethodPost, nil
}

// redirectURIs are where the client wants its answers. RFC 7591 §5 leaves three
// kinds: https, the user's own computer, and a scheme of the client's own.
func (m members) redirectURIs(public bool) ([]string, error) {
	uris, err := m.list("redirect_uris")
	switch {
	case err != nil:
		return nil, err
	case len(uris) == 0:
		return nil, invalidMetadata("redirect_uris is missing. It must list at least one redirect URI, such as https://app.example.com/callback.")
	case len(uris) > maxURICount:
		return nil, invalidRedirectURI(fmt.Sprintf("redirect_uris lists more than %d redirect URIs.", maxURICount))
	}
	for i, uri := range uris {
		problem := ""
		if err := gatehouse.CheckRedirectURI(uri, public); err != nil {
			problem = message(err)
			if gatehouse.CheckRedirectURI(uri, true) == nil {
				problem += " A client is public if it registers with token_endpoint_auth_method none."
			}
		} else if strings.HasPrefix(uri, "http://") && !gatehouse.IsLoopbackRedirectURI(uri) {
			problem = "The redirect URI must begin with https://, unless it leads to localhost, 127.0.0.1 or [::1]."
		}
		if problem != "" {
			return nil, invalidRedirectURI(fmt.Sprintf("redirect_uris[%d]: %s", i, problem))
		}
	}
	return uris, nil
}

// clientName is the name that people will see. Look-alike letters are for them
// to see through, with the page's help (it says that nobody checked the name);
// characters that make a text look other than it is have no place in a name.
func (m members) clientName() (string, error) {
	name, has, err := m.text("client_name")
	switch {
	case err != nil:
		return "", err
	case !has:
		return defaultClientName, nil
	case strings.TrimSpace(name) == "":
		return "", invalidMetadata("client_name is empty. Leave it out, or give the name that people know the client by.")
	case strings.ContainsFunc(name, unseen):
		return "", invalidMetadata("client_name holds a character that cannot be seen: a control character, a line break, a zero-width character or one that changes the direction of writing.")
	}
	return name, nil
}

// unseen reports whether a character leaves no mark of its own: controls, line
// and paragraph separators, formats (bidirectional overrides, zero-width joiners
// and spaces, tags), fillers, and what no font knows.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.Is(unicode.Variation_Selector, r) && r != emojiStyle || r == unicode.ReplacementChar || r == brailleBlank
}

const (
	emojiStyle   = 0xFE0F // asks for the coloured form of the sign before it
	brailleBlank = 0x2800
)

// types are the grant and response types that the client may really use
// (RFC 7591 §2.1): the code grant, and refreshing unless it is public. The implicit
// grant is for apps that somebody registered by hand (C 1.11, RFC 9700 §2.1.2).
// Types that we do not know are passed over, unless there is nothing else.
func (m members) types(public bool) (grants, responses []string, err error) {
	askedGrants, err := m.list("grant_types")
	if err != nil {
		return nil, nil, err
	}
	askedResponses, err := m.list("response_types")
	if err != nil {
		return nil, nil, err
	}
	switch {
	case len(askedGrants) > 0 && !slices.Contains(askedGrants, "authorization_code"):
		return nil, nil, invalidMetadata("grant_types lists none that this server offers to clients that register themselves: authorization_code.")
	case len(askedResponses) > 0 && !slices.Contains(askedResponses, "code"):
		return nil, nil, invalidMetadata("response_types lists none that this server offers to clients that register themselves: code.")
	}
	grants = []string{"authorization_code"}
	if !public {
		grants = append(grants, "refresh_token")
	}
	return grants, []string{"code"}, nil
}

// scope is what the client says that it will ask for. Every well-formed scope
// may be asked for; the person decides.
func (m members) scope() (string, error) {
	asked, _, err := m.text("scope")
	if err != nil {
		return "", err
	}
	if len(asked) > maxScope { // before it is taken apart, which takes the square of its length
		return "", invalidMetadata("scope is longer than 128 bytes.")
	}
	scopes, err := gatehouse.ParseScope(asked)
	var field *gatehouse.FieldError
	if errors.As(err, &field) {
		return "", invalidMetadata("scope: " + field.Message)
	}
	return strings.Join(scopes, " "), nil
}
