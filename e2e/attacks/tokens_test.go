package attacks_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testkit"
)

// Attack: token substitution. Each kind of secret works for one purpose only.
func TestEachKindOfSecretHasOnePurpose(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		tokens, code := grant(t, g, b, app), b.Code(t, app)
		site, err := url.Parse(g.URL)
		require.NoError(t, err)
		session := b.Jar.Cookies(site)[0].Value
		secrets := map[string]string{"code": code, "access": tokens.AccessToken, "refresh": tokens.RefreshToken, "session": session, "secret": app.Secret, "client id": app.ID}
		for kind, secret := range secrets {
			if kind != "access" && kind != "session" {
				status, _ := g.Me(t, secret)
				require.Equal(t, http.StatusUnauthorized, status, "%s as an access token", kind)
				for _, query := range []string{"/api/v4/users/me?access_token=", "/api/v4/oauth_test?access_token="} {
					require.Equal(t, http.StatusUnauthorized, send(t, g, http.MethodGet, query+secret, "").Status, "%s in the query", kind)
				}
			}
			if kind != "refresh" {
				a := g.Token(t, testkit.RefreshForm(app, secret))
				require.Equal(t, "invalid_grant", a.Error, "%s as a refresh token: %s", kind, a.Raw)
			}
			if kind != "code" {
				a := g.Token(t, testkit.RedeemForm(app, secret))
				require.Equal(t, "invalid_grant", a.Error, "%s as a code: %s", kind, a.Raw)
			}
			if kind != "access" && kind != "refresh" {
				require.JSONEq(t, `{"active":false}`, about(t, g, "/oauth/introspect", app, secret).Body, kind)
				require.Equal(t, http.StatusOK, about(t, g, "/oauth/revoke", app, secret).Status, kind)
			}
			if kind != "secret" {
				a := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "client_secret="+secret))
				require.Contains(t, []string{"invalid_client", "invalid_request"}, a.Error, "%s as a client secret: %s", kind, a.Raw)
			}
			if kind != "session" {
				thief := g.NewBrowser(t)
				thief.Jar.SetCookies(site, []*http.Cookie{{Name: "MMAUTHTOKEN", Value: secret, Path: "/"}})
				for _, page := range []string{"/settings/security", "/console", "/integrations/oauth2-apps", "/oauth/authorize?" + testkit.AuthorizeQuery(app).Encode()} {
					a := thief.Get(t, page)
					require.Equal(t, http.StatusSeeOther, a.Status, "%s as a cookie at %s", kind, page)
					require.True(t, strings.HasPrefix(a.Location, "/login?"), a.Location)
				}
			}
		}
		// The prefix of another kind changes nothing.
		for _, from := range []string{code, tokens.AccessToken, tokens.RefreshToken} {
			for _, prefix := range []string{"gthc_", "gtha_", "gthr_", ""} {
				forged := prefix + from[5:]
				if forged == from {
					continue
				}
				status, _ := g.Me(t, forged)
				require.Equal(t, http.StatusUnauthorized, status)
				require.Equal(t, 400, g.Token(t, testkit.RefreshForm(app, forged)).Status)
				require.Equal(t, 400, g.Token(t, testkit.RedeemForm(app, forged)).Status)
			}
		}
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status, "the attacks changed nothing")
		g.Redeem(t, app, code)
	})
}

// Attack: an app uses a user's token for actions that only the user may do (C 1.3,
// C 1.5): get codes for other apps, revoke consents, sign in elsewhere.
func TestAccessTokenOfASystemAdminHasNoAdminRights(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		root := g.Admin(t, "root")
		b := g.SignedIn(t, root)
		token := grant(t, g, b, app).AccessToken
		bearer := []string{"Authorization", "Bearer " + token, "Content-Type", "application/json", "X-Requested-With", "XMLHttpRequest"}
		body := `{"client_id":"` + app.ID + `","response_type":"code","redirect_uri":"` + testkit.RedirectURI + `"}`
		for _, call := range []struct{ method, path, body string }{
			{"POST", "/oauth/authorize", body},
			{"POST", "/oauth/deauthorize", body},
		} {
			require.Equal(t, http.StatusForbidden, send(t, g, call.method, call.path, call.body, bearer...).Status, call.path)
		}
		victim := g.User(t, "victim")
		for _, call := range []struct{ method, path, body string }{
			{"GET", "/api/v4/users/" + victim.ID, ""},
			{"GET", "/api/v4/users/" + victim.ID + "/oauth/apps/authorized", ""},
			{"GET", "/api/v4/oauth/apps", ""},
			{"GET", "/api/v4/oauth/apps/" + app.ID, ""},
			{"POST", "/api/v4/oauth/apps", `{"name":"x","homepage":"https://evil.example","callback_urls":["https://evil.example"],"is_trusted":true}`},
			{"PUT", "/api/v4/oauth/apps/" + app.ID, `{"id":"` + app.ID + `","name":"x","homepage":"https://evil.example","callback_urls":["https://evil.example"],"is_trusted":true}`},
			{"POST", "/api/v4/oauth/apps/" + app.ID + "/regen_secret", ""},
			{"DELETE", "/api/v4/oauth/apps/" + app.ID, ""},
		} {
			a := send(t, g, call.method, call.path, call.body, bearer...)
			require.Equal(t, http.StatusForbidden, a.Status, "%s %s: %s", call.method, call.path, a.Body)
		}
		for _, path := range []string{"/console", "/settings/security", "/integrations/oauth2-apps", "/integrations/oauth2-apps/add", "/integrations/oauth2-apps/" + app.ID} {
			for _, target := range []string{path, path + "?access_token=" + token} {
				a := send(t, g, http.MethodGet, target, "", bearer...)
				require.Equal(t, http.StatusSeeOther, a.Status, target)
				require.True(t, strings.HasPrefix(a.Location, "/login?"), a.Location)
			}
		}
	})
}

// Attack: introspect or revoke a token of another client (RFC 7662 §4,
// RFC 7009 §2.1).
func TestClientCannotUseTheTokensOfAnotherClient(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		mine, theirs, public := g.App(t, nil), g.App(t, nil), g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		tokens, publicTokens := grant(t, g, b, mine), grant(t, g, b, public)
		for _, token := range []string{tokens.AccessToken, tokens.RefreshToken, publicTokens.AccessToken} {
			require.JSONEq(t, `{"active":false}`, about(t, g, "/oauth/introspect", theirs, token).Body)
			a := about(t, g, "/oauth/introspect", public, token)
			require.Equal(t, http.StatusUnauthorized, a.Status, "a public client cannot authenticate")
			a = about(t, g, "/oauth/revoke", theirs, token)
			require.Equal(t, http.StatusBadRequest, a.Status, a.Body)
		}
		require.Equal(t, http.StatusBadRequest, about(t, g, "/oauth/revoke", public, tokens.RefreshToken).Status)
		for _, client := range []testkit.App{{App: mine.App, Secret: "wrong"}, {App: mine.App, Secret: theirs.Secret}, {App: mine.App}} {
			for _, endpoint := range []string{"/oauth/introspect", "/oauth/revoke"} {
				a := about(t, g, endpoint, client, tokens.AccessToken)
				require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
				require.NotContains(t, a.Body, "active")
			}
		}
		for _, endpoint := range []string{"/oauth/introspect", "/oauth/revoke", "/oauth/access_token"} {
			for _, method := range []string{"GET", "PUT", "DELETE", "PATCH"} {
				a := send(t, g, method, endpoint+"?token="+tokens.AccessToken, "")
				require.Equal(t, http.StatusMethodNotAllowed, a.Status, "%s %s", method, endpoint)
				require.Equal(t, "POST", a.Header.Get("Allow"))
			}
		}
		for _, token := range []string{tokens.AccessToken, publicTokens.AccessToken} {
			status, _ := g.Me(t, token)
			require.Equal(t, http.StatusOK, status, "the tokens still work")
		}
	})
}

// Attack: code injection. A code is bound to its client, redirect URI and
// challenge.
func TestInjectedCodesAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other, public := g.App(t, nil), g.App(t, nil), g.PublicApp(t)
		ada, eve := g.SignedIn(t, g.User(t, "ada")), g.SignedIn(t, g.User(t, "eve"))
		const evesChallenge = "4n3D4N0-wvYGm0NHWW4fSBuLx9a7PqkJqGlLNYPWCx0"
		code := ada.Code(t, app, "code_challenge="+testkit.Challenge, "code_challenge_method=S256")
		bare := ada.Code(t, app)
		last := "A"
		if strings.HasSuffix(bare, last) {
			last = "Q"
		}
		publicCode := ada.Code(t, public)
		for name, values := range map[string]url.Values{
			"another client":                    testkit.RedeemForm(other, code, "code_verifier="+testkit.Verifier),
			"another client's secret":           testkit.RedeemForm(app, code, "client_secret="+other.Secret, "code_verifier="+testkit.Verifier),
			"a public client":                   testkit.RedeemForm(public, code),
			"a code of a public client":         testkit.RedeemForm(app, publicCode, "code_verifier="+testkit.Verifier),
			"without the verifier":              testkit.RedeemForm(app, code),
			"with an empty verifier":            testkit.RedeemForm(app, code, "code_verifier="),
			"with the challenge itself":         testkit.RedeemForm(app, code, "code_verifier="+testkit.Challenge),
			"with eve's challenge":              testkit.RedeemForm(app, code, "code_verifier="+evesChallenge),
			"with a method":                     testkit.RedeemForm(app, code, "code_verifier="+testkit.Challenge, "code_challenge_method=plain"),
			"a verifier without a challenge":    testkit.RedeemForm(app, bare, "code_verifier="+testkit.Verifier),
			"another redirect URI":              testkit.RedeemForm(app, bare, "redirect_uri=https://evil.example/cb"),
			"another spelling of the URI":       testkit.RedeemForm(app, bare, "redirect_uri="+testkit.RedirectURI+"/"),
			"without the redirect URI":          testkit.RedeemForm(app, bare, "-redirect_uri"),
			"one character changed":             testkit.RedeemForm(app, bare[:len(bare)-1]+last),
			"a line break after it":             testkit.RedeemForm(app, bare+"\n"),
			"a line break inside":               testkit.RedeemForm(app, bare[:20]+"\r\n"+bare[20:]),
			"one character more":                testkit.RedeemForm(app, bare+"A"),
			"white space around it":             testkit.RedeemForm(app, " "+bare),
			"in another encoding of base64":     testkit.RedeemForm(app, bare+"="),
			"as a password grant":               testkit.RedeemForm(app, bare, "grant_type=password"),
			"as client credentials":             testkit.RedeemForm(app, bare, "grant_type=client_credentials"),
			"as an assertion":                   testkit.RedeemForm(app, bare, "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer"),
			"with two grant types":              testkit.RedeemForm(app, bare, "grant_type=authorization_code refresh_token"),
			"with the grant type in upper case": testkit.RedeemForm(app, bare, "grant_type=AUTHORIZATION_CODE"),
		} {
			a := g.Token(t, values)
			require.GreaterOrEqual(t, a.Status, 400, name)
			require.Less(t, a.Status, 500, name)
			require.Empty(t, a.AccessToken, name)
			require.NotContains(t, a.Raw, bare)
		}
		// The tokens are those of the user who consented, whichever browser carried the
		// code.
		tokens := g.Redeem(t, app, code, "code_verifier="+testkit.Verifier)
		_, user := g.Me(t, tokens.AccessToken)
		require.Equal(t, ada.User.ID, user)
		tokens = g.Redeem(t, app, eve.Code(t, app))
		_, user = g.Me(t, tokens.AccessToken)
		require.Equal(t, eve.User.ID, user)
		g.Redeem(t, app, bare)
		g.Redeem(t, public, publicCode)
	})
}

// Attack: HTTP Basic credentials that two programs split or decode differently.
func TestMalformedBasicCredentialsAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other, public := g.App(t, nil), g.App(t, nil), g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		code := b.Code(t, app)
		encode := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
		honest := app.ID + ":" + app.Secret
		for name, authorizations := range map[string][]string{
			"two headers, the valid one last":  {encode(other.ID + ":" + app.Secret), encode(honest)},
			"two headers, the valid one first": {encode(honest), encode(other.ID + ":" + other.Secret)},
			"a colon after it":                 {encode(honest + ":")},
			"a colon before it":                {encode(":" + honest)},
			"no colon":                         {encode(app.ID)},
			"a NUL":                            {encode(app.ID + "\x00:" + app.Secret)},
			"a line break after it":            {encode(honest + "\n")},
			"a space before it":                {encode(" " + honest)},
			"escaped twice":                    {encode("%2570" + honest)},
			"only the scheme":                  {"Basic"},
			"a scheme and a space":             {"Basic "},
			"no padding":                       {strings.TrimRight(encode(honest+"xx"), "=")},
			"two schemes":                      {encode(honest) + ", Bearer x"},
			"digest":                           {"Digest username=\"" + app.ID + "\""},
			"a public client with a secret":    {encode(public.ID + ":" + app.Secret)},
			"another's secret":                 {encode(app.ID + ":" + other.Secret)},
			"the hash of the secret":           {encode(app.ID + ":" + app.SecretHash)},
		} {
			r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/access_token", strings.NewReader(testkit.RedeemForm(app, code, "-client_id", "-client_secret").Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", form)
			r.Header["Authorization"] = authorizations
			a := g.SendToken(t, r)
			require.Contains(t, []int{400, 401}, a.Status, "%s: %s", name, a.Raw)
			require.Empty(t, a.AccessToken, name)
		}
		// The scheme is not case-sensitive (RFC 9110 §11.1). The rest is.
		r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/access_token", strings.NewReader(testkit.RedeemForm(app, code, "-client_id", "-client_secret").Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", form)
		r.Header.Set("Authorization", strings.Replace(encode(honest), "Basic", "bAsIc", 1))
		require.Equal(t, http.StatusOK, g.SendToken(t, r).Status)
	})
}
