package relyingparty_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExperimentsSendTheirWrongRequest(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	b.authorize("confidential")
	b.authorize("public")

	for _, tc := range []struct {
		slug, name string
		differs    func(t *testing.T, sent url.Values)
		says       string
	}{
		{"confidential", "wrong-redirect-uri", func(t *testing.T, sent url.Values) {
			require.Equal(t, b.base+"/confidential/callback-of-an-attacker", sent.Get("redirect_uri"))
		}, "invalid_grant"},
		{"confidential", "no-code-verifier", func(t *testing.T, sent url.Values) {
			require.False(t, sent.Has("code_verifier"))
		}, "invalid_grant"},
		{"confidential", "wrong-client-secret", func(t *testing.T, sent url.Values) {
			require.NotEmpty(t, sent.Get("client_secret"))
			require.NotEqual(t, confidentialSecret, sent.Get("client_secret"))
		}, "invalid_client"},
		{"confidential", "unknown-client", func(t *testing.T, sent url.Values) {
			require.Len(t, sent.Get("client_id"), 26)
			require.NotEqual(t, confidentialID, sent.Get("client_id"))
		}, "invalid_client"},
		{"public", "no-code-verifier", func(t *testing.T, sent url.Values) {
			require.False(t, sent.Has("code_verifier"))
		}, "invalid_grant"},
		{"public", "public-refresh", func(t *testing.T, sent url.Values) {
			require.Equal(t, "refresh_token", sent.Get("grant_type"))
			require.NotEmpty(t, sent.Get("refresh_token"))
			require.False(t, sent.Has("client_secret"))
		}, "unauthorized_client"},
	} {
		t.Run(tc.slug+"/"+tc.name, func(t *testing.T) {
			shown := b.in(t).post("/"+tc.slug+"/try/"+tc.name, nil)
			sent, _ := fake.lastTokenRequest()
			tc.differs(t, sent)
			require.Contains(t, shown.text("#"+tc.name+" .verdict"), `The server refused the request with "`+tc.says+`", as expected.`)
			require.Equal(t, 1, shown.Find("#"+tc.name+"[open]").Length(), "the newest result is open")
		})
	}

	for _, slug := range []string{"confidential", "public"} {
		shown := b.post("/"+slug+"/token", nil)
		require.Contains(t, shown.text("#step-3"), "200 OK", "the code is valid after refused requests")
	}
}

func TestReplayedCodeRevokesItsTokens(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	b.signIn("confidential")
	first, _ := fake.lastTokenRequest()
	shown := b.post("/confidential/try/replayed-code", nil)
	second, _ := fake.lastTokenRequest()
	require.Equal(t, first, second, "the same request")
	require.Contains(t, shown.text("#replayed-code .verdict"), "invalid_grant")

	me := b.post("/confidential/me", nil)
	require.Contains(t, me.text("#step-4"), "401 Unauthorized")
	require.Contains(t, me.text("#step-4 .verdict"), "The access token is not valid.")
}

func TestTamperedTokenIsSent(t *testing.T) {
	fake := newFakeServer(t)
	var got string
	fake.me = func(_ http.ResponseWriter, r *http.Request) bool { got = r.Header.Get("Authorization"); return false }
	b := start(t, fake, nil)
	b.signIn("public")
	b.post("/public/me", nil)
	good := got
	shown := b.post("/public/try/tampered-token", nil)
	require.Len(t, got, len(good))
	require.NotEqual(t, good, got)
	require.Contains(t, shown.text("#tampered-token .verdict"), "The server refused the request")
}

func TestAcceptedWrongRequestIsReported(t *testing.T) {
	fake := newFakeServer(t)
	fake.token = func(w http.ResponseWriter, _ *http.Request) bool {
		writeJSON(w, http.StatusOK, map[string]any{"access_token": fake.issue(), "token_type": "bearer"})
		return true
	}
	b := start(t, fake, nil)
	b.authorize("confidential")
	shown := b.post("/confidential/try/wrong-client-secret", nil)
	require.Contains(t, shown.text("#wrong-client-secret .verdict.bad"), "A server that follows the RFCs refuses it.")
}

func TestExperimentsNeedEarlierSteps(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	shown := b.get("/confidential")
	require.Contains(t, shown.text("#replayed-code"), "Redeem the code first")
	require.Zero(t, shown.Find("#replayed-code form").Length())
	b.post("/confidential/try/replayed-code", nil)
	require.Zero(t, fake.tokenRequests())
	require.Equal(t, 404, b.post("/public/try/wrong-client-secret", nil).Status, "a public app has no secret")
	require.Equal(t, 404, b.post("/confidential/try/nothing", nil).Status)
}

func TestWrongAuthorizationRequestsDifferInOneParameter(t *testing.T) {
	b := start(t, newFakeServer(t), nil)
	right, err := url.Parse(b.authorizationURL("public"))
	require.NoError(t, err)
	links := b.get("/public").Find("#wrong .wrong a")
	require.Equal(t, 6, links.Length())
	for i := range links.Length() {
		wrong, err := url.Parse(links.Eq(i).AttrOr("href", ""))
		require.NoError(t, err)
		var differing []string
		for _, name := range []string{"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"} {
			if right.Query().Get(name) != wrong.Query().Get(name) {
				differing = append(differing, name)
			}
		}
		if len(differing) == 2 {
			require.ElementsMatch(t, []string{"code_challenge", "code_challenge_method"}, differing)
			continue
		}
		require.Len(t, differing, 1, links.Eq(i).Text())
	}
}
