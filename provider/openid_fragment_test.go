package provider_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// OpenID Connect Core §3.2, §3.3: ID tokens of the authorization endpoint.
func TestIDTokensInTheURL(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, public := g.App(t, nil), g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		authorize := func(app testkit.App, changes ...string) testkit.Answer {
			answer := b.Authorize(t, app, append([]string{"scope=openid email", "nonce=n"}, changes...)...)
			if answer.Status == http.StatusOK {
				answer = b.Decide(t, answer, "allow")
			}
			return answer
		}
		for _, app := range []testkit.App{app, public} {
			answer := authorize(app, "response_type=id_token")
			require.Contains(t, answer.Location, "#")
			require.Empty(t, answer.Query.Get("access_token"))
			claims := verify(t, g, app, answer.Query.Get("id_token"))
			require.Equal(t, "n", claims.Nonce)
			require.Equal(t, "ada@example.com", claims.Email, "without an access token the claims of the scopes are in the ID token")
			require.Empty(t, claims.Name)
			require.Equal(t, "xyz", answer.Query.Get("state"))

			answer = authorize(app, "response_type=token id_token")
			claims = verify(t, g, app, answer.Query.Get("id_token"))
			require.Equal(t, hashOf(answer.Query.Get("access_token")), claims.ATHash)
			require.Empty(t, claims.Email)
			info, status, _ := userInfo(t, g, http.MethodGet, answer.Query.Get("access_token"))
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, "ada@example.com", info["email"])

			answer = authorize(app, "response_type=code id_token")
			require.Contains(t, answer.Location, "#")
			front := verify(t, g, app, answer.Query.Get("id_token"))
			require.Equal(t, hashOf(answer.Code()), decode(t, answer.Query.Get("id_token"))["c_hash"])
			back := verify(t, g, app, g.Redeem(t, app, answer.Code()).IDToken)
			require.Equal(t, front.Subject, back.Subject)
			require.Equal(t, "n", back.Nonce)
			require.Equal(t, front.SID, back.SID)
			require.Equal(t, "invalid_grant", g.Token(t, testkit.RedeemForm(app, answer.Code())).Error, "once")
		}
		posted := b.Authorize(t, app, "scope=openid email", "nonce=n", "response_type=id_token", "response_mode=form_post")
		require.NotEmpty(t, posted.Page(t).Find(`[name="id_token"]`).AttrOr("value", ""))

		for name, tc := range map[string]struct {
			changes []string
			code    string
		}{
			"no nonce":                       {[]string{"response_type=id_token", "-nonce"}, "invalid_request"},
			"no nonce in the hybrid flow":    {[]string{"response_type=code id_token", "-nonce"}, "invalid_request"},
			"without openid":                 {[]string{"response_type=id_token", "scope=user"}, "unsupported_response_type"},
			"in the query":                   {[]string{"response_type=id_token", "response_mode=query"}, "invalid_request"},
			"a code and an access token":     {[]string{"response_type=code token"}, "unsupported_response_type"},
			"everything at once":             {[]string{"response_type=code id_token token"}, "unsupported_response_type"},
			"the same value twice":           {[]string{"response_type=id_token id_token"}, "unsupported_response_type"},
			"an unknown value beside others": {[]string{"response_type=id_token x"}, "unsupported_response_type"},
		} {
			require.Equal(t, tc.code, authorize(app, tc.changes...).Query.Get("error"), name)
		}
		require.Equal(t, "The response_type must be code, token, id_token, id_token token or code id_token.", authorize(app, "response_type=code token").Query.Get("error_description"))
		require.Equal(t, "The response_type must be code or token.", authorize(app, "response_type=id_token", "scope=user").Query.Get("error_description"))
		require.Equal(t, "invalid_request", authorize(public, "response_type=code id_token", "-code_challenge", "-code_challenge_method").Query.Get("error"), "a public app must use PKCE in the hybrid flow too")

		g.Set(t, gatehouse.SettingEnableImplicitGrant, "false")
		for _, responseType := range []string{"id_token", "id_token token", "code id_token"} {
			require.Equal(t, "unsupported_response_type", authorize(app, "response_type="+responseType).Query.Get("error"))
		}
		require.Equal(t, "The response_type must be code.", authorize(app, "response_type=x").Query.Get("error_description"))
		require.Equal(t, []any{"code"}, getJSON(t, g.URL+"/.well-known/openid-configuration")["response_types_supported"])
	})
}
