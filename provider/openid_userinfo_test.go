package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testkit"
)

// userInfo requests the UserInfo endpoint with a token in the header, or in the body of a
// POST.
func userInfo(t *testing.T, g *testkit.Gateway, method, token string) (claims map[string]any, status int, challenge string) {
	t.Helper()
	body := ""
	if method == http.MethodPost {
		body = url.Values{"access_token": {token}}.Encode()
	}
	r, err := http.NewRequest(method, g.URL+"/oauth/userinfo", strings.NewReader(body))
	require.NoError(t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.NoError(t, json.NewDecoder(res.Body).Decode(&claims))
	return claims, res.StatusCode, res.Header.Get("WWW-Authenticate")
}

// OpenID Connect Core §5.3, §5.4: the claims follow the scopes of the token.
func TestUserInfo(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		for scope, want := range map[string][]string{
			"openid":               {"sub"},
			"openid email":         {"sub", "email", "email_verified"},
			"openid profile":       {"sub", "name", "preferred_username", "locale", "updated_at"},
			"openid profile email": {"sub", "name", "preferred_username", "locale", "updated_at", "email", "email_verified"},
		} {
			tokens := g.Redeem(t, app, b.Code(t, app, "scope="+scope))
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				claims, status, _ := userInfo(t, g, method, tokens.AccessToken)
				require.Equal(t, http.StatusOK, status)
				var names []string
				for name := range claims {
					names = append(names, name)
				}
				require.ElementsMatch(t, want, names, scope)
				require.Equal(t, verify(t, g, app, tokens.IDToken).Subject, claims["sub"])
			}
		}

		narrowed := g.Token(t, testkit.RefreshForm(app, g.Redeem(t, app, b.Code(t, app, "scope=openid email profile")).RefreshToken, "scope=openid"))
		claims, _, _ := userInfo(t, g, http.MethodGet, narrowed.AccessToken)
		require.Equal(t, map[string]any{"sub": b.User.ID}, claims, "a token never gives more than its own scopes")

		plain := g.Redeem(t, app, b.Code(t, app, "scope=user")).AccessToken
		_, status, challenge := userInfo(t, g, http.MethodGet, plain)
		require.Equal(t, http.StatusForbidden, status)
		require.Contains(t, challenge, `error="insufficient_scope"`)
		_, status, challenge = userInfo(t, g, http.MethodGet, "gtha_x")
		require.Equal(t, http.StatusUnauthorized, status)
		require.Contains(t, challenge, `error="invalid_token"`)
		_, status, challenge = userInfo(t, g, http.MethodGet, "")
		require.Equal(t, http.StatusUnauthorized, status)
		require.NotContains(t, challenge, "error=", "RFC 6750 §3.1")

		tokens := g.Redeem(t, app, b.Code(t, app, "scope=openid"))
		require.NoError(t, g.Store.DeleteConsent(t.Context(), b.User.ID, app.ID, time.Now()))
		_, status, _ = userInfo(t, g, http.MethodGet, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status, "after a revocation")
	})
}

// OAuth clients without OpenID Connect find the usual claims in users/me. A session, which
// is no app, gets the contract's members only.
func TestUsersMeHasClaimsForApps(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		me := func(token string) map[string]any {
			r, err := http.NewRequest(http.MethodGet, g.URL+"/api/v4/users/me", nil)
			require.NoError(t, err)
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			var user map[string]any
			require.NoError(t, json.Unmarshal([]byte(b.Do(t, r).Body), &user))
			return user
		}
		require.NotContains(t, me(""), "sub")
		token := g.Redeem(t, app, b.Code(t, app)).AccessToken
		b = g.NewBrowser(t)
		user := me(token)
		require.Equal(t, user["id"], user["sub"])
		require.Equal(t, "ada", user["preferred_username"])
		require.Equal(t, "ada", user["name"])
	})
}
