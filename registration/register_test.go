package registration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// registered is the response to a registration.
type registered struct {
	Status int
	Header http.Header
	Raw    string

	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	RedirectURIs []string `json:"redirect_uris"`
	AuthMethod   string   `json:"token_endpoint_auth_method"`
	GrantTypes   []string `json:"grant_types"`
	Scope        string   `json:"scope"`
	ClientName   string   `json:"client_name"`
	LogoURI      string   `json:"logo_uri"`
	ClientURI    string   `json:"client_uri"`

	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

func (r registered) app(t *testing.T, g *testkit.Gateway) testkit.App {
	t.Helper()
	app, err := g.Store.App(context.Background(), r.ClientID)
	require.NoError(t, err)
	return testkit.App{App: app, Secret: r.ClientSecret}
}

// register sends a registration and reads the response.
func register(t *testing.T, g *testkit.Gateway, body string, headers ...string) registered {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, g.URL+"/api/v4/oauth/apps/register", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	answer := registered{Status: res.StatusCode, Header: res.Header, Raw: string(raw)}
	require.NoError(t, json.Unmarshal(raw, &answer), "%s", raw)
	return answer
}

// open starts a gateway with dynamic client registration.
func open(t *testing.T, test func(t *testing.T, g *testkit.Gateway)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		test(t, g)
	})
}

var (
	golden = strings.NewReplacer("\n", "", "\t", "")
	id     = regexp.MustCompile(`"[a-z0-9]{26}"`)
	issued = regexp.MustCompile(`"client_id_issued_at":([0-9]+)`)
)

func TestRegistrationResponseHasAllMetadata(t *testing.T) {
	cases := map[string]struct{ request, answer string }{
		"minimal request": {
			`{"redirect_uris":["https://app.example.com/cb"]}`,
			`{"client_id":"ID","client_secret":"ID","client_id_issued_at":NOW,"client_secret_expires_at":0,
				"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"client_secret_post",
				"grant_types":["authorization_code","refresh_token"],"response_types":["code"],
				"scope":"user","client_name":"Dynamically Registered Client"}`,
		},
		"all supported members": {
			`{"redirect_uris":["https://app.example.com/cb","https://app.example.com/cb2?tenant=a"],"token_endpoint_auth_method":"client_secret_basic",
				"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"user files:read",
				"client_name":"Example <App>","client_uri":"https://app.example.com","logo_uri":"https://app.example.com/logo.png"}`,
			`{"client_id":"ID","client_secret":"ID","client_id_issued_at":NOW,"client_secret_expires_at":0,
				"redirect_uris":["https://app.example.com/cb","https://app.example.com/cb2?tenant=a"],"token_endpoint_auth_method":"client_secret_basic",
				"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"user files:read",
				"client_name":"Example \u003cApp\u003e","client_uri":"https://app.example.com","logo_uri":"https://app.example.com/logo.png"}`,
		},
		"public client without refresh tokens": {
			`{"redirect_uris":["http://localhost:3000/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"client_name":"Claude Code"}`,
			`{"client_id":"ID","client_id_issued_at":NOW,"redirect_uris":["http://localhost:3000/callback"],"token_endpoint_auth_method":"none",
				"grant_types":["authorization_code"],"response_types":["code"],"scope":"user","client_name":"Claude Code"}`,
		},
		"Cursor with https, loopback and private-use redirect URIs": {
			`{"client_name":"Cursor","redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","https://www.cursor.com/agents/mcp/oauth/callback","http://localhost:8787/callback"],
				"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","application_type":"web","scope":"user"}`,
			`{"client_id":"ID","client_id_issued_at":NOW,
				"redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","https://www.cursor.com/agents/mcp/oauth/callback","http://localhost:8787/callback"],
				"token_endpoint_auth_method":"none","grant_types":["authorization_code"],"response_types":["code"],"scope":"user","client_name":"Cursor"}`,
		},
		"unknown members are ignored (RFC 7591 §2)": {
			`{"redirect_uris":["com.example.app:/cb","http://127.0.0.1/cb","http://[::1]:9/cb"],"token_endpoint_auth_method":"none","client_id":"mine","client_secret":"mine","is_trusted":true,
				"REDIRECT_URIS":["https://evil.example/cb"],"Client_Name":"Evil","contacts":["a@example.com"],"tos_uri":"https://app.example.com/tos","policy_uri":7,"jwks":{"keys":[{"kty":"EC"}]},
				"software_id":"x","software_version":"1","software_statement":"a.b.c","client_name#de":"Beispiel","grant_types":["authorization_code","urn:ietf:params:oauth:grant-type:jwt-bearer"],
				"response_types":["code","id_token"],"client_uri":null,"client_name":null,"scope":null,"logo_uri":"javascript:alert(1)"}`,
			`{"client_id":"ID","client_id_issued_at":NOW,"redirect_uris":["com.example.app:/cb","http://127.0.0.1/cb","http://[::1]:9/cb"],"token_endpoint_auth_method":"none",
				"grant_types":["authorization_code"],"response_types":["code"],"scope":"user","client_name":"Dynamically Registered Client",
				"tos_uri":"https://app.example.com/tos","contacts":["a@example.com"]}`,
		},
		"token_endpoint_auth_methods_supported of ChatGPT": {
			`{"redirect_uris":["https://chatgpt.com/connector_platform_oauth_redirect"],"token_endpoint_auth_methods_supported":["private_key_jwt","none"]}`,
			`{"client_id":"ID","client_id_issued_at":NOW,"redirect_uris":["https://chatgpt.com/connector_platform_oauth_redirect"],"token_endpoint_auth_method":"none",
				"grant_types":["authorization_code"],"response_types":["code"],"scope":"user","client_name":"Dynamically Registered Client"}`,
		},
		"token_endpoint_auth_methods_supported with an unsupported token_endpoint_auth_method": {
			`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_basic"]}`,
			`{"client_id":"ID","client_secret":"ID","client_id_issued_at":NOW,"client_secret_expires_at":0,"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"client_secret_basic",
				"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"user","client_name":"Dynamically Registered Client"}`,
		},
		"the implicit grant is not registered": {
			`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","implicit"],"response_types":["code","token"]}`,
			`{"client_id":"ID","client_id_issued_at":NOW,"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none",
				"grant_types":["authorization_code"],"response_types":["code"],"scope":"user","client_name":"Dynamically Registered Client"}`,
		},
		"empty lists have the defaults": {
			`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","grant_types":[],"response_types":[],"scope":""}`,
			`{"client_id":"ID","client_id_issued_at":NOW,"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none",
				"grant_types":["authorization_code"],"response_types":["code"],"scope":"user","client_name":"Dynamically Registered Client"}`,
		},
	}
	open(t, func(t *testing.T, g *testkit.Gateway) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				before := time.Now().Unix()
				answer := register(t, g, tc.request)
				require.Equal(t, http.StatusCreated, answer.Status, answer.Raw)
				require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
				require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
				require.Equal(t, "no-cache", answer.Header.Get("Pragma"))
				require.Equal(t, golden.Replace(tc.answer), issued.ReplaceAllString(id.ReplaceAllString(strings.TrimSpace(answer.Raw), `"ID"`), `"client_id_issued_at":NOW`))

				at := issued.FindStringSubmatch(answer.Raw)
				require.NotNil(t, at)
				require.GreaterOrEqual(t, at[1], fmt.Sprint(before))
				require.LessOrEqual(t, at[1], fmt.Sprint(time.Now().Unix()))

				app := answer.app(t, g)
				require.Equal(t, answer.ClientSecret == "", app.IsPublic)
				require.Equal(t, !app.IsPublic, gatehouse.SecretMatches(answer.ClientSecret, app.SecretHash))
				require.NotEqual(t, answer.ClientID, answer.ClientSecret)
				require.True(t, app.IsDynamicallyRegistered)
				require.False(t, app.IsTrusted)
				require.Empty(t, app.CreatorID)
				require.Empty(t, app.Description)
				require.Equal(t, app.CreateAt, app.UpdateAt)
				require.Equal(t, answer.RedirectURIs, app.RedirectURIs)
				require.Equal(t, answer.AuthMethod, app.TokenEndpointAuthMethod)
				require.Equal(t, answer.ClientName, app.Name)
				require.Equal(t, answer.ClientURI, app.Homepage)
				require.Equal(t, answer.LogoURI, app.IconURL)
			})
		}
	})
}

func TestEveryContentTypeExceptFormsIsAccepted(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		body := `{"redirect_uris":["https://app.example.com/cb"]}`
		for _, contentType := range []string{"", "application/json; charset=utf-8", "text/plain", "application/vnd.example+json", "nonsense;;"} {
			require.Equal(t, http.StatusCreated, register(t, g, body, "Content-Type", contentType).Status, contentType)
		}
		for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
			answer := register(t, g, body, "Content-Type", contentType)
			require.Equal(t, http.StatusBadRequest, answer.Status, contentType)
			require.Equal(t, "invalid_client_metadata", answer.Error)
			require.Contains(t, answer.ErrorDescription, "application/json")
		}
	})
}

func TestRegistrationNeedsBothSettings(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		body := `{"redirect_uris":["https://app.example.com/cb"]}`
		answer := register(t, g, body)
		require.Equal(t, http.StatusBadRequest, answer.Status, "registration is off by default")
		require.Equal(t, "unsupported_operation", answer.Error)

		for _, on := range []struct{ provider, registration bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
			g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, fmt.Sprint(on.provider))
			g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, fmt.Sprint(on.registration))
			answer := register(t, g, body)
			if on.provider && on.registration {
				require.Equal(t, http.StatusCreated, answer.Status, answer.Raw)
				continue
			}
			require.Equal(t, http.StatusBadRequest, answer.Status)
			require.Equal(t, "unsupported_operation", answer.Error)
			require.NotEmpty(t, answer.ErrorDescription)
			require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
			require.Equal(t, "invalid_client_metadata", register(t, g, `{`).Error, "the JSON is checked first (C 1.11)")
			require.Equal(t, "unsupported_operation", register(t, g, `{}`).Error, "the metadata are checked last")
		}
		apps, err := g.Store.Apps(context.Background(), gatehouse.AppQuery{Limit: 10})
		require.NoError(t, err)
		require.Len(t, apps, 1)
	})
}

// A client can use exactly the types of its registration, whether or not the implicit grant
// is on (RFC 7591 §2).
func TestOnlyRegisteredGrantTypesWork(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "alice"))
		for _, on := range []string{"true", "false"} {
			g.Set(t, gatehouse.SettingEnableImplicitGrant, on)
			both := register(t, g, `{"redirect_uris":["https://app.example.com/cb"],"grant_types":["authorization_code","implicit"],"response_types":["code","token"]}`)
			require.Equal(t, http.StatusCreated, both.Status)
			require.Equal(t, []string{"authorization_code", "refresh_token"}, both.GrantTypes)
			implicit := register(t, g, `{"redirect_uris":["https://app.example.com/cb"],"grant_types":["implicit"],"response_types":["token"]}`)
			require.Equal(t, http.StatusBadRequest, implicit.Status)
			require.Equal(t, "invalid_client_metadata", implicit.Error)
			require.NotContains(t, implicit.ErrorDescription, "implicit")

			app := both.app(t, g)
			g.Redeem(t, app, b.Code(t, app))
			refused := b.Authorize(t, app, "response_type=token").Query
			require.Equal(t, map[string]string{"true": "unauthorized_client", "false": "unsupported_response_type"}[on], refused.Get("error"))
			require.Empty(t, refused.Get("access_token"))
		}
	})
}

// MCP clients ask for every scope that a resource lists.
func TestALongScopeIsRegistered(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		var many []string
		for i := range 256 {
			many = append(many, fmt.Sprintf("scope%02x", i)) // 8 bytes with the space
		}
		for _, scope := range []string{strings.Join(many[:95], " "), strings.Join(many, " ") + "x", strings.Repeat("a", 2048)} {
			answer := register(t, g, with(`"scope":"`+scope+`"`))
			require.Equal(t, http.StatusCreated, answer.Status, "%d bytes: %s", len(scope), answer.Raw)
			require.Equal(t, scope, answer.Scope)
		}
		requireRefused(t, register(t, g, with(`"scope":"`+strings.Repeat("a", 2049)+`"`)), "invalid_client_metadata", "2048")
	})
}
