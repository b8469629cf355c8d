package relyingparty_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/examples/client/relyingparty"

	"github.com/stretchr/testify/require"
)

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

func TestHostileValuesAreEscaped(t *testing.T) {
	fake := newFakeServer(t)
	fake.answer = func(_, answer url.Values) {
		answer.Del("code")
		answer.Set("error", hostile)
		answer.Set("error_description", hostile)
		answer.Set(hostile, hostile)
	}
	b := start(t, fake, func(c *relyingparty.Config) {
		c.Scenarios[0].Name, c.Scenarios[0].Description, c.Scenarios[0].Scope = hostile, hostile, hostile
	})
	pages := []page{b.get("/"), b.get("/confidential"), b.authorize("confidential"),
		b.get("/public/callback?" + url.Values{"state": {hostile}, "iss": {hostile}, hostile: {hostile}}.Encode())}

	fake.answer = nil
	fake.token = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("X-Hostile", hostile)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(hostile))
		return true
	}
	pages = append(pages, b.signIn("public"))
	for _, p := range pages {
		require.Zero(t, p.Find("script, img").Length(), p.URL)
		require.Contains(t, p.Find("body").Text(), "alert(1)", p.URL)
	}
}

func TestRepeatedSecretsAreMasked(t *testing.T) {
	fake := newFakeServer(t)
	fake.token = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("X-Echo", confidentialSecret)
		w.Header().Set("Set-Cookie", "session=private-cookie; Path=/")
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_client",
			"error_description": "secret " + confidentialSecret + " and code " + r.PostForm.Get("code"),
			"access_token":      "surprise-token-of-the-server"})
		return true
	}
	b := start(t, fake, nil)
	shown := b.signIn("confidential")
	require.Contains(t, shown.text("#step-3"), "invalid_client")
	require.NotContains(t, shown.Body, "private-cookie")
	require.NotContains(t, shown.Body, "surprise-token-of-the-server")
}

func TestCurlCommandsHaveNoClientSecret(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	shown := b.signIn("confidential")
	sent, _ := fake.lastTokenRequest()
	require.Contains(t, shown.Find("#step-3 .curl pre").Text(), `--data-urlencode "client_secret=$CLIENT_SECRET"`)
	require.Contains(t, shown.Find("#step-3 .curl pre").Text(), `--data-urlencode "code=$CODE"`)

	filled := b.get("/confidential/curl/token")
	require.Contains(t, filled.Header.Get("Content-Type"), "text/plain")
	require.Contains(t, filled.Body, "'code="+sent.Get("code")+"'")
	require.Contains(t, filled.Body, "$CLIENT_SECRET")
	require.NotContains(t, filled.Body, confidentialSecret)

	b.signIn("basic")
	filled = b.get("/basic/curl/token")
	require.Contains(t, filled.Body, `-u '`+confidentialID+`':"$CLIENT_SECRET"`)
	require.NotContains(t, filled.Body, "Basic ")

	other := start(t, fake, nil)
	require.Equal(t, 404, other.get("/confidential/curl/token").Status)
}

func TestUnreachableServerIsReported(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	b.authorize("confidential")
	fake.Close()
	shown := b.post("/confidential/token", nil)
	require.Equal(t, 200, shown.Status)
	require.Contains(t, shown.text("#step-3"), "The server can't be reached.")
	require.Contains(t, shown.text("#step-3"), "The server sent no response.")

	later := start(t, fake, nil)
	require.Contains(t, later.get("/").text(".banner"), "The server at "+fake.URL+" does not respond.")
	require.Equal(t, 200, later.get("/public").Status)
}

func TestInvalidTokenResponseIsShown(t *testing.T) {
	fake := newFakeServer(t)
	fake.token = func(w http.ResponseWriter, _ *http.Request) bool {
		writeJSON(w, http.StatusOK, map[string]any{"hello": strings.Repeat("long", 20_000)})
		return true
	}
	b := start(t, fake, nil)
	shown := b.signIn("public")
	require.Contains(t, shown.text("#step-3"), "The response is not valid for an OAuth client.")
	require.Contains(t, shown.text("#step-3"), "Only the beginning of the body is shown.")
	require.Less(t, len(shown.Body), 80_000)
}

func TestARedirectOfTheTokenEndpointIsNotFollowed(t *testing.T) {
	fake := newFakeServer(t)
	fake.token = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "/api/v4/users/me", http.StatusTemporaryRedirect)
		return true
	}
	fake.me = func(http.ResponseWriter, *http.Request) bool { t.Error("the redirect was followed"); return false }
	b := start(t, fake, nil)
	require.Contains(t, b.signIn("confidential").text("#step-3"), "307 Temporary Redirect")
}

func TestPagesAreProtectedFromOtherSites(t *testing.T) {
	b := start(t, newFakeServer(t), nil)
	shown := b.get("/confidential")
	require.Equal(t, "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", shown.Header.Get("Content-Security-Policy"))
	require.Equal(t, "no-store", shown.Header.Get("Cache-Control"))
	require.Zero(t, shown.Find("[style], style, script").Length())

	request, err := http.NewRequest(http.MethodPost, b.base+"/confidential/restart", nil)
	require.NoError(t, err)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := b.client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusForbidden, response.StatusCode)
}

func TestSessionCookieAttributes(t *testing.T) {
	b := start(t, newFakeServer(t), nil)
	require.Empty(t, b.get("/").Header.Get("Set-Cookie"), "the first page needs no session")
	cookie := b.get("/public").Header.Get("Set-Cookie")
	require.Contains(t, cookie, "relying_party_session=")
	require.Contains(t, cookie, "HttpOnly")
	require.Contains(t, cookie, "SameSite=Lax")
}

func TestSessionsAreBounded(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	b.authorize("public")
	for range 200 {
		response, err := http.Get(b.base + "/public")
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	require.Contains(t, b.get("/public").text("#step-2"), "The response appears here after step 1.", "the oldest session was replaced")
}

func TestOtherLoopbackNamesAreRedirected(t *testing.T) {
	b := start(t, newFakeServer(t), func(c *relyingparty.Config) {
		c.BaseURL = strings.Replace(c.BaseURL, "127.0.0.1", "localhost", 1)
	})
	shown := b.get(strings.Replace(b.base, "localhost", "127.0.0.1", 1) + "/public?x=1")
	require.Equal(t, b.base+"/public?x=1", shown.URL.String())
}

func TestUnknownPagesAre404(t *testing.T) {
	b := start(t, newFakeServer(t), nil)
	for _, path := range []string{"/unknown", "/unknown/callback", "/confidential/not-registered", "/confidential/curl/token"} {
		require.Equal(t, 404, b.get(path).Status, path)
	}
}

func TestConfigurationErrorListsAllMistakes(t *testing.T) {
	_, err := relyingparty.New(relyingparty.Config{
		BaseURL: "http://localhost:8066/path", Issuer: "localhost:8065", TokenPath: "token",
		Scenarios: []relyingparty.Scenario{
			{Name: "A", Slug: "A b"}, {Name: "B", Slug: "b", ClientID: "x", Public: true, ClientSecret: "s"},
			{Name: "C", Slug: "b", ClientID: "x"},
		},
	})
	for _, says := range []string{"base URL:", "issuer:", "token path", `slug "A b"`, "client ID is missing", "a public app has no client secret", "is used twice", "client secret is missing"} {
		require.ErrorContains(t, err, says)
	}
	_, err = relyingparty.New(relyingparty.Config{BaseURL: "http://localhost:1", Issuer: "http://localhost:2"})
	require.ErrorContains(t, err, "no scenario given")
}
