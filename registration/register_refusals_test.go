package registration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// with returns a registration request with additional members.
func with(members string) string {
	return `{"redirect_uris":["https://app.example.com/cb"],` + members + `}`
}

func requireRefused(t *testing.T, answer registered, code, says string) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, answer.Status, answer.Raw)
	require.Equal(t, code, answer.Error, answer.Raw)
	require.Contains(t, answer.ErrorDescription, says)
	require.Regexp(t, `^[ -~]*$`, answer.ErrorDescription, "RFC 7591 §3.2.2: ASCII")
	require.True(t, strings.HasSuffix(answer.ErrorDescription, "."), answer.ErrorDescription)
	require.Less(t, len(answer.ErrorDescription), 300, "the request is not echoed")
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	require.Empty(t, answer.ClientID)
}

func requireNoApps(t *testing.T, g *testkit.Gateway) {
	t.Helper()
	apps, err := g.Store.Apps(context.Background(), gatehouse.AppQuery{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, apps)
}

func TestMetadataThatBreaksARuleIsRefused(t *testing.T) {
	cases := []struct{ name, body, says string }{
		{"text that is not JSON", `redirect_uris=x`, "not valid JSON"},
		{"empty body", ``, "not valid JSON"},
		{"incomplete JSON", `{"redirect_uris":[`, "not valid JSON"},
		{"two values", `{"redirect_uris":["https://app.example.com/cb"]}{}`, "not valid JSON"},
		{"invalid UTF-8", "{\"redirect_uris\":[\"https://app.example.com/cb\"],\"client_name\":\"\xff\"}", "not valid JSON"},
		{"null", `null`, "JSON object"},
		{"list", `[]`, "JSON object"},
		{"string", `"x"`, "JSON object"},
		{"duplicate member", with(`"scope":"user","scope":"all"`), "twice"},
		{"duplicate member with an escape", with(`"scope":"user","sc\u006fpe":"all"`), "twice"},
		{"duplicate member of a member", with(`"jwks":{"keys":[],"keys":[]}`), "twice"},
		{"duplicate member with unprintable characters", with(`"\u0000\u202e€":1,"\u0000\u202e€":2`), "twice"},
		{"nested too deeply", with(`"x":` + strings.Repeat("[", 17) + strings.Repeat("]", 17)), "deep"},
		{"missing redirect URIs", `{}`, "redirect_uris is missing"},
		{"empty list of redirect URIs", `{"redirect_uris":[]}`, "redirect_uris is missing"},
		{"null redirect URIs", `{"redirect_uris":null}`, "redirect_uris is missing"},
		{"redirect URI that is a string", `{"redirect_uris":"https://app.example.com/cb"}`, "list of strings"},
		{"redirect URI that is a number", `{"redirect_uris":[1]}`, "list of strings"},
		{"unknown method", with(`"token_endpoint_auth_method":"private_key_jwt"`), "token_endpoint_auth_method"},
		{"empty method", with(`"token_endpoint_auth_method":""`), "token_endpoint_auth_method"},
		{"method that is a list", with(`"token_endpoint_auth_method":["none"]`), "string"},
		{"only client credentials", with(`"grant_types":["client_credentials"]`), "authorization_code"},
		{"only refresh tokens", with(`"grant_types":["refresh_token"]`), "authorization_code"},
		{"grant types that are a string", with(`"grant_types":"authorization_code"`), "list of strings"},
		{"only an unknown response type", with(`"response_types":["id_token"]`), "response_types"},
		{"response types that are an object", with(`"response_types":{"code":true}`), "list of strings"},
		{"token response without the implicit grant", with(`"grant_types":["authorization_code"],"response_types":["token"]`), "response_types"},
		{"code response without the code grant", with(`"grant_types":["implicit"],"response_types":["code","token"]`), "grant_types"},
		{"implicit grant without response types", with(`"grant_types":["implicit"]`), "grant_types"},
		{"scope with a quote", with(`"scope":"a\"b"`), "scope"},
		{"scope that is a list", with(`"scope":["user"]`), "string"},
		{"scope of 2049 bytes", with(`"scope":"` + strings.Repeat("a", 2049) + `"`), "2048"},
		{"long scope with a quote", with(`"scope":"` + strings.Repeat("a ", 1000) + `\""`), "scope"},
		{"empty name", with(`"client_name":""`), "empty"},
		{"blank name", with(`"client_name":" \u00a0"`), "empty"},
		{"name of 66 bytes", with(`"client_name":"` + strings.Repeat("é", 33) + `"`), "64 bytes"},
		{"name that is an object", with(`"client_name":{"de":"x"}`), "string"},
		{"homepage without a scheme", with(`"client_uri":"app.example.com"`), "client_uri"},
		{"homepage that is a script", with(`"client_uri":"javascript:alert(1)"`), "client_uri"},
		{"homepage that is too long", with(`"client_uri":"https://app.example.com/` + strings.Repeat("a", 256) + `"`), "256"},
	}
	open(t, func(t *testing.T, g *testkit.Gateway) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) { requireRefused(t, register(t, g, tc.body), "invalid_client_metadata", tc.says) })
		}
		requireNoApps(t, g)
	})
}

func TestNamesWithInvisibleCharactersAreRefused(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		for _, r := range []rune{
			0, '\t', '\n', '\r', 0x1b, 0x7f, 0x85, 0xad, 0x34f, 0x61c, 0x115f, 0x17b4, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029,
			0x202a, 0x202e, 0x2060, 0x2063, 0x2066, 0x2069, 0x2800, 0x3164, 0xe000, 0xfe00, 0xfeff, 0xffa0, 0xfffd, 0x1d173, 0xe0041, 0xe0100, 0xf0000,
		} {
			name, err := json.Marshal("Claude" + string(r) + " Code")
			require.NoError(t, err)
			requireRefused(t, register(t, g, with(`"client_name":`+string(name))), "invalid_client_metadata", "invisible character")
		}
		requireRefused(t, register(t, g, with(`"client_name":"\ud800"`)), "invalid_client_metadata", "invisible character")
		requireNoApps(t, g)
		for _, name := range []string{"Claude Code", "Ünïcødé", "アプリ 2", "Приложение", "تطبيق", "Gear ⚙️", "a & <b>", `"quoted"`, strings.Repeat("n", 64)} {
			encoded, err := json.Marshal(name)
			require.NoError(t, err)
			answer := register(t, g, with(`"client_name":`+string(encoded)))
			require.Equal(t, http.StatusCreated, answer.Status, answer.Raw)
			require.Equal(t, name, answer.ClientName)
		}
	})
}

func TestUnsafeRedirectURIsAreRefused(t *testing.T) {
	const none, post = "none", "client_secret_post"
	cases := []struct{ uri, method, says string }{
		{"javascript:alert(1)", none, ""}, {"JavaScript:alert(1)", none, ""}, {"javascript://x/%0aalert(1)", none, ""}, {"java\tscript:alert(1)", none, ""},
		{" javascript:alert(1)", none, ""}, {"data:text/html,x", none, ""}, {"data://x/y", none, ""}, {"vbscript:x", none, ""}, {"file:///etc/passwd", none, ""},
		{"blob:https://app.example.com/x", none, ""}, {"about:blank", none, ""}, {"view-source:https://app.example.com", none, ""}, {"filesystem:https://app.example.com/x", none, ""},
		{"intent://x#Intent;end", none, ""}, {"ws://app.example.com/cb", none, ""}, {"mailto:a@example.com", none, ""},
		{"https://app.example.com/cb#fragment", none, "fragment"}, {"https://app.example.com/cb#", none, "fragment"},
		{"https://user@app.example.com/cb", none, "user name"}, {"https://user:pw@app.example.com/cb", post, "user name"}, {"https://app.example.com:443@evil.example/", none, ""},
		{`https://app.example.com\@evil.example/cb`, none, "backslash"}, {"https://app.example.com/\u0000", none, "control"}, {"https://app.example.com/%0d%0ax", none, "control"},
		{"HTTPS://app.example.com/cb", none, "lowercase"}, {"https:///cb", none, "host"}, {"https:cb", none, ""}, {"/cb", none, ""}, {"app.example.com/cb", none, ""}, {"", none, "empty"}, {"*", none, ""},
		{"https://app.example.com/" + strings.Repeat("a", 1024), none, "1024"},
		// redirect URIs that can never match
		{"https://*.example.com/cb", none, "Wildcards are not supported"}, {"http://localhost:*/callback", none, "Wildcards are not supported"}, {"cursor://*/cb", none, "Wildcards are not supported"},
		{"https://app.example.com:99999/cb", none, "65535"}, {"https://app.example.com:https/cb", none, "65535"}, {"https://a!b.example.com/cb", none, "host"}, {"cursor://", none, "needs a host"}, {"cursor:///cb", none, "needs a host"},
		// RFC 8252 §8.4: schemes that belong to no app
		{"ms-msdt:/id", none, "not allowed"}, {"search-ms://query/x", none, "not allowed"}, {"smb://host/share", none, "not allowed"}, {"chrome-extension://id/cb", none, "not allowed"}, {"steam://run/1", none, "reverse order"},
		// RFC 7591 §5: http only for loopback addresses
		{"http://app.example.com/cb", none, "https://"}, {"http://app.example.com/cb", post, "https://"}, {"http://192.168.0.1/cb", none, "https://"},
		{"http://localhost.example.com/cb", none, "https://"}, {"http://127.0.0.1.example.com/cb", none, "https://"}, {"http://0.0.0.0/cb", none, "https://"},
		// private-use schemes only for public clients (RFC 8252 §7.1)
		{"cursor://anysphere.cursor-mcp/oauth/callback", post, "token_endpoint_auth_method none"}, {"com.example.app:/cb", "client_secret_basic", "token_endpoint_auth_method none"},
	}
	open(t, func(t *testing.T, g *testkit.Gateway) {
		for _, tc := range cases {
			body, err := json.Marshal(map[string]any{"redirect_uris": []string{"https://app.example.com/good", tc.uri}, "token_endpoint_auth_method": tc.method})
			require.NoError(t, err)
			answer := register(t, g, string(body))
			requireRefused(t, answer, "invalid_redirect_uri", tc.says)
			require.True(t, strings.HasPrefix(answer.ErrorDescription, "redirect_uris[1]: ") || tc.says == "1024", "%s", answer.ErrorDescription)
		}
		requireNoApps(t, g)
	})
}

func TestOversizedRequestsAreRefused(t *testing.T) {
	many := func(n int, uri string) string {
		body, err := json.Marshal(map[string]any{"redirect_uris": strings.Split(strings.Repeat(","+uri, n)[1:], ",")})
		require.NoError(t, err)
		return string(body)
	}
	open(t, func(t *testing.T, g *testkit.Gateway) {
		require.Equal(t, http.StatusCreated, register(t, g, many(32, "https://a.example/cb")).Status)
		requireRefused(t, register(t, g, many(33, "https://a.example/cb")), "invalid_redirect_uri", "32")
		requireRefused(t, register(t, g, many(3000, "https://a.example")), "invalid_redirect_uri", "32")
		// "[a b c]" has at most 1024 bytes (C 1.15).
		require.Equal(t, http.StatusCreated, register(t, g, many(2, "https://a.example/"+strings.Repeat("a", 492))).Status)
		requireRefused(t, register(t, g, many(3, "https://a.example/"+strings.Repeat("a", 400))), "invalid_redirect_uri", "longer than 1024 bytes")

		// The maximum is 64 KiB for every kind of body.
		padded := func(size int) string {
			body := with(`"x":""`)
			return strings.Replace(body, `""`, `"`+strings.Repeat("x", size-len(body))+`"`, 1)
		}
		require.Equal(t, http.StatusCreated, register(t, g, padded(64<<10)).Status)
		for name, body := range map[string]string{
			"one byte too many":    padded(64<<10 + 1),
			"megabytes":            padded(4 << 20),
			"megabytes of nesting": strings.Repeat("[", 2<<20),
			"megabytes of URIs":    many(60_000, "https://a.example/cb"),
		} {
			answer := register(t, g, body)
			require.Equal(t, http.StatusRequestEntityTooLarge, answer.Status, name)
			require.Equal(t, "invalid_client_metadata", answer.Error, name)
		}
		requireRefused(t, register(t, g, strings.Repeat("[", 60<<10)), "invalid_client_metadata", "")
		requireRefused(t, register(t, g, strings.Repeat("[", 30<<10)+strings.Repeat("]", 30<<10)), "invalid_client_metadata", "")
		requireRefused(t, register(t, g, strings.Repeat(`{"a":`, 9000)+"1"+strings.Repeat("}", 9000)), "invalid_client_metadata", "deep")
	})
}

func TestOnlyRedirectURIsOnTheAllowlistAreRegistered(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingDCRRedirectURIAllowlist, "https://*.example.com/**, http://localhost:*/callback, http://127.0.0.1:*/**, cursor://anysphere.cursor-mcp/**")
		for uris, want := range map[string]bool{
			`"https://app.example.com/cb"`:                                                                       true,
			`"https://app.example.com/cb","http://localhost:3000/callback"`:                                      true,
			`"cursor://anysphere.cursor-mcp/oauth/callback","https://a.b.example.com/","http://127.0.0.1:1/x/y"`: true,
			`"https://app.example.com/cb","https://evil.example/cb"`:                                             false,
			`"https://evil.example/cb"`:                                                                          false,
			`"https://attacker.example.net?x=.example.com/cb"`:                                                   false,
			`"https://example.com/cb"`:                                                                           false,
			`"http://localhost:3000/other"`:                                                                      false,
			`"cursor://evil/oauth/callback"`:                                                                     false,
		} {
			answer := register(t, g, fmt.Sprintf(`{"redirect_uris":[%s],"token_endpoint_auth_method":"none"}`, uris))
			if want {
				require.Equal(t, http.StatusCreated, answer.Status, "%s: %s", uris, answer.Raw)
				continue
			}
			requireRefused(t, answer, "invalid_redirect_uri", "do not match the allowlist")
		}
		requireRefused(t, register(t, g, `{"redirect_uris":["https://evil.example/cb"],"client_uri":"x"}`), "invalid_client_metadata", "client_uri") // the allowlist comes last (C 1.11)
		// An invalid URI is refused for its own reason.
		requireRefused(t, register(t, g, `{"redirect_uris":["https://user:pw@app.example.com/cb"]}`), "invalid_redirect_uri", "user name")
		requireRefused(t, register(t, g, `{"redirect_uris":["HTTPS://app.example.com/cb"]}`), "invalid_redirect_uri", "lowercase")
	})
}
