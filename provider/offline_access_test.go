package provider_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testkit"
)

// OpenID Connect Core §11: the user allows offline_access, and without a code it gives
// nothing. A confidential app gets a refresh token with and without it.
func TestOfflineAccessNeedsConsentAndACode(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		for name, tc := range map[string]struct {
			app          testkit.App
			refreshToken bool
		}{"confidential": {g.App(t, nil), true}, "public": {g.PublicApp(t), false}} {
			require.NotEmpty(t, b.Code(t, tc.app, "scope=openid"), name)
			page := b.Authorize(t, tc.app, "scope=openid offline_access")
			require.Equal(t, http.StatusOK, page.Status, "%s: the consent to openid is not enough", name)
			tokens := g.Redeem(t, tc.app, b.Decide(t, page, "allow").Code())
			require.Equal(t, tc.refreshToken, tokens.RefreshToken != "", name)

			answer := b.Authorize(t, tc.app, "scope=openid offline_access", "nonce=n", "response_type=id_token token")
			require.NotEmpty(t, answer.Query.Get("access_token"), "%s: %s", name, answer.Location)
			require.Empty(t, answer.Query.Get("refresh_token"), name)
		}
	})
}
