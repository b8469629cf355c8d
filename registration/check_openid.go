package registration

import (
	"fmt"
	"slices"
	"time"

	"gatehouse"
)

// The limits of what an app registers for OpenID Connect.
const (
	maxOpenIDURI  = 512 // bytes of one URI
	maxContacts   = 10
	maxContact    = 256                  // bytes
	maxDefaultAge = 366 * 24 * time.Hour // of default_max_age
	maxLogoutURIs = 1024                 // bytes of all post-logout redirect URIs together
)

// checkOpenID returns the rules that the app breaks in what users and clients set for
// OpenID Connect, under the names of the API. The other members of gatehouse.AppOpenID come
// only from registrations, which check them (register_openid.go).
func checkOpenID(o gatehouse.AppOpenID, public bool) []*gatehouse.FieldError {
	var broken []*gatehouse.FieldError
	add := func(field, message string) {
		broken = append(broken, &gatehouse.FieldError{Field: field, Message: message})
	}
	if o.IDTokenAlgorithm != "" && !slices.Contains(gatehouse.SigningAlgorithms(), o.IDTokenAlgorithm) {
		add("id_token_signed_response_alg", "The algorithm of ID tokens must be RS256, ES256 or EdDSA.")
	}
	// The browser goes there without a form and without a code, so the rules are those of
	// redirect URIs (OpenID Connect RP-Initiated Logout §3.1).
	if len(fmt.Sprint(o.PostLogoutRedirectURIs)) > maxLogoutURIs {
		add("post_logout_redirect_uris", "All post-logout redirect URIs together are longer than 1024 bytes.")
	} else {
		for _, uri := range o.PostLogoutRedirectURIs {
			if err := gatehouse.CheckRedirectURI(uri, public); err != nil {
				add("post_logout_redirect_uris", fmt.Sprintf("%q: %s", uri, message(err)))
				break
			}
		}
	}
	return broken
}
