package registration

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
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
	if uri := o.BackchannelLogoutURI; uri != "" {
		if problem := backchannelLogoutProblem(uri, public); problem != "" {
			add("backchannel_logout_uri", problem)
		}
	}
	return broken
}

// backchannelLogoutProblem returns what is wrong with a back-channel logout URI, or "".
// http is for apps in the operator's own network (OpenID Connect Back-Channel Logout §2.2);
// package egress decides which addresses the gateway may reach.
func backchannelLogoutProblem(uri string, public bool) string {
	u, err := url.Parse(uri)
	switch {
	case len(uri) > maxOpenIDURI:
		return "The back-channel logout URI is longer than 512 bytes."
	case err != nil || !gatehouse.CheckHTTPURL(uri) || u.Hostname() == "" || u.User != nil || strings.Contains(uri, "#"):
		return "The back-channel logout URI must be a URL with https, without a fragment and without a password."
	case u.Scheme != "https" && public:
		return "The back-channel logout URI of a public app must begin with https://."
	}
	return ""
}
