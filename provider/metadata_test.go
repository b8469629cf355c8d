package provider_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/provider"
	"gatehouse/test/testkit"
)

// RFC 8414 §2: the metadata advertises only what the settings have turned on.
func TestServerMetadata(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		get := func() (int, string, http.Header) {
			res, err := http.Get(g.URL + "/.well-known/oauth-authorization-server")
			require.NoError(t, err)
			defer func() { _ = res.Body.Close() }()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			return res.StatusCode, strings.ReplaceAll(string(body), g.URL, "https://sso.example.com"), res.Header
		}
		status, body, header := get()
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "application/json", header.Get("Content-Type"))
		require.Equal(t, "public, max-age=60", header.Get("Cache-Control"))
		require.JSONEq(t, `{
			"issuer": "https://sso.example.com",
			"authorization_endpoint": "https://sso.example.com/oauth/authorize",
			"token_endpoint": "https://sso.example.com/oauth/access_token",
			"revocation_endpoint": "https://sso.example.com/oauth/revoke",
			"introspection_endpoint": "https://sso.example.com/oauth/introspect",
			"scopes_supported": ["user"],
			"response_types_supported": ["code", "token"],
			"response_modes_supported": ["query", "fragment", "form_post"],
			"grant_types_supported": ["authorization_code", "refresh_token", "implicit"],
			"token_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic"],
			"revocation_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic"],
			"introspection_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
			"code_challenge_methods_supported": ["S256"],
			"authorization_response_iss_parameter_supported": true
		}`, body)

		g.Set(t, gatehouse.SettingEnableImplicitGrant, "false")
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		_, body, _ = get()
		require.Contains(t, body, `"registration_endpoint":"https://sso.example.com/api/v4/oauth/apps/register"`)
		require.Contains(t, body, `"response_types_supported":["code"]`)
		require.NotContains(t, body, "implicit")

		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		status, body, header = get()
		require.Equal(t, http.StatusNotImplemented, status)
		require.Contains(t, body, "api.oauth.authorization_server_metadata.disabled.app_error")
		require.Equal(t, "application/json", header.Get("Content-Type"))
	})
}

func TestProtectedResourceMetadata(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		require.Equal(t, g.URL+"/.well-known/oauth-protected-resource", provider.ResourceMetadataURL(g.URL))
		require.Equal(t, "https://example.com/.well-known/oauth-protected-resource/sso", provider.ResourceMetadataURL("https://example.com/sso"))
		res, err := http.Get(provider.ResourceMetadataURL(g.URL))
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		var m map[string]any
		require.NoError(t, json.NewDecoder(res.Body).Decode(&m))
		require.Equal(t, g.URL, m["resource"])
		require.Equal(t, []any{g.URL}, m["authorization_servers"])
	})
}

func TestIntrospection(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada := g.User(t, "ada")
		app, other, public, server := g.App(t, nil), g.App(t, nil), g.PublicApp(t), g.App(t, nil)
		g.Set(t, gatehouse.SettingIntrospectionClientIDs, server.ID)
		b := g.SignedIn(t, ada)
		tokens := g.Redeem(t, app, b.Code(t, app, "scope=user files", "resource=https://api.example.com"))
		publicTokens := g.Redeem(t, public, b.Code(t, public))
		ask := func(app testkit.App, token string) (int, map[string]any) {
			form := url.Values{"token": {token}, "client_id": {app.ID}}
			if app.Secret != "" {
				form.Set("client_secret", app.Secret)
			}
			return postForm(t, g, "/oauth/introspect", form)
		}
		status, access := ask(app, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, true, access["active"])
		require.Equal(t, "user files", access["scope"])
		require.Equal(t, app.ID, access["client_id"])
		require.Equal(t, ada.ID, access["sub"])
		require.Equal(t, "ada", access["username"])
		require.Equal(t, "https://api.example.com", access["aud"])
		require.Equal(t, g.URL, access["iss"])
		require.Equal(t, "bearer", access["token_type"])
		require.InDelta(t, 3600, access["exp"].(float64)-access["iat"].(float64), 1)

		_, refresh := ask(app, tokens.RefreshToken)
		require.InDelta(t, 30*24*3600, refresh["exp"].(float64)-refresh["iat"].(float64), 1, "the lifetime of the refresh token")

		inactive := map[string]any{"active": false}
		for name, token := range map[string]string{"nonsense": "x", "a code": b.Code(t, app), "changed": tokens.AccessToken + "A", "another app's": publicTokens.AccessToken} {
			_, answer := ask(app, token)
			require.Equal(t, inactive, answer, name)
		}
		_, answer := ask(other, tokens.AccessToken)
		require.Equal(t, inactive, answer, "an app cannot introspect the tokens of another app")
		_, answer = ask(server, publicTokens.AccessToken)
		require.Equal(t, true, answer["active"], "a resource server of the setting may introspect every token")

		status, answer = ask(public, publicTokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, "invalid_client", answer["error"])
		status, _ = ask(testkit.App{App: app.App, Secret: "wrong"}, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		status, answer = postForm(t, g, "/oauth/introspect", url.Values{"client_id": {app.ID}, "client_secret": {app.Secret}})
		require.Equal(t, http.StatusBadRequest, status)
		require.Equal(t, "invalid_request", answer["error"])

		for _, path := range []string{"/oauth/introspect", "/oauth/revoke"} { // RFC 7662 §2.3
			status, answer = postForm(t, g, path, url.Values{"token": {tokens.AccessToken}})
			require.Equal(t, http.StatusUnauthorized, status, path)
			require.Equal(t, "invalid_client", answer["error"], path)
		}

		require.NoError(t, g.Store.DeactivateUser(t.Context(), ada.ID, ada.CreateAt))
		for _, token := range []string{tokens.AccessToken, tokens.RefreshToken} {
			_, answer = ask(app, token)
			require.Equal(t, inactive, answer)
		}
	})
}

func TestRevocation(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other, public := g.App(t, nil), g.App(t, nil), g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		revoke := func(app testkit.App, token string) (int, map[string]any) {
			form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}, "client_id": {app.ID}}
			if app.Secret != "" {
				form.Set("client_secret", app.Secret)
			}
			return postForm(t, g, "/oauth/revoke", form)
		}
		for name, pick := range map[string]func(testkit.TokenAnswer) string{
			"the access token":  func(a testkit.TokenAnswer) string { return a.AccessToken },
			"the refresh token": func(a testkit.TokenAnswer) string { return a.RefreshToken },
		} {
			t.Run(name, func(t *testing.T) {
				tokens, kept := g.Redeem(t, app, b.Code(t, app)), g.Redeem(t, app, b.Code(t, app))
				status, answer := revoke(other, pick(tokens))
				require.Equal(t, http.StatusBadRequest, status)
				require.Equal(t, "unauthorized_client", answer["error"])
				status, _ = g.Me(t, tokens.AccessToken)
				require.Equal(t, http.StatusOK, status, "another client cannot revoke it")

				for range 2 {
					status, answer = revoke(app, pick(tokens))
					require.Empty(t, answer)
					require.NotNil(t, answer, "some clients require a JSON object")
					require.Equal(t, http.StatusOK, status, "even if it was revoked before (RFC 7009 §2.2)")
				}
				status, _ = g.Me(t, tokens.AccessToken)
				require.Equal(t, http.StatusUnauthorized, status)
				require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Error)
				status, _ = g.Me(t, kept.AccessToken)
				require.Equal(t, http.StatusOK, status, "other grants stay valid")
			})
		}
		tokens := g.Redeem(t, app, b.Code(t, app))
		form := url.Values{"token": {tokens.AccessToken}, "client_id": {app.ID}, "client_secret": {app.Secret}}
		status, answer := postForm(t, g, "/oauth/revoke?token="+gatehouse.NewID(), form)
		require.Equal(t, http.StatusBadRequest, status, "another token in the URL")
		require.Contains(t, answer["error_description"], "token was sent in the URL")
		status, answer = postForm(t, g, "/oauth/revoke?"+form.Encode(), form)
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, answer["error_description"], "client_secret", "the secret is named first")
		status, _ = postForm(t, g, "/oauth/revoke?token="+tokens.AccessToken, form)
		require.Equal(t, http.StatusOK, status, "the same token in the URL")
		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)

		status, _ = revoke(app, "unknown")
		require.Equal(t, http.StatusOK, status)
		status, _ = revoke(testkit.App{App: app.App, Secret: "wrong"}, "unknown")
		require.Equal(t, http.StatusUnauthorized, status)
		status, _ = revoke(app, "")
		require.Equal(t, http.StatusBadRequest, status)

		tokens = g.Redeem(t, public, b.Code(t, public))
		status, _ = revoke(public, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status)
		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
	})
}

func postForm(t *testing.T, g *testkit.Gateway, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	res, err := http.PostForm(g.URL+path, form)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var answer map[string]any
	if len(body) > 0 {
		require.NoError(t, json.Unmarshal(body, &answer), "%s", body)
	}
	return res.StatusCode, answer
}
