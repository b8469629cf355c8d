package relyingparty_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"testing"

	"gatehouse/examples/client/relyingparty"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

func TestAuthorizationURLIsExplained(t *testing.T) {
	b := start(t, newFakeServer(t), nil)
	first := b.get("/confidential")
	place, err := url.Parse(first.Find("#step-1 a.button").AttrOr("href", ""))
	require.NoError(t, err)
	query := place.Query()
	require.Equal(t, "code", query.Get("response_type"))
	require.Equal(t, confidentialID, query.Get("client_id"))
	require.Equal(t, b.base+"/confidential/callback", query.Get("redirect_uri"))
	require.Equal(t, "user", query.Get("scope"))
	require.Equal(t, "S256", query.Get("code_challenge_method"))
	require.Equal(t, "https://api.example.com/", query.Get("resource"))
	require.Len(t, query.Get("code_challenge"), 43)
	require.GreaterOrEqual(t, len(query.Get("state")), 26)
	for name := range query {
		require.Contains(t, first.text("#step-1 .params"), name)
	}
	require.Equal(t, place.String(), b.authorizationURL("confidential"), "the URL is the same when the page is loaded again")

	b.post("/confidential/restart", nil)
	require.NotEqual(t, place.String(), b.authorizationURL("confidential"), "a new run has a new state")
}

func TestCodeFlowReturnsTheUser(t *testing.T) {
	for _, slug := range []string{"confidential", "public", "basic"} {
		t.Run(slug, func(t *testing.T) {
			fake := newFakeServer(t)
			b := start(t, fake, nil)
			asked, err := url.Parse(b.authorizationURL(slug))
			require.NoError(t, err)

			answered := b.authorize(slug)
			require.Equal(t, "/"+slug, answered.URL.Path, "the address bar does not contain the code")
			require.Contains(t, answered.text("#step-2"), "✓ state is the value that was sent.")
			require.Contains(t, answered.text("#step-2"), "✓ iss is the issuer of the server.")
			require.Zero(t, fake.tokenRequests(), "the client sends no request before the user presses the button")

			redeemed := b.post("/"+slug+"/token", nil)
			require.Contains(t, redeemed.text("#step-3 .status.good"), "200 OK")
			sent, _ := fake.lastTokenRequest()
			require.Equal(t, b.base+"/"+slug+"/callback", sent.Get("redirect_uri"))
			if slug == "basic" {
				require.Empty(t, sent.Get("code_verifier"))
			} else {
				sum := sha256.Sum256([]byte(sent.Get("code_verifier")))
				require.Equal(t, asked.Query().Get("code_challenge"), base64.RawURLEncoding.EncodeToString(sum[:]))
			}

			user := b.post("/"+slug+"/me", nil)
			require.Contains(t, user.text("#step-4"), `"username": "ada"`)
			require.Contains(t, user.text("#step-4"), "Authorization: Bearer ••••••")
		})
	}
}

func TestConfidentialAppSendsItsSecretInOneWay(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)

	b.signIn("confidential")
	body, header := fake.lastTokenRequest()
	require.Equal(t, confidentialSecret, body.Get("client_secret"))
	require.Empty(t, header.Get("Authorization"))
	require.Equal(t, "https://api.example.com/", body.Get("resource"))

	shown := b.signIn("basic")
	body, header = fake.lastTokenRequest()
	require.Contains(t, header.Get("Authorization"), "Basic ")
	require.False(t, body.Has("client_secret"))
	require.Contains(t, shown.text("#step-3 .call"), "Authorization: Basic ••••••")
	require.NotContains(t, shown.Body, header.Get("Authorization"))
}

func TestPublicAppHasNoSecretAndNoRefresh(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	shown := b.signIn("public")
	body, header := fake.lastTokenRequest()
	require.Equal(t, publicID, body.Get("client_id"))
	require.False(t, body.Has("client_secret"))
	require.Empty(t, header.Get("Authorization"))
	require.Zero(t, shown.Find(`form[action="/public/refresh"]`).Length())
	require.Contains(t, shown.text("#step-5"), "A public app gets no refresh token.")
}

func TestCodeIsRedeemedOnceIfTheButtonIsPressedTwice(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	b.signIn("confidential")
	b.post("/confidential/token", nil)
	require.Equal(t, 1, fake.tokenRequests())
	require.Contains(t, b.post("/confidential/me", nil).text("#step-4"), "200 OK")
}

func TestRefreshShowsOldAndNewTokens(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	b.signIn("confidential")
	refreshed := b.post("/confidential/refresh", nil)
	body, _ := fake.lastTokenRequest()
	require.Equal(t, "refresh_token", body.Get("grant_type"))
	rows := refreshed.Find("#step-5 .params tbody tr")
	require.Equal(t, 2, rows.Length())
	rows.Each(func(_ int, row *goquery.Selection) {
		require.NotEqual(t, row.Find("td").Eq(0).Text(), row.Find("td").Eq(1).Text())
	})
	require.Contains(t, b.post("/confidential/me", nil).text("#step-4"), "200 OK", "the new access token is used")

	old := b.post("/confidential/try/old-access-token", nil)
	require.Contains(t, old.text("#old-access-token"), "401 Unauthorized")
	old = b.post("/confidential/try/old-refresh-token", nil)
	require.Contains(t, old.text("#old-refresh-token"), `The server refused the request with "invalid_grant", as expected.`)
}

func TestTokenErrorIsExplained(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, func(c *relyingparty.Config) {
		c.Scenarios = []relyingparty.Scenario{{Name: "Wrong", Slug: "wrong", ClientID: confidentialID, ClientSecret: "mistyped-secret-of-mine"}}
	})
	shown := b.signIn("wrong")
	require.Contains(t, shown.text("#step-3"), "401 Unauthorized")
	require.Contains(t, shown.text("#step-3"), "The client is unknown or its secret is wrong.")
	require.Contains(t, shown.text("#step-3 .verdict"), "Check the client ID and the client secret.")
	require.NotContains(t, shown.Body, "mistyped-secret-of-mine")
	require.Equal(t, 1, shown.Find(`#step-3 form[action="/wrong/token"]`).Length(), "the request can be sent again")
}

func TestMetadataNamesTheEndpoints(t *testing.T) {
	fake := newFakeServer(t)
	fake.metadata = true
	b := start(t, fake, nil)
	require.Contains(t, b.get("/").text("main"), "/.well-known/oauth-authorization-server")

	b = start(t, fake, func(c *relyingparty.Config) { c.TokenPath = "/elsewhere" })
	require.Contains(t, b.get("/").text("main"), fake.URL+"/elsewhere")

	b = start(t, fake, func(c *relyingparty.Config) { c.Issuer += "/" })
	require.Contains(t, b.get("/").text("main"), "is the metadata of", "metadata of another issuer is not used")
}
