package provider_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testkit"
)

// What discovery says is what there is (OpenID Connect Discovery §3).
func TestOpenIDConfiguration(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		configuration := getJSON(t, g.URL+"/.well-known/openid-configuration")
		require.Equal(t, g.URL, configuration["issuer"])
		for name, value := range getJSON(t, g.URL+"/.well-known/oauth-authorization-server") {
			if name != "scopes_supported" && name != "response_types_supported" {
				require.Equal(t, value, configuration[name], name)
			}
		}
		for name, path := range map[string]string{
			"authorization_endpoint": "/oauth/authorize", "token_endpoint": "/oauth/access_token", "userinfo_endpoint": "/oauth/userinfo",
			"jwks_uri": "/oauth/jwks", "end_session_endpoint": "/oauth/logout",
		} {
			require.Equal(t, g.URL+path, configuration[name], name)
		}
		require.Contains(t, configuration["response_types_supported"], "code")
		require.Contains(t, configuration["scopes_supported"], "openid")
		require.Contains(t, configuration["id_token_signing_alg_values_supported"], "RS256")
		require.Equal(t, false, configuration["request_parameter_supported"])
		require.Equal(t, false, configuration["request_uri_parameter_supported"])
		require.Equal(t, []any{"public"}, configuration["subject_types_supported"])
		keys, ok := getJSON(t, configuration["jwks_uri"].(string))["keys"].([]any)
		require.True(t, ok)
		seen := map[any]bool{}
		for _, key := range keys {
			k := key.(map[string]any)
			require.NotContains(t, k, "d", "no private part")
			require.False(t, seen[k["kid"]])
			seen[k["kid"]] = true
		}
	})
}
