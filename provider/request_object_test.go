package provider_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testkit"
)

// requestObject returns an unsecured request object (OpenID Connect Core §6.1) with claims.
func requestObject(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(claims)) + "."
}

// A client that puts its state into a request object gets it back with the refusal, in the
// response mode of the object. Nothing else of the object has an effect.
func TestRefusedRequestObjectKeepsStateAndResponseMode(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		for name, tc := range map[string]struct {
			object, parameter string // parameter is another one of the request
			state             string
			hasState          bool
		}{
			"state of the object":        {`{"state":"of the object"}`, "-state", "of the object", true},
			"state of the request first": {`{"state":"of the object"}`, "state=of the request", "of the request", true},
			"empty state of the object":  {`{"state":""}`, "-state", "", true},
			"no state":                   {`{"nonce":"n"}`, "-state", "", false},
			"state that is a number":     {`{"state":1}`, "-state", "", false},
			"state that is null":         {`{"state":null}`, "-state", "", false},
			"a list":                     {`[{"state":"x"}]`, "-state", "", false},
			"not JSON":                   {`{"state":"x"`, "-state", "", false},
			"unknown response mode":      {`{"state":"x","response_mode":"web_message"}`, "-state", "x", true},
			"redirect URI of the object": {`{"state":"x","redirect_uri":"https://evil.example.com/","client_id":"x"}`, "-state", "x", true},
		} {
			t.Run(name, func(t *testing.T) {
				answer := b.Authorize(t, app, "scope=openid", "request="+requestObject(tc.object), tc.parameter)
				require.Equal(t, "request_not_supported", answer.Query.Get("error"), answer.Body)
				require.True(t, strings.HasPrefix(answer.Location, testkit.RedirectURI+"?"), answer.Location)
				require.Equal(t, tc.state, answer.Query.Get("state"))
				require.Equal(t, tc.hasState, answer.Query.Has("state"))
				require.Equal(t, g.URL, answer.Query.Get("iss"))
			})
		}
		for _, malformed := range []string{"x", "..", "a.b.c", "." + strings.Repeat("e", 3000) + ".", "e30.%%%.", "a.e30.c.d"} {
			answer := b.Authorize(t, app, "scope=openid", "request="+malformed, "-state")
			require.Equal(t, "request_not_supported", answer.Query.Get("error"), malformed)
			require.False(t, answer.Query.Has("state"))
		}

		posted := b.Authorize(t, app, "scope=openid", "request="+requestObject(`{"state":"of the object","response_mode":"form_post"}`), "-state")
		require.Equal(t, http.StatusOK, posted.Status, posted.Location)
		form := posted.Page(t).Find("form")
		require.Equal(t, testkit.RedirectURI, form.AttrOr("action", ""))
		require.Equal(t, "request_not_supported", form.Find(`input[name="error"]`).AttrOr("value", ""))
		require.Equal(t, "of the object", form.Find(`input[name="state"]`).AttrOr("value", ""))
		fragment := b.Authorize(t, app, "scope=openid", "request="+requestObject(`{"response_mode":"fragment"}`))
		require.Contains(t, fragment.Location, testkit.RedirectURI+"#")
		query := b.Authorize(t, app, "scope=openid", "response_mode=query", "request="+requestObject(`{"response_mode":"form_post"}`))
		require.Contains(t, query.Location, testkit.RedirectURI+"?", "the response mode of the request comes first")

		page := b.Authorize(t, app, "scope=openid", "redirect_uri=https://evil.example.com/", "request="+requestObject(`{"redirect_uri":"`+testkit.RedirectURI+`"}`))
		require.Equal(t, http.StatusBadRequest, page.Status)
		require.Empty(t, page.Location)
	})
}
