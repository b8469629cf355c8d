package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testkit"
)

// readUserInfo returns the claims of the UserInfo endpoint.
func readUserInfo(t *testing.T, g *testkit.Gateway, accessToken string) map[string]any {
	t.Helper()
	claims, status, _ := userInfo(t, g, http.MethodGet, accessToken)
	require.Equal(t, http.StatusOK, status)
	return claims
}

// claimsOf returns the claims of an ID token, which another test verifies.
func claimsOf(t *testing.T, idToken string) map[string]any {
	t.Helper()
	parts := strings.Split(idToken, ".")
	require.Len(t, parts, 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims
}

// The scope groups gives the claim groups at the UserInfo endpoint, and in the ID token only
// if there is no access token.
func TestScopeGroupsGivesTheNamesOfTheGroups(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, ada := g.App(t, nil), g.User(t, "ada")
		g.Group(t, "Sales", ada)
		g.Group(t, "Admins", ada)
		g.Group(t, "Others", g.User(t, "ben"))
		b := g.SignedIn(t, ada)
		plain := g.Redeem(t, app, b.Code(t, app, "scope=openid profile"))
		require.NotContains(t, readUserInfo(t, g, plain.AccessToken), "groups", "no claim without consent")

		page := b.Authorize(t, app, "scope=openid groups")
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Page(t).Text(), "See the groups that you are in.")
		tokens := g.Redeem(t, app, b.Decide(t, page, "allow").Code())
		require.Equal(t, []any{"Admins", "Sales"}, readUserInfo(t, g, tokens.AccessToken)["groups"])
		require.NotContains(t, claimsOf(t, tokens.IDToken), "groups")

		narrow := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "scope=openid"))
		require.NotContains(t, readUserInfo(t, g, narrow.AccessToken), "groups")

		configuration := getJSON(t, g.URL+"/.well-known/openid-configuration")
		require.Contains(t, configuration["scopes_supported"], "groups")
		require.Contains(t, configuration["claims_supported"], "groups")

		g.Set(t, "enable_implicit_grant", "true")
		answer := b.Authorize(t, app, "scope=openid groups", "response_type=id_token", "nonce=n")
		require.Equal(t, []any{"Admins", "Sales"}, claimsOf(t, answer.Query.Get("id_token"))["groups"])
	})
}

// The parameter claims asks for groups in the ID token, also at a refresh. The user is asked.
func TestRequestedClaimGroupsIsInTheIDToken(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, ada := g.App(t, nil), g.User(t, "ada")
		group := g.Group(t, "Admins", ada)
		b := g.SignedIn(t, ada)
		page := b.Authorize(t, app, "scope=openid", `claims={"id_token":{"groups":{"essential":true}}}`)
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Page(t).Text(), "See the groups that you are in.")
		tokens := g.Redeem(t, app, b.Decide(t, page, "allow").Code())
		require.Equal(t, []any{"Admins"}, claimsOf(t, tokens.IDToken)["groups"])
		require.NotContains(t, readUserInfo(t, g, tokens.AccessToken), "groups")

		require.NoError(t, g.Store.RemoveGroupMember(t.Context(), group.ID, ada.ID, time.Now()))
		refreshed := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken))
		require.Equal(t, http.StatusOK, refreshed.Status, refreshed.Raw)
		require.Equal(t, []any{}, claimsOf(t, refreshed.IDToken)["groups"], "a user without groups has an empty list")
	})
}

// A resource server reads the groups of a token that has the scope, also without OpenID Connect.
func TestIntrospectionHasGroupsOfTokensWithTheScope(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, ada := g.App(t, nil), g.User(t, "ada")
		g.Set(t, "enable_openid_connect", "false")
		b := g.SignedIn(t, ada)
		introspect := func(token string) map[string]any {
			status, answer := postForm(t, g, "/oauth/introspect", url.Values{"token": {token}, "client_id": {app.ID}, "client_secret": {app.Secret}})
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, true, answer["active"])
			return answer
		}
		tokens := g.Redeem(t, app, b.Code(t, app, "scope=user groups"))
		require.Equal(t, []any{}, introspect(tokens.AccessToken)["groups"])
		g.Group(t, "Admins", ada)
		require.Equal(t, []any{"Admins"}, introspect(tokens.AccessToken)["groups"])
		require.Equal(t, []any{"Admins"}, introspect(tokens.RefreshToken)["groups"])
		require.NotContains(t, introspect(g.Redeem(t, app, b.Code(t, app, "scope=user")).AccessToken), "groups")
	})
}
