package attacks_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// Attack: parameter pollution. A parameter in the URL of a token request, or one
// that is sent twice, has no effect (RFC 6749 §2.3.1, §3.2).
func TestTokenParametersCountOnlyOnceAndOnlyInTheBody(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other := g.App(t, nil), g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		code := b.Code(t, app)
		honest := testkit.RedeemForm(app, code)
		post := func(query, body string) testkit.TokenAnswer {
			r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/access_token"+query, strings.NewReader(body))
			require.NoError(t, err)
			r.Header.Set("Content-Type", form)
			return g.SendToken(t, r)
		}
		without := func(name string) string { v := testkit.RedeemForm(app, code, "-"+name); return v.Encode() }
		for name := range honest {
			escaped := "%" + strings.ToUpper(hex(name[0])) + name[1:] // the same name after decoding
			for what, a := range map[string]testkit.TokenAnswer{
				"in the URL":           post("?"+name+"="+url.QueryEscape(honest.Get(name)), without(name)),
				"escaped in the URL":   post("?"+escaped+"="+url.QueryEscape(honest.Get(name)), without(name)),
				"in upper case":        post("", without(name)+"&"+strings.ToUpper(name)+"="+url.QueryEscape(honest.Get(name))),
				"as an array":          post("", without(name)+"&"+name+"[]="+url.QueryEscape(honest.Get(name))),
				"twice":                post("", honest.Encode()+"&"+name+"="+url.QueryEscape(honest.Get(name))),
				"twice, once escaped":  post("", honest.Encode()+"&"+escaped+"="+url.QueryEscape(honest.Get(name))),
				"twice, once empty":    post("", honest.Encode()+"&"+name+"="),
				"in URL and body":      post("?"+name+"=x", honest.Encode()),
				"behind a semicolon":   post("", without(name)+";"+name+"="+url.QueryEscape(honest.Get(name))),
				"with a byte after it": post("", without(name)+"&"+name+"%00="+url.QueryEscape(honest.Get(name))),
			} {
				require.GreaterOrEqual(t, a.Status, 400, "%s %s: %s", name, what, a.Raw)
				require.Less(t, a.Status, 500, "%s %s: %s", name, what, a.Raw)
				require.Empty(t, a.AccessToken)
			}
		}
		require.Equal(t, 401, post("", testkit.RedeemForm(app, code, "client_id="+other.ID).Encode()).Status)
		g.Redeem(t, app, code) // the attacks did not use up the code
	})
}

// Attack: the same at the authorization endpoint. The client and the redirect URI
// never come from the body, from a second value, or from another spelling of the
// name.
func TestAuthorizationParametersCannotBePolluted(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		evil := g.App(t, func(n *registration.NewApp) { n.RedirectURIs = []string{"https://evil.example/cb"} })
		b := g.SignedIn(t, g.User(t, "ada"))
		honest := testkit.AuthorizeQuery(app).Encode()
		for name, query := range map[string]string{
			"two clients":              honest + "&client_id=" + evil.ID,
			"two redirect URIs":        honest + "&redirect_uri=" + url.QueryEscape("https://evil.example/cb"),
			"an escaped second name":   honest + "&redirect%5Furi=" + url.QueryEscape("https://evil.example/cb"),
			"two clients, one empty":   honest + "&client_id=",
			"another app's URI":        testkit.AuthorizeQuery(app, "redirect_uri=https://evil.example/cb").Encode(),
			"a client in upper case":   testkit.AuthorizeQuery(app, "client_id="+strings.ToUpper(app.ID)).Encode(),
			"a client with a space":    testkit.AuthorizeQuery(app, "client_id="+app.ID+" ").Encode(),
			"a client with a NUL":      testkit.AuthorizeQuery(app, "client_id="+app.ID[:25]+"\x00").Encode(),
			"a client in wide letters": testkit.AuthorizeQuery(app, "client_id="+strings.Repeat("ａ", 8)+"aa").Encode(),
			"a client in other digits": testkit.AuthorizeQuery(app, "client_id="+strings.Repeat("٣", 13)).Encode(),
			"a wildcard":               testkit.AuthorizeQuery(app, "client_id=%%%%%%%%%%%%%%%%%%%%%%%%%%").Encode(),
			"bytes that are not UTF-8": testkit.AuthorizeQuery(app, "client_id=\xff\xfe"+app.ID[2:]).Encode(),
		} {
			t.Run(name, func(t *testing.T) {
				a := sendFrom(t, b, g, http.MethodGet, "/oauth/authorize?"+query, "")
				require.Contains(t, []int{400, 404}, a.Status, "an error page of Gatehouse: %s %s", a.Location, a.Body)
				require.Empty(t, a.Location)
			})
		}
		for _, name := range []string{"Client_ID", "Redirect_Uri", "REDIRECT_URI", "redirect_uri[]", "redirect.uri", "redirect uri"} {
			a := sendFrom(t, b, g, http.MethodGet, "/oauth/authorize?"+honest+"&"+url.QueryEscape(name)+"="+url.QueryEscape("https://evil.example/cb"), "")
			require.Equal(t, http.StatusOK, a.Status)
			require.NotContains(t, a.Header.Get("Content-Security-Policy"), "evil.example")
			require.Equal(t, "app.example.com", a.Page(t).Find(".receiver .host").Text(), name)
		}

		// From the body of the consent form, only the decision counts.
		page := b.Authorize(t, app)
		token := page.Page(t).Find("[name=csrf_token]").AttrOr("value", "")
		body := url.Values{
			"csrf_token": {token}, "decision": {"allow"}, "client_id": {evil.ID}, "redirect_uri": {"https://evil.example/cb"},
			"state": {"evil"}, "scope": {"everything"}, "response_type": {"token"}, "response_mode": {"form_post"},
		}
		a := sendFrom(t, b, g, http.MethodPost, "/oauth/authorize?"+honest, body.Encode(), "Content-Type", form)
		require.Equal(t, http.StatusSeeOther, a.Status, a.Body)
		require.True(t, strings.HasPrefix(a.Location, testkit.RedirectURI+"?"), a.Location)
		require.Equal(t, "xyz", a.Query.Get("state"))
		tokens := g.Redeem(t, app, a.Code())
		require.Equal(t, "user", tokens.Scope)
		// A decision in the URL has no effect.
		other := g.App(t, nil)
		a = sendFrom(t, b, g, http.MethodGet, "/oauth/authorize?"+testkit.AuthorizeQuery(other).Encode()+"&decision=allow&csrf_token="+token, "")
		require.Equal(t, http.StatusOK, a.Status, "the consent page is shown")
	})
}

// Attack: a redirect URI that the server reads as the registered one, and the
// browser as another one (RFC 9700 §2.1, §4.1).
func TestRedirectURIMatchesOnlyItsRegisteredSpelling(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) {
			n.RedirectURIs = []string{"https://app.example.com/cb", "http://127.0.0.1/cb", "https://münchen.example/cb"}
		})
		b := g.SignedIn(t, g.User(t, "ada"))
		for _, uri := range []string{
			"https://app.example.com/cb/", "https://app.example.com/cb?", "https://app.example.com/cb?x=1", "https://app.example.com/cb#", "https://app.example.com/CB",
			"https://app.example.com/./cb", "https://app.example.com/x/../cb", "https://app.example.com//cb", "https://app.example.com/%63b", "https://app.example.com/cb%2f",
			"https://app.example.com/cb/../../evil", "https://app.example.com/cb%00", "https://app.example.com/cb%0d%0aLocation:%20x", "https://app.example.com/cb\r\nX: y",
			"https://app.example.com:443/cb", "https://app.example.com./cb", "https://APP.example.com/cb", "HTTPS://app.example.com/cb", "http://app.example.com/cb", "https:app.example.com/cb", "https:/app.example.com/cb",
			"//app.example.com/cb", "/cb", " https://app.example.com/cb", "https://app.example.com/cb ", "https://app.example.com/cb\t", "https://app。example.com/cb", "https://ａpp.example.com/cb", "https://app.example.com／cb",
			"https://app.example.com@evil.example/cb", "https://evil.example#@app.example.com/cb", "https://evil.example?@app.example.com/cb", `https://evil.example\@app.example.com/cb`, "https://app.example.com%40evil.example/cb", "https://app.example.com.evil.example/cb", "https://evil.example/https://app.example.com/cb",
			"https://app.example.com:x@evil.example/cb", "https://app.example.com:443:80/cb",
			"https://mu\u0308nchen.example/cb", "https://xn--mnchen-3ya.example/cb", // other spellings of the same host
			"http://127.0.0.1@evil.example/cb", "http://evil.example@127.0.0.1:99/cb", "http://127.0.0.1.evil.example/cb", "http://127.0.0.1:99:80/cb", "http://127.0.0.1:/cb/x", "http://127.0.0.2/cb", "http://0x7f.1/cb", "http://2130706433/cb", "http://127.1/cb", "http://localhost/cb", "http://[::1]/cb", "http://[::ffff:127.0.0.1]/cb", "https://127.0.0.1:99/cb", "http://127.0.0.1:99/CB", "http://127.0.0.1:99/cb?x", "http://127.0.0.1:99/cb#x", "http://127.0.0.1:%39/cb",
			"javascript:alert(1)//https://app.example.com/cb", "data:text/html,x", "urn:ietf:wg:oauth:2.0:oob", "null", "*", "https://*/cb",
		} {
			a := b.Authorize(t, app, "redirect_uri="+uri)
			require.Equal(t, http.StatusBadRequest, a.Status, "%q: %s", uri, a.Location)
			require.Empty(t, a.Location, uri)
			login := g.NewBrowser(t).Authorize(t, app, "redirect_uri="+uri)
			require.Equal(t, http.StatusBadRequest, login.Status, "%q without a session", uri)
			none := b.Authorize(t, app, "redirect_uri="+uri, "prompt=none")
			require.Equal(t, http.StatusBadRequest, none.Status, "%q with prompt=none", uri)
		}
	})
}

// Attack: move the response to a place where others read it. A token never goes into
// a query, a code goes only where the client asked, and an unknown mode gets neither
// (OAuth 2.0 Multiple Response Types §2.1, §5).
func TestResponseModesDoNotExposeSecrets(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		for _, mode := range []string{"query", "web_message", "query.jwt", "jwt", "okta_post_message", "QUERY", "Fragment", "fragment ", "form_post,query", "none", "\x00"} {
			for _, responseType := range []string{"code", "token"} {
				a := b.Authorize(t, app, "response_mode="+mode, "response_type="+responseType)
				if mode == "query" && responseType == "code" {
					require.NotEmpty(t, a.Code())
					continue
				}
				require.Equal(t, "invalid_request", a.Query.Get("error"), "%q %s: %s", mode, responseType, a.Location)
				require.NotRegexp(t, ourSecret, a.Location)
				require.NotRegexp(t, ourSecret, a.Body)
			}
		}
		for _, responseType := range []string{"code token", "token code", "code id_token", "id_token", "none", "CODE", "code ", " code", "code\x00", "code,token"} {
			a := b.Authorize(t, app, "response_type="+responseType)
			require.Equal(t, "unsupported_response_type", a.Query.Get("error"), "%q: %s %s", responseType, a.Location, a.Body)
			require.NotRegexp(t, ourSecret, a.Location)
		}
		// The page that posts a code posts it only to the app.
		a := b.Authorize(t, app, "response_mode=form_post")
		require.Equal(t, http.StatusOK, a.Status)
		require.Contains(t, a.Header.Get("Cache-Control"), "no-store")
		require.Contains(t, a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Equal(t, testkit.RedirectURI, a.Page(t).Find("form").AttrOr("action", ""))
		// The app may have a private-use scheme.
		native := g.App(t, func(n *registration.NewApp) {
			n.IsPublic, n.IsTrusted, n.RedirectURIs = true, true, []string{"com.example.app:/cb"}
		})
		a = b.Authorize(t, native, "response_mode=form_post", "redirect_uri=com.example.app:/cb")
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "com.example.app:/cb", a.Page(t).Find("form").AttrOr("action", ""))
	})
}

// Attack: skip a check by a value of prompt (Pocket ID 8a757749). A request that is
// not valid gets the same error code with each prompt, login_hint and max_age.
func TestInvalidRequestsAreRefusedWithEveryPrompt(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		b.Code(t, app) // the consent is remembered
		for _, wrong := range []struct{ change, code string }{
			{"-code_challenge", "invalid_request"}, {"code_challenge_method=plain", "invalid_request"}, {"scope=\"", "invalid_scope"}, {"response_type=x", "unsupported_response_type"},
			{"resource=x", "invalid_target"}, {"request_uri=https://evil.example", "request_uri_not_supported"}, {"response_mode=x", "invalid_request"},
		} {
			for _, prompt := range []string{"-prompt", "prompt=none", "prompt=login", "prompt=consent", "prompt=select_account"} {
				for _, hint := range []string{"-login_hint", "login_hint=ada", "max_age=0"} {
					a := b.Authorize(t, app, wrong.change, prompt, hint)
					require.Equal(t, wrong.code, a.Query.Get("error"), "%s %s %s", wrong.change, prompt, hint)
				}
			}
		}
	})
}

func hex(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}
