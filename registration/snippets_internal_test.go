package registration

import (
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

const testSite = "https://sso.example.com/gate"

func snippetOf(t *testing.T, title string, app gatehouse.App, secret string) string {
	t.Helper()
	for _, s := range snippets(testSite, app, secret, true) {
		if s.Title == title {
			require.NotContains(t, s.Code, "?secret")
			require.NotContains(t, s.Code, "?public")
			return s.Code
		}
	}
	require.Fail(t, "no snippet", title)
	return ""
}

func confidentialApp() gatehouse.App {
	return gatehouse.App{ID: "theclientid", RedirectURIs: []string{"https://app.example.com/cb?a=b&c=d", "https://other.example/cb"}}
}

func publicApp() gatehouse.App {
	app := confidentialApp()
	app.IsPublic = true
	return app
}

func TestSnippetsHaveTheURLsOfTheGateway(t *testing.T) {
	for _, app := range []gatehouse.App{confidentialApp(), publicApp()} {
		for _, s := range snippets(testSite, app, "thesecret", true) {
			require.Contains(t, s.Code, "theclientid", s.Title)
			if s.Title != "MCP client" {
				require.Contains(t, s.Code, testSite, s.Title)
			}
			require.Equal(t, !app.IsPublic, strings.Contains(s.Code, "thesecret"), s.Title)
			require.NotContains(t, s.Code, "other.example", "only the first callback URL is an example")
		}
	}
	require.Len(t, snippets(testSite, confidentialApp(), "", true), 6)
	require.Len(t, snippets(testSite, publicApp(), "", true), 5, "Zapier needs a secret")
	for _, s := range snippets(testSite, confidentialApp(), "", false) {
		require.NotContains(t, s.Title+s.Code, "OpenID Connect", "it is turned off")
		require.NotContains(t, s.Code, "openid-configuration")
	}
}

func TestOpenIDConnectSnippetDependsOnTheAppType(t *testing.T) {
	code := snippetOf(t, "OpenID Connect", confidentialApp(), "thesecret")
	require.Contains(t, code, "Issuer         "+testSite+"\nDiscovery URL  "+testSite+"/.well-known/openid-configuration\n")
	require.Contains(t, code, "\nClient secret  thesecret\n")
	require.NotContains(t, code, "PKCE")
	code = snippetOf(t, "OpenID Connect", publicApp(), "")
	require.NotContains(t, code, "Client secret")
	require.Contains(t, code, "PKCE")
}

func TestGoSnippetParses(t *testing.T) {
	nasty := confidentialApp()
	nasty.RedirectURIs = []string{"https://app.example.com/\"`$TOKEN\u00a0%22"}
	for _, app := range []gatehouse.App{confidentialApp(), publicApp(), nasty} {
		code := "package x\nimport (\"context\"; \"net/http\"; \"golang.org/x/oauth2\")\n" + snippetOf(t, "golang.org/x/oauth2", app, secretPlaceholder)
		_, err := parser.ParseFile(token.NewFileSet(), "", code, 0)
		require.NoError(t, err, code)
		require.Contains(t, code, "RedirectURL:  "+strconv.Quote(app.RedirectURIs[0]))
		require.Equal(t, !app.IsPublic, strings.Contains(code, "ClientSecret"))
	}
}

func TestAuthJSSnippetDependsOnTheAppType(t *testing.T) {
	code := snippetOf(t, "Auth.js", confidentialApp(), secretPlaceholder)
	require.Contains(t, code, `clientSecret: "<client secret>",`)
	require.NotContains(t, code, "token_endpoint_auth_method", "the provider's default is client_secret_post")
	code = snippetOf(t, "Auth.js", publicApp(), "")
	require.NotContains(t, code, "clientSecret")
	require.Contains(t, code, `client: { token_endpoint_auth_method: "none" },`)
}

func TestShellSnippetQuotesValues(t *testing.T) {
	app := confidentialApp()
	app.RedirectURIs = []string{"https://app.example.com/cb?x='; rm -rf ~ #`id`$(id)"}
	code := snippetOf(t, "curl", app, "thesecret")
	require.Contains(t, code, `--data-urlencode 'redirect_uri=https://app.example.com/cb?x='\''; rm -rf ~ #`)
	require.Contains(t, code, "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb%3Fx%3D%27%3B+rm", "the link has it percent-encoded")
	require.Contains(t, code, "--data-urlencode 'client_secret=thesecret'")
	require.NotContains(t, snippetOf(t, "curl", publicApp(), ""), "client_secret")
}
