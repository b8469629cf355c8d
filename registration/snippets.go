package registration

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"gatehouse"
	"gatehouse/templates"
)

// secretPlaceholder replaces the secret on the app's page, because only its hash is stored.
const secretPlaceholder = "<client secret>"

// snippetValues are the values that a snippet shows. The code of a snippet has marks such as
// $ID in their place.
type snippetValues struct {
	siteURL string
	app     gatehouse.App
	secret  string
}

// fill replaces the marks in code. quote makes a literal of the code's language from a
// value. It is needed because a callback URL can contain quotes. Lines that begin with
// "?secret " are only for confidential apps, and lines that begin with "?public " only for
// public apps.
func (m snippetValues) fill(code string, quote func(string) string) string {
	kept, dropped := "?secret ", "?public "
	if m.app.IsPublic {
		kept, dropped = dropped, kept
	}
	var lines []string
	for line := range strings.SplitSeq(code, "\n") {
		if !strings.HasPrefix(line, dropped) {
			lines = append(lines, strings.TrimPrefix(line, kept))
		}
	}
	query := url.Values{"client_id": {m.app.ID}, "redirect_uri": {m.callback()}, "response_type": {"code"}, "state": {"xyz"}, "code_challenge_method": {"S256"}}
	return strings.NewReplacer(
		"$SITE", quote(m.siteURL), "$AUTHORIZE", quote(m.siteURL+"/oauth/authorize"), "$TOKEN", quote(m.siteURL+"/oauth/access_token"),
		"$DISCOVERY", quote(m.siteURL+"/.well-known/openid-configuration"),
		"$USER", quote(m.siteURL+"/api/v4/users/me"), "$ID", quote(m.app.ID), "$SECRET", quote(m.secret), "$CALLBACK", quote(m.callback()),
		"$LINK", quote(m.siteURL+"/oauth/authorize?"+query.Encode()+"&code_challenge="), "$FORM_ID", quote("client_id="+m.app.ID),
		"$FORM_SECRET", quote("client_secret="+m.secret), "$FORM_CALLBACK", quote("redirect_uri="+m.callback()),
	).Replace(strings.Join(lines, "\n"))
}

// callback returns the first callback URL, which serves as the example.
func (m snippetValues) callback() string {
	if len(m.app.RedirectURIs) == 0 {
		return ""
	}
	return m.app.RedirectURIs[0]
}

// snippets returns configurations of common clients (C 7) for the type of the app, with the
// URLs of this gateway. A developer copies them. openID says whether OpenID Connect is on.
func snippets(siteURL string, app gatehouse.App, secret string, openID bool) []templates.Snippet {
	m := snippetValues{siteURL, app, secret}
	var list []templates.Snippet
	if openID {
		list = append(list, templates.Snippet{Title: "OpenID Connect", Note: "For apps that ask for an OpenID Connect provider. Most of them need only the issuer or the discovery URL. Read the user's name and email address from UserInfo.", Code: m.fill(openIDConnect, plain)})
	}
	list = append(list, []templates.Snippet{
		{Title: "Auth.js", Note: "For auth.ts of a Next.js app. Its callback URL is https://your-app.example.com/api/auth/callback/mattermost.", Code: m.fill(authJS, quoteJS)},
		{Title: "golang.org/x/oauth2", Note: "Redirect the user to the URL that signIn returns. At the callback URL, compare the state, and then call finish.", Code: m.fill(goOAuth2, strconv.Quote)},
		{Title: "curl", Note: "Try the whole flow by hand in a shell.", Code: m.fill(curl, quoteShell)},
	}...)
	if !app.IsPublic { // Zapier needs a secret and refresh tokens, which public apps do not have
		list = append(list, templates.Snippet{Title: "Zapier", Note: "Enter these values when you connect Mattermost in Zapier. Its callback URL is https://zapier.com/dashboard/auth/oauth/return/MattermostDevAPI/.", Code: m.fill(zapier, plain)})
	}
	return append(list, templates.Snippet{Title: "MCP client", Note: "For Claude Code. Other MCP clients need the same values. Enter the name and the URL of your MCP server, which must name this gateway as its authorization server. The callback URL is http://localhost:8080/callback. You can use another port.", Code: m.fill(mcp, quoteShell)})
}

const openIDConnect = `Issuer         $SITE
Discovery URL  $DISCOVERY
Client ID      $ID
?secret Client secret  $SECRET
?public Client type    public, without a secret, with PKCE (S256)
Scopes         openid profile email
Callback URL   $CALLBACK`

// authJS sets the issuer once more after the provider's own configuration, which removes it.
// Without an issuer, Auth.js refuses the parameter iss of our authorization responses
// (RFC 9207).
const authJS = `import NextAuth from "next-auth"
import Mattermost from "next-auth/providers/mattermost"

const issuer = $SITE

export const { handlers, auth, signIn, signOut } = NextAuth({
  providers: [
    {
      ...Mattermost({
        issuer,
        clientId: $ID,
?secret         clientSecret: $SECRET,
?public         client: { token_endpoint_auth_method: "none" },
      }),
      issuer,
    },
  ],
})`

const goOAuth2 = `var config = &oauth2.Config{
	ClientID:     $ID,
?secret 	ClientSecret: $SECRET,
	RedirectURL:  $CALLBACK,
	Endpoint: oauth2.Endpoint{
		AuthURL:   $AUTHORIZE,
		TokenURL:  $TOKEN,
		AuthStyle: oauth2.AuthStyleInParams,
	},
}

func signIn(state, verifier string) (url string) { // the verifier is oauth2.GenerateVerifier()
	return config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

func finish(ctx context.Context, code, verifier string) (*http.Response, error) {
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	return config.Client(ctx, token).Get($USER)
}`

const curl = `# 1. Create a PKCE verifier and challenge, open the link in a browser and sign in.
VERIFIER=$(openssl rand -hex 32)
CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')
echo $LINK"$CHALLENGE"

# 2. The browser goes to the callback URL with ?code=…. Copy the code from there.
CODE='<code>'
curl $TOKEN \
  --data-urlencode 'grant_type=authorization_code' \
  --data-urlencode $FORM_ID \
?secret   --data-urlencode $FORM_SECRET \
  --data-urlencode $FORM_CALLBACK \
  --data-urlencode "code=$CODE" \
  --data-urlencode "code_verifier=$VERIFIER"

# 3. Read the user who signed in. Copy the access_token from the response.
curl $USER -H 'Authorization: Bearer <access token>'`

const zapier = `Base URL       $SITE
Client ID      $ID
Client secret  $SECRET`

const mcp = `?secret MCP_CLIENT_SECRET=$SECRET claude mcp add --transport http \
?secret   --client-id $ID --client-secret --callback-port 8080 \
?public claude mcp add --transport http \
?public   --client-id $ID --callback-port 8080 \
  my-server https://mcp.example.com/mcp`

// plain returns s without quotes.
func plain(s string) string { return s }

// quoteJS makes a JavaScript string. Since ES2019, every JSON string is one.
func quoteJS(s string) string {
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false) // the page escapes for HTML
	_ = encoder.Encode(s)        // can't fail for a string
	return strings.TrimSuffix(quoted.String(), "\n")
}

// quoteShell makes a word that a POSIX shell does not expand.
func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
