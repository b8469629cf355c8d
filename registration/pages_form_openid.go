package registration

import (
	"net/url"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// The fields of the form of an app for OpenID Connect. They have the API's names.

// newForm returns the form of a new app before its creator types anything.
func newForm(v web.Visit) templates.AppForm {
	return templates.AppForm{OpenID: openIDForm(v.Settings.OpenIDOfNewApp())}
}

// typedOpenID returns the fields as the user sent them, and those of current that were
// not sent.
func typedOpenID(values url.Values, current templates.AppOpenIDForm) templates.AppOpenIDForm {
	for name, field := range map[string]*string{
		"id_token_signed_response_alg": &current.IDTokenAlgorithm, "post_logout_redirect_uris": &current.PostLogoutRedirectURIs,
		"backchannel_logout_uri": &current.BackchannelLogoutURI,
	} {
		if values.Has(name) {
			*field = values.Get(name)
		}
	}
	return current
}

// openIDForm returns the fields of an existing app.
func openIDForm(o gatehouse.AppOpenID) templates.AppOpenIDForm {
	return templates.AppOpenIDForm{
		IDTokenAlgorithm: o.IDTokenAlgorithm, PostLogoutRedirectURIs: strings.Join(o.PostLogoutRedirectURIs, "\n"),
		BackchannelLogoutURI: o.BackchannelLogoutURI,
	}
}

// fillOpenID sets what the form has. The default algorithm is stored as "".
func fillOpenID(o *gatehouse.AppOpenID, f templates.AppOpenIDForm) {
	o.IDTokenAlgorithm = f.IDTokenAlgorithm
	if o.IDTokenAlgorithm == gatehouse.AlgorithmRS256 {
		o.IDTokenAlgorithm = ""
	}
	o.PostLogoutRedirectURIs = callbackLines(f.PostLogoutRedirectURIs)
	o.BackchannelLogoutURI = strings.TrimSpace(f.BackchannelLogoutURI)
}
