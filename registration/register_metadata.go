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
	// maxScope is more than the contract's 128 bytes (C 1.15): MCP clients ask for every
	// scope that a resource lists. The authorization endpoint has the same limit.
	maxScope = 2048
)

// clientMetadata are the members of RFC 7591 §2 that Gatehouse uses, after they were
// checked. All other members of a request are ignored.
type clientMetadata struct {
	redirectURIs  []string
	authMethod    string
	namesMethod   bool // the request names authMethod with token_endpoint_auth_method
	grantTypes    []string
	responseTypes []string
	scope         string
	name          string
	uri           string
	logoURI       string
	openID        openIDMetadata
}

// app returns the app that the metadata describe, without id, times and secret.
func (md clientMetadata) app() gatehouse.App {
	return gatehouse.App{
		Name: md.name, Homepage: md.uri, IconURL: md.logoURI, RedirectURIs: md.redirectURIs,
		IsPublic: md.authMethod == gatehouse.AuthMethodNone, IsDynamicallyRegistered: true,
		TokenEndpointAuthMethod: md.authMethod, IsAuthMethodEnforced: md.namesMethod, OpenID: md.openID.app(),
	}
}

// checkMetadata checks the members of a registration request and returns the metadata
// that Gatehouse registers. They can differ from the request: the response lists them, so
// that the client learns of it (RFC 7591 §2, §3.2.1). Redirect URIs are checked first and
// the allowlist last, as in the contract (C 1.11). It returns a *registrationError.
func checkMetadata(m members, allowlist []string) (clientMetadata, error) {
	authMethod, named, authErr := m.authMethod()
	uris, err := m.redirectURIs(authErr != nil || authMethod == gatehouse.AuthMethodNone)
	if err != nil {
		return clientMetadata{}, err
	}
	md := clientMetadata{redirectURIs: uris, authMethod: authMethod, namesMethod: named, logoURI: m.logoURI()}
	if md.name, err = m.clientName(); err != nil {
		return clientMetadata{}, err
	}
	if md.uri, _, err = m.text("client_uri"); err != nil {
		return clientMetadata{}, err
	}
	if authErr != nil {
		return clientMetadata{}, authErr
	}
	if md.grantTypes, md.responseTypes, err = m.types(authMethod == gatehouse.AuthMethodNone); err != nil {
		return clientMetadata{}, err
	}
	if md.scope, err = m.scope(); err != nil {
		return clientMetadata{}, err
	}
	if md.openID, err = m.openID(); err != nil {
		return clientMetadata{}, err
	}
	if broken := CheckAll(md.app()); len(broken) > 0 {
		return clientMetadata{}, metadataError(broken[0])
	}
	for i, uri := range md.redirectURIs {
		if !allowed(allowlist, uri) {
			return clientMetadata{}, invalidRedirectURI(fmt.Sprintf("redirect_uris[%d]: One or more redirect URIs do not match the allowlist of this server. Ask its System Admin which redirect URIs are allowed.", i))
		}
	}
	return md, nil
}

// metadataError reports a broken rule of CheckAll under the metadata's name of the field.
func metadataError(broken *gatehouse.FieldError) error {
	if broken.Field == "callback_urls" {
		return invalidRedirectURI("redirect_uris: " + broken.Message)
	}
	names := map[string]string{"name": "client_name", "homepage": "client_uri", "icon_url": "logo_uri"}
	name := names[broken.Field]
	if name == "" {
		name = broken.Field // the API has the names of OpenID Connect Registration
	}
	return invalidMetadata(name + ": " + broken.Message)
}

// authMethod returns how the client authenticates, and whether the request names that
// method. If it does not, the method is client_secret_post (C 1.11), and the default of
// RFC 7591, client_secret_basic, works with the same secret. If a client lists the methods
// that it supports, with the member of RFC 8414, it gets the first one that Gatehouse
// supports too.
func (m members) authMethod() (method string, named bool, err error) {
	supported := []string{gatehouse.AuthMethodNone, gatehouse.AuthMethodPost, gatehouse.AuthMethodBasic}
	method, has, err := m.text("token_endpoint_auth_method")
	if err != nil {
		return "", false, err
	}
	if slices.Contains(supported, method) {
		return method, true, nil
	}
	if choices, err := m.list("token_endpoint_auth_methods_supported"); err == nil {
		for _, choice := range choices {
			if slices.Contains(supported, choice) {
				return choice, false, nil
			}
		}
	}
	if has {
		return "", false, invalidMetadata("token_endpoint_auth_method must be none, client_secret_post or client_secret_basic.")
	}
	return gatehouse.AuthMethodPost, false, nil
}

// redirectURIs returns the redirect URIs of the client. RFC 7591 §5 allows three kinds:
// https, a loopback address, and a private-use scheme.
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
				problem += " A public client registers with the token_endpoint_auth_method none."
			}
		} else if strings.HasPrefix(uri, "http://") && !gatehouse.IsLoopbackRedirectURI(uri) {
			problem = "The redirect URI must begin with https://. Only localhost, 127.0.0.1 and [::1] can use http://."
		}
		if problem != "" {
			return nil, invalidRedirectURI(fmt.Sprintf("redirect_uris[%d]: %s", i, problem))
		}
	}
	return uris, nil
}

// logoURI returns the logo if it has an https URL, and otherwise "". Browsers of users
// load the logo, so it must not send them to their local network without encryption. An
// invalid logo is no reason to refuse the client.
func (m members) logoURI() string {
	logo, _, err := m.text("logo_uri")
	if err != nil || len(logo) > maxIconURL || !strings.HasPrefix(logo, "https://") || !gatehouse.CheckHTTPURL(logo) {
		return ""
	}
	return logo
}

// clientName returns the name that users see. A name may contain letters that look like
// others: the consent page warns that the name is not verified. A name must not contain
// invisible characters, because they can make it look like another text.
func (m members) clientName() (string, error) {
	name, has, err := m.text("client_name")
	switch {
	case err != nil:
		return "", err
	case !has:
		return defaultClientName, nil
	case strings.TrimSpace(name) == "":
		return "", invalidMetadata("client_name is empty. Leave it out, or send the name that users know the client by.")
	case strings.ContainsFunc(name, isInvisible):
		return "", invalidMetadata("client_name contains an invisible character. Remove control characters, line breaks, zero-width characters and characters that change the text direction.")
	}
	return name, nil
}

// isInvisible reports whether a character shows no mark of its own: control characters,
// line and paragraph separators, format characters (bidirectional overrides, zero-width
// joiners and spaces, tags), fillers, and characters that no font has.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.Is(unicode.Variation_Selector, r) && r != emojiStyle || r == unicode.ReplacementChar || r == brailleBlank
}

const (
	emojiStyle   = 0xFE0F // selects the colored form of the character before it
	brailleBlank = 0x2800
)

// types returns the grant and response types that the client may use (RFC 7591 §2.1): the
// authorization code grant, and refresh tokens unless the client is public. Only apps that
// a user registered may use the implicit grant (C 1.11, RFC 9700 §2.1.2). Types that
// Gatehouse does not support are left out, unless the request has no others.
func (m members) types(public bool) (grants, responses []string, err error) {
	requestedGrants, err := m.list("grant_types")
	if err != nil {
		return nil, nil, err
	}
	requestedResponses, err := m.list("response_types")
	if err != nil {
		return nil, nil, err
	}
	switch {
	case len(requestedGrants) > 0 && !slices.Contains(requestedGrants, "authorization_code"):
		return nil, nil, invalidMetadata("grant_types must contain authorization_code. Clients that register themselves can use no other grant.")
	case len(requestedResponses) > 0 && !slices.Contains(requestedResponses, "code"):
		return nil, nil, invalidMetadata("response_types must contain code. Clients that register themselves can use no other response type.")
	}
	grants = []string{"authorization_code"}
	if !public {
		grants = append(grants, "refresh_token")
	}
	return grants, []string{"code"}, nil
}

// scope returns the scope that the client will request. It may be any well-formed scope,
// because the user decides about it later.
func (m members) scope() (string, error) {
	requested, _, err := m.text("scope")
	if err != nil {
		return "", err
	}
	if len(requested) > maxScope { // checked first: parsing takes time that is quadratic in the length
		return "", invalidMetadata("scope is longer than 2048 bytes.")
	}
	scopes, err := gatehouse.ParseScope(requested)
	var field *gatehouse.FieldError
	if errors.As(err, &field) {
		return "", invalidMetadata("scope: " + field.Message)
	}
	return strings.Join(scopes, " "), nil
}
