package main

import (
	"slices"

	"github.com/spf13/cobra"

	"gatehouse"
)

// openIDFlags are the flags for what an app registers for OpenID Connect.
type openIDFlags struct {
	algorithm      string
	postLogoutURIs []string
	backchannelURI string
}

func (f *openIDFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.algorithm, "id-token-algorithm", "", "algorithm that signs the app's ID tokens: RS256, ES256 or EdDSA; the setting default_id_token_algorithm is the default")
	cmd.Flags().StringArrayVar(&f.postLogoutURIs, "post-logout-redirect-uri", nil, "URL to which the browser may return after the app has signed its user out; repeat the flag for more than one")
	cmd.Flags().StringVar(&f.backchannelURI, "backchannel-logout-uri", "", "URL that gets a logout token when a user signs out of Gatehouse (OpenID Connect)")
}

// openIDFlagNames lists the flags of openIDFlags.
func openIDFlagNames() []string {
	return []string{"id-token-algorithm", "post-logout-redirect-uri", "backchannel-logout-uri"}
}

// apply sets what the given flags name. An empty value empties the field.
func (f *openIDFlags) apply(o *gatehouse.AppOpenID, changed func(flags ...string) bool) {
	if changed("id-token-algorithm") {
		o.IDTokenAlgorithm = f.algorithm
	}
	if changed("post-logout-redirect-uri") {
		o.PostLogoutRedirectURIs = slices.DeleteFunc(slices.Clone(f.postLogoutURIs), func(uri string) bool { return uri == "" })
	}
	if changed("backchannel-logout-uri") {
		o.BackchannelLogoutURI = f.backchannelURI
	}
}

// openIDFields are the fields of an app that show prints.
func openIDFields(o gatehouse.AppOpenID) [][2]string {
	fields := [][2]string{{"ID token", "signed with " + o.SigningAlgorithm()}}
	for _, uri := range o.PostLogoutRedirectURIs {
		fields = append(fields, [2]string{"Post-logout redirect URI", uri})
	}
	if o.BackchannelLogoutURI != "" {
		fields = append(fields, [2]string{"Back-channel logout URI", o.BackchannelLogoutURI})
	}
	return fields
}
