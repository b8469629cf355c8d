package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/openid"
	"gatehouse/test/testkit"
)

func TestOpenIDRequestsAreChecked(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other := g.App(t, nil), g.App(t, nil)
		ada, grace := g.User(t, "ada"), g.User(t, "grace")
		b := g.SignedIn(t, ada)
		hint := g.Redeem(t, app, b.Code(t, app, "scope=openid")).IDToken
		othersHint := g.Redeem(t, other, b.Code(t, other, "scope=openid")).IDToken
		gracesHint := g.Redeem(t, app, g.SignedIn(t, grace).Code(t, app, "scope=openid")).IDToken
		for name, tc := range map[string]struct {
			changes []string
			code    string // the error; "" for a code
		}{
			"every parameter that has no effect": {[]string{"display=popup", "ui_locales=fr de", "claims_locales=fr", "acr_values=1 2", "login_hint=ada", "unknown=x"}, ""},
			"a hint of the user":                 {[]string{"prompt=none", "id_token_hint=" + hint}, ""},
			"a hint that has expired":            {[]string{"prompt=none", "id_token_hint=" + g.Expired(t, hint)}, ""},
			"an expired hint of another user":    {[]string{"prompt=none", "id_token_hint=" + g.Expired(t, gracesHint)}, "login_required"},
			"an expired hint of another client":  {[]string{"id_token_hint=" + g.Expired(t, othersHint)}, "invalid_request"},
			"a hint of another user":             {[]string{"prompt=none", "id_token_hint=" + gracesHint}, "login_required"},
			"a hint of another user, no prompt":  {[]string{"id_token_hint=" + gracesHint}, "login_required"},
			"a hint of another client":           {[]string{"id_token_hint=" + othersHint}, "invalid_request"},
			"a hint that is changed":             {[]string{"id_token_hint=" + hint[:len(hint)-8] + "AAAAAAAA"}, "invalid_request"},
			"a hint that is no token":            {[]string{"id_token_hint=x"}, "invalid_request"},
			"claims with the user":               {[]string{`claims={"id_token":{"sub":{"value":"` + ada.ID + `"}}}`}, ""},
			"claims with another user":           {[]string{`claims={"id_token":{"sub":{"value":"` + grace.ID + `"}}}`}, "login_required"},
			"claims that are no JSON":            {[]string{"claims={"}, "invalid_request"},
			"claims that are a list":             {[]string{"claims=[]"}, "invalid_request"},
			"claims that are null":               {[]string{"claims=null"}, "invalid_request"},
			"claims of an unknown form":          {[]string{`claims={"userinfo":"email"}`}, "invalid_request"},
			"unknown claims":                     {[]string{`claims={"userinfo":{"shoe_size":null},"x":1}`}, ""},
			"an essential acr that is there":     {[]string{`claims={"id_token":{"acr":{"essential":true,"values":["x","` + openid.ACRPassword + `"]}}}`}, ""},
			"an essential acr that is not there": {[]string{`claims={"id_token":{"acr":{"essential":true,"value":"x"}}}`}, "unmet_authentication_requirements"},
			"a voluntary acr":                    {[]string{`claims={"id_token":{"acr":{"value":"x"}}}`}, ""},
			"a long nonce":                       {[]string{"nonce=" + strings.Repeat("n", 513)}, "invalid_request"},
			"a request object":                   {[]string{"request=eyJ"}, "request_not_supported"},
			"a request URI":                      {[]string{"request_uri=https://app.example.com/r"}, "request_uri_not_supported"},
			"a registration":                     {[]string{"registration={}"}, "registration_not_supported"},
		} {
			t.Run(name, func(t *testing.T) {
				answer := b.Authorize(t, app, append([]string{"scope=openid"}, tc.changes...)...)
				require.Equal(t, tc.code, answer.Query.Get("error"), "%d %s", answer.Status, answer.Location)
				require.Equal(t, tc.code == "", answer.Code() != "", answer.Location)
			})
		}
		t.Run("no redirect URI", func(t *testing.T) {
			answer := b.Authorize(t, app, "scope=openid", "-redirect_uri")
			require.Equal(t, http.StatusBadRequest, answer.Status)
			require.Contains(t, answer.Page(t).Find("main").Text(), "redirect_uri is missing")
			require.NotEmpty(t, b.Code(t, app, "scope=user", "-redirect_uri"))
		})
		t.Run("the longest request", func(t *testing.T) {
			code := b.Code(t, app, "scope=openid "+strings.Repeat("s", 2000), "nonce="+strings.Repeat("n", 512), "resource=https://x.example/"+strings.Repeat("r", 400), `claims={"userinfo":{"email":null,"name":null}}`)
			require.NotEmpty(t, g.Redeem(t, app, code).IDToken)
		})
	})
}

// The parameter claims gives single claims, to which the user consents by their scope.
func TestRequestedClaims(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		page := b.Authorize(t, app, "scope=openid", `claims={"userinfo":{"preferred_username":{"essential":true}},"id_token":{"email":null}}`)
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Page(t).Find("main").Text(), "Read your email address.")
		require.Contains(t, page.Page(t).Find("main").Text(), "Read your name, nickname, username and language.")
		tokens := g.Redeem(t, app, b.Decide(t, page, "allow").Code())
		require.Equal(t, "openid", tokens.Scope)
		check := func(tokens testkit.TokenAnswer) {
			claims := verify(t, g, app, tokens.IDToken)
			require.Equal(t, "ada@example.com", claims.Email)
			require.Empty(t, claims.Name)
			info, status, _ := userInfo(t, g, http.MethodGet, tokens.AccessToken)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, map[string]any{"sub": b.User.ID, "preferred_username": "ada"}, info)
		}
		check(tokens)
		check(g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)))
	})
}

// auth_time is when the user signed in, and default_max_age is the max_age of requests
// without one.
func TestDefaultMaxAge(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		b.Code(t, app, "scope=openid")
		sessions, err := g.Store.UserSessions(t.Context(), b.User.ID)
		require.NoError(t, err)
		require.Equal(t, sessions[0].CreateAt.Unix(), verify(t, g, app, g.Redeem(t, app, b.Code(t, app, "scope=openid")).IDToken).AuthTime)
		setOpenID(t, g, app, func(o *gatehouse.AppOpenID) { o.DefaultMaxAge = time.Hour })
		require.NotEmpty(t, b.Code(t, app, "scope=openid"))
		old := g.NewBrowser(t)
		old.SignInAt(t, b.User, time.Now().Add(-2*time.Hour))
		require.Equal(t, "login_required", old.Authorize(t, app, "scope=openid", "prompt=none").Query.Get("error"))
		require.NotEmpty(t, old.Code(t, app, "scope=openid", "max_age=86400", "prompt=none"), "the request has its own max_age")
		require.NotEmpty(t, old.Code(t, app, "scope=user"), "a request without OpenID Connect")
	})
}
