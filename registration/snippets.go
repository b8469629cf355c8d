package registration

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"gatehouse"
	"gatehouse/templates"
)

// secretPlaceholder stands where the secret goes, once nobody knows it any more.
const secretPlaceholder = "<client secret>"

// A snippet is written with these marks. Each is filled in with the quotes of its
// language around it: callback URLs are other people's words, and may hold quotes.
type marks struct {
	siteURL string
	app     gatehouse.App
	secret  string
}

// fill puts the values into code; quote makes a literal of the code's language.
// Lines that begin with "?secret " stay for confidential apps, those that begin
// with "?public " for public ones.
func (m marks) fill(code string, quote func(string) string) string {
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
		"$USER", quote(m.siteURL+"/api/v4/users/me"), "$ID", quote(m.app.ID), "$SECRET", quote(m.secret), "$CALLBACK", quote(m.callback()),
		"$LINK", quote(m.siteURL+"/oauth/authorize?"+query.Encode()+"&code_challenge="), "$FORM_ID", quote("client_id="+m.app.ID),
		"$FORM_SECRET", quote("client_secret="+m.secret), "$FORM_CALLBACK", quote("redirect_uri="+m.callback()),
	).Replace(strings.Join(lines, "\n"))
}

func (m marks) callback() string {
	if len(m.app.RedirectURIs) == 0 {
		return ""
	}
	return m.app.RedirectURIs[0]
}

// snippets are ready-made configurations of the clients that people use (C 7),
// right for the app's type, with the addresses of this gateway.
func snippets(siteURL string, app gatehouse.App, secret string) []templates.Snippet {
	m := marks{siteURL, app, secret}
	list := []templates.Snippet{
		{Title: "Auth.js", Note: "In auth.ts of a Next.js app. Its callback URL is https://your-app.example.com/api/auth/callback/mattermost.", Code: m.fill(authJS, quoteJS)},
		{Title: "golang.org/x/oauth2", Note: "Send people to the URL of signIn; call finish at the callback URL, once the state has been compared.", Code: m.fill(goOAuth2, strconv.Quote)},
		{Title: "curl", Note: "The whole flow by hand, in a shell: to try it out.", Code: m.fill(curl, quoteShell)},
	}
	if !app.IsPublic { // Zapier keeps a secret and refreshes, which public apps cannot
		list = append(list, templates.Snippet{Title: "Zapier", Note: "Zapier asks for these when you connect Mattermost. Its callback URL is https://zapier.com/dashboard/auth/oauth/return/MattermostDevAPI/.", Code: m.fill(zapier, plain)})
	}
	return append(list, templates.Snippet{Title: "MCP client", Note: "For Claude Code; others ask for the same. Put in the name and the URL of your MCP server, which must name this gateway as its authorization server. The callback URL is http://localhost:8080/callback; any port will do.", Code: m.fill(mcp, quoteShell)})
}

// The provider takes the issuer off its configuration, and Auth.js then refuses
// the iss of our answers (RFC 9207); so it is put back.
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

func signIn(state, verifier string) (url string) { // verifier: oauth2.GenerateVerifier()
	return config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

func finish(ctx context.Context, code, verifier string) (*http.Response, error) {
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	return config.Client(ctx, token).Get($USER)
}`

const curl = `# 1. Make a PKCE pair, open the link in a browser and sign in.
VERIFIER=$(openssl rand -hex 32)
CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')
echo $LINK"$CHALLENGE"

# 2. The browser is sent to the callback URL with ?code=…: put the code in here.
CODE='<code>'
curl $TOKEN \
  --data-urlencode 'grant_type=authorization_code' \
  --data-urlencode $FORM_ID \
?secret   --data-urlencode $FORM_SECRET \
  --data-urlencode $FORM_CALLBACK \
  --data-urlencode "code=$CODE" \
  --data-urlencode "code_verifier=$VERIFIER"

# 3. Who signed in? Put the access_token of the answer in here.
curl $USER -H 'Authorization: Bearer <access token>'`

const zapier = `Base URL       $SITE
Client ID      $ID
Client secret  $SECRET`

const mcp = `?secret MCP_CLIENT_SECRET=$SECRET claude mcp add --transport http \
?secret   --client-id $ID --client-secret --callback-port 8080 \
?public claude mcp add --transport http \
?public   --client-id $ID --callback-port 8080 \
  my-server https://mcp.example.com/mcp`

func plain(s string) string { return s }

// quoteJS makes a JavaScript string, which JSON's are since ES2019.
func quoteJS(s string) string {
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false) // the page escapes for HTML
	_ = encoder.Encode(s)        // a string: it cannot fail
	return strings.TrimSuffix(quoted.String(), "\n")
}

// quoteShell makes a word that a POSIX shell leaves as it is.
func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
