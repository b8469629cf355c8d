package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

var address = regexp.MustCompile(`http://localhost:\d+`)

// demo starts a demo on free ports and returns it with the sample client's URL.
func demo(t *testing.T, flags ...string) (p *process, clientURL string) {
	t.Helper()
	// The demo ignores the variables of a configured gateway.
	env := []string{"GATEHOUSE_DATABASE_URL=postgres://nowhere", "GATEHOUSE_SITE_URL=nonsense"}
	p = launch(t, env, append([]string{"demo", "--listen", "127.0.0.1:0", "--client-listen", "127.0.0.1:0"}, flags...)...)
	p.awaitLine(t, p.stdout, "Press Ctrl+C to stop it")
	addresses := address.FindAllString(p.stdout.String(), -1)
	require.Len(t, addresses, 2, p.stdout)
	p.url = addresses[1]
	return p, addresses[0]
}

func TestDemoPrintsURLsAndPasswordsThatWork(t *testing.T) {
	p, clientURL := demo(t)
	banner := p.stdout.String()
	require.LessOrEqual(t, strings.Count(banner, "\n"), 8, banner)
	words := regexp.MustCompile(`as (\w+) with the password (\S+) \(System Admin\), or as (\w+) with the password (\S+)`).FindStringSubmatch(banner)
	require.Len(t, words, 5, banner)
	ada, bob := credentials{words[1], words[2]}, credentials{words[3], words[4]}

	b := newBrowser(t)
	b.CheckRedirect = nil // follow the redirect to the sample client too
	start := b.get(t, clientURL)
	for _, name := range []string{"Confidential app", "Public app", "Trusted app", "OpenID Connect app", "Implicit app"} {
		require.Contains(t, start.Text(), name)
	}
	page := b.get(t, clientURL+"/confidential")
	link, ok := page.Find(`a[href*="/oauth/authorize"]`).Attr("href")
	require.True(t, ok, page.Text())
	page = b.signIn(t, b.get(t, link), bob)
	require.Contains(t, page.Text(), "Confidential app", "the consent page names the app")
	page = b.submit(t, page, "decision", map[string][]string{"decision": {"allow"}})
	require.Equal(t, "/confidential", page.url.Path, "the browser is back at the sample client")

	other := newBrowser(t)
	home := other.signIn(t, other.get(t, p.url+"/login"), ada)
	require.Equal(t, http.StatusOK, home.status)
	require.Positive(t, home.Find(`a[href="/console"]`).Length(), "ada is a System Admin")
}

// The sample client verifies the ID token, reads UserInfo and signs the user out of the gateway.
func TestDemoShowsOpenIDConnect(t *testing.T) {
	_, clientURL := demo(t)
	b := newBrowser(t)
	b.CheckRedirect = nil
	link, ok := b.get(t, clientURL+"/openid").Find(`a[href*="/oauth/authorize"]`).Attr("href")
	require.True(t, ok)
	page := b.signIn(t, b.get(t, link), credentials{"bob", "bob-the-user"})
	b.submit(t, page, "decision", map[string][]string{"decision": {"allow"}})
	for _, step := range []string{"token", "me"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, clientURL+"/openid/"+step, nil)
		require.NoError(t, err)
		page = b.load(t, r)
	}
	require.Contains(t, page.Find("#id-token").Text(), "The signature is right.")
	require.Zero(t, page.Find("#id-token .bad").Length(), page.Find("#id-token").Text())
	require.Contains(t, page.Find("#step-4").Text(), `"preferred_username": "bob"`)
	page = b.get(t, clientURL+"/openid/sign-out")
	require.Equal(t, "/openid", page.url.Path)
	require.Contains(t, page.Text(), "You are signed out of the server.")
	require.Contains(t, b.get(t, link).Find("h1").Text(), "Sign in")
}

func TestClientInDevelopmentCanUseTheAppsOfTheDemo(t *testing.T) {
	p, clientURL := demo(t)
	b := newBrowser(t)
	bob := credentials{"bob", "bob-the-user"}
	app := oauth2.Config{
		ClientID: "democonfidential0000000000", ClientSecret: "demo-secret-confidential",
		RedirectURL: strings.Replace(clientURL, "localhost", "127.0.0.1", 1) + "/confidential/callback",
	}
	_, err := at(app, p).Exchange(t.Context(), "x")
	require.ErrorContains(t, err, "invalid_grant", "the gateway accepts the client secret")

	// A loopback redirect URI matches with every port (RFC 8252 §7.3), but only with its own path.
	app.RedirectURL = "http://localhost:3999/confidential/callback"
	code := b.authorize(t, at(app, p).AuthCodeURL("x"), bob)
	token, err := at(app, p).Exchange(t.Context(), code)
	require.NoError(t, err)
	answer, username, err := me(t.Context(), p, token.AccessToken)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer)
	require.Equal(t, "bob", username)
	require.NotEmpty(t, token.RefreshToken)

	verifier := oauth2.GenerateVerifier()
	public := oauth2.Config{ClientID: "demopublic0000000000000000", RedirectURL: clientURL + "/public/callback"}
	code = b.authorize(t, at(public, p).AuthCodeURL("x", oauth2.S256ChallengeOption(verifier)), bob)
	token, err = at(public, p).Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	require.NoError(t, err)
	require.Empty(t, token.RefreshToken)
}

func TestDemoReportsAPortInUseAndTheFlagThatChangesIt(t *testing.T) {
	p, clientURL := demo(t)
	gateway, client := strings.TrimPrefix(p.url, "http://localhost:"), strings.TrimPrefix(clientURL, "http://localhost:")

	second := launch(t, nil, "demo", "--listen", "127.0.0.1:"+gateway, "--client-listen", "127.0.0.1:0")
	require.Equal(t, 1, second.await(t))
	require.Contains(t, second.log.String(), "port "+gateway+" is in use")
	require.Contains(t, second.log.String(), "--listen")

	third := launch(t, nil, "demo", "--listen", "127.0.0.1:0", "--client-listen", "127.0.0.1:"+client)
	require.Equal(t, 1, third.await(t))
	require.Contains(t, third.log.String(), "port "+client+" is in use")
	require.Contains(t, third.log.String(), "--client-listen")
}

func TestDemoKeepsItsDataInADatabaseFile(t *testing.T) {
	dir := t.TempDir()
	p, _ := demo(t, "--database", "sqlite:"+dir+"/demo.db")
	require.Contains(t, p.stdout.String(), "keeps all data")
	app := oauth2.Config{ClientID: "demotrusted000000000000000", ClientSecret: "demo-secret-trusted", RedirectURL: "http://localhost:1/trusted/callback"}
	code := newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), credentials{"ada", "ada-the-admin"})
	token, err := at(app, p).Exchange(t.Context(), code)
	require.NoError(t, err)
	require.Zero(t, p.stop(t))

	p, _ = demo(t, "--database", "sqlite:"+dir+"/demo.db")
	answer, username, err := me(t.Context(), p, token.AccessToken)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer)
	require.Equal(t, "ada", username)
}
