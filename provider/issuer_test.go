package provider_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// The Mattermost provider of Auth.js refuses responses with iss, so its redirect URI
// gets none. Every other client gets iss (RFC 9207).
func TestResponsesHaveIssExceptForMattermostProviders(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		for redirectURI, named := range map[string]bool{
			"https://app.example.com/api/auth/callback/mattermost":        false,
			"https://app.example.com/auth/callback/mattermost?tenant=a":   false,
			"https://app.example.com/auth/callback/mattermost/":           true,
			"https://app.example.com/callback/gatehouse":                  true,
			"https://app.example.com/mattermost":                          true,
			"https://app.example.com/callback?next=/callback/mattermost":  true,
			"https://app.example.com/callback/mattermost/../../elsewhere": true,
		} {
			app := g.App(t, func(n *registration.NewApp) { n.RedirectURIs = []string{redirectURI} })
			for _, decision := range []string{"deny", "allow"} {
				a := b.Decide(t, b.Authorize(t, app, "redirect_uri="+redirectURI), decision)
				require.Equal(t, decision == "allow", a.Code() != "", a.Location)
				require.Equal(t, named, a.Query.Has("iss"), "%s: %s", redirectURI, a.Location)
			}
		}
	})
}
