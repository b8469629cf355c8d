package relyingparty_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResponseOfAnotherRunIsShownButNotUsed(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(answer url.Values)
		says   string
	}{
		"state of another run": {func(a url.Values) { a.Set("state", "of-another-run") }, "✗ state is not the value that was sent."},
		"missing state":        {func(a url.Values) { a.Del("state") }, "✗ state is missing."},
		"two codes":            {func(a url.Values) { a.Add("code", "another") }, "✗ The response has the parameter code more than once."},
		"error without state":  {func(a url.Values) { a.Del("state"); a.Set("error", "access_denied") }, "access_denied"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeServer(t)
			fake.answer = func(_, answer url.Values) { tc.change(answer) }
			b := start(t, fake, nil)
			refused := b.authorize("confidential")
			require.Equal(t, 400, refused.Status)
			require.Contains(t, refused.text("main"), tc.says)

			b.post("/confidential/token", nil)
			require.Zero(t, fake.tokenRequests(), "the code is not used")
			fake.answer = nil
			require.Contains(t, b.signIn("confidential").text("#step-3"), "200 OK", "the run is unchanged")
		})
	}
}

func TestStateIsValidForOneResponse(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	place := b.authorizationURL("confidential")
	b.get(place)
	again := b.get(place)
	require.Equal(t, 400, again.Status)
	require.Contains(t, again.text("main"), "✗ state was already used.")
}

func TestResponseOfAnotherServerIsNotUsed(t *testing.T) {
	for name, tc := range map[string]struct {
		metadata bool
		change   func(answer url.Values)
		says     string
		used     bool
	}{
		"another iss":                  {false, func(a url.Values) { a.Set("iss", "https://evil.example") }, `✗ iss is "https://evil.example"`, false},
		"promised iss is missing":      {true, func(a url.Values) { a.Del("iss") }, "✗ iss is missing", false},
		"iss is missing, not promised": {false, func(a url.Values) { a.Del("iss") }, "✓ iss is missing, and the server does not promise it.", true},
		"another iss with an error":    {true, func(a url.Values) { a.Set("iss", "https://evil.example"); a.Set("error", "access_denied") }, "✗ iss is", false},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeServer(t)
			fake.metadata = tc.metadata
			fake.answer = func(_, answer url.Values) { tc.change(answer) }
			b := start(t, fake, nil)
			require.Contains(t, b.authorize("confidential").text("#step-2"), tc.says)
			b.post("/confidential/token", nil)
			require.Equal(t, tc.used, fake.tokenRequests() == 1)
		})
	}
}

func TestErrorResponsesAreExplained(t *testing.T) {
	for code, says := range map[string]string{
		"access_denied":             "Tell the user that they can try again.",
		"invalid_scope":             "Request only scopes",
		"unsupported_response_type": "Send response_type=code.",
		"something_else":            "not one of RFC 6749",
	} {
		t.Run(code, func(t *testing.T) {
			fake := newFakeServer(t)
			fake.answer = func(_, answer url.Values) {
				answer.Del("code")
				answer.Set("error", code)
				answer.Set("error_description", "The server says so.")
			}
			b := start(t, fake, nil)
			denied := b.authorize("public")
			require.Contains(t, denied.text("#step-2 .verdict"), code)
			require.Contains(t, denied.text("#step-2 .verdict"), "The server says so.")
			require.Contains(t, denied.text("#step-2 .verdict"), says)
			require.Zero(t, denied.Find(`form[action="/public/token"]`).Length())
		})
	}
}

func TestResponseWithoutCodeOrErrorIsNotUsed(t *testing.T) {
	fake := newFakeServer(t)
	fake.answer = func(_, answer url.Values) { answer.Set("access_token", answer.Get("code")); answer.Del("code") }
	b := start(t, fake, nil)
	shown := b.authorize("confidential")
	require.Contains(t, shown.text("#step-2"), "✗ The response has no parameter code and no error.")
	require.Zero(t, shown.Find(`form[action="/confidential/me"]`).Length(), "a token that was not requested is not used")
}

func TestImplicitResponseIsReadByTheBrowser(t *testing.T) {
	fake := newFakeServer(t)
	b := start(t, fake, nil)
	place, err := url.Parse(b.authorizationURL("implicit"))
	require.NoError(t, err)
	require.Equal(t, "token", place.Query().Get("response_type"))
	require.False(t, place.Query().Has("code_challenge"))

	page := b.get(place.String())
	require.Equal(t, "/implicit/callback", page.URL.Path)
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "script-src 'self'")
	require.NotContains(t, page.Header.Get("Content-Security-Policy"), "unsafe")
	require.Contains(t, page.text("noscript"), "JavaScript is off")
	require.Equal(t, "/static/fragment.js", page.Find("script").AttrOr("src", ""))
	require.Empty(t, page.text("script"), "no inline script")
	require.Equal(t, 200, b.get("/static/fragment.js").Status)

	// Post the fragment as the script does.
	fragment, err := url.ParseQuery(page.URL.Fragment)
	require.NoError(t, err)
	forged := url.Values{"access_token": {"stolen-token-of-another-user"}, "state": {"guessed"}}
	require.Equal(t, 400, b.post("/implicit/callback", forged).Status)
	answered := b.post("/implicit/callback", fragment)
	require.Contains(t, answered.text("#step-2"), "✓ The response has the parameter access_token.")
	require.Contains(t, b.post("/implicit/me", nil).text("#step-4"), `"username": "ada"`)
	require.Zero(t, fake.tokenRequests())
}

func TestOnlyTheImplicitScenarioAcceptsPostedResponses(t *testing.T) {
	b := start(t, newFakeServer(t), nil)
	require.Equal(t, 404, b.post("/confidential/callback", url.Values{"code": {"x"}}).Status)
}
