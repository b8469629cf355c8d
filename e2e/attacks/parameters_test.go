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

// Attack: parameter pollution. What stands in the URL of a token request, or
// twice, must not have an effect (RFC 6749 §2.3.1, §3.2).
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
			escaped := "%" + strings.ToUpper(hex(name[0])) + name[1:] // the same name to whoever decodes it
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
		g.Redeem(t, app, code) // none of it used the code up
	})
}

// Attack: the same at the authorization endpoint. Who is asking and where the
// answer goes are never taken from the body, from a second value, or from
// another spelling of the name.
func TestAuthorizationParametersCannotBePolluted(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		evil := g.App(t, func(n *registration.NewApp) { n.RedirectURIs = []string{"https://evil.example/cb"} })
		b := g.SignedIn(t, g.User(t, "ada"))
		honest := testkit.AuthorizeQuery(app).Encode()
		for name, query := range map[string]string{
			"two clients":             honest + "&client_id=" + evil.ID,
			"two redirect URIs":       honest + "&redirect_uri=" + url.QueryEscape("https://evil.example/cb"),
			"an escaped second name":  honest + "&redirect%5Furi=" + url.QueryEscape("https://evil.example/cb"),
			"two clients, one empty":  honest + "&client_id=",
			"another app's URI":       testkit.AuthorizeQuery(app, "redirect_uri=https://evil.example/cb").Encode(),
			"a client in upper case":  testkit.AuthorizeQuery(app, "client_id="+strings.ToUpper(app.ID)).Encode(),
			"a client with a space":   testkit.AuthorizeQuery(app, "client_id="+app.ID+" ").Encode(),
			"a client with a NUL":     testkit.AuthorizeQuery(app, "client_id="+app.ID[:25]+"\x00").Encode(),
			"a client in other signs": testkit.AuthorizeQuery(app, "client_id="+strings.Repeat("ａ", 8)+"aa").Encode(),
			"a client of many digits": testkit.AuthorizeQuery(app, "client_id="+strings.Repeat("٣", 13)).Encode(),
			"a wildcard":              testkit.AuthorizeQuery(app, "client_id=%%%%%%%%%%%%%%%%%%%%%%%%%%").Encode(),
			"bytes that are no text":  testkit.AuthorizeQuery(app, "client_id=\xff\xfe"+app.ID[2:]).Encode(),
		} {
			t.Run(name, func(t *testing.T) {
				a := sendFrom(t, b, g, http.MethodGet, "/oauth/authorize?"+query, "")
				require.Contains(t, []int{400, 404}, a.Status, "a page of ours: %s %s", a.Location, a.Body)
				require.Empty(t, a.Location)
			})
		}
		for _, name := range []string{"Client_ID", "Redirect_Uri", "REDIRECT_URI", "redirect_uri[]", "redirect.uri", "redirect uri"} {
			a := sendFrom(t, b, g, http.MethodGet, "/oauth/authorize?"+honest+"&"+url.QueryEscape(name)+"="+url.QueryEscape("https://evil.example/cb"), "")
			require.Equal(t, http.StatusOK, a.Status)
			require.NotContains(t, a.Header.Get("Content-Security-Policy"), "evil.example")
			require.Equal(t, "app.example.com", a.Page(t).Find(".receiver .host").Text(), name)
		}

		// The consent form's body decides and nothing else.
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
		// And a decision in the URL decides nothing.
		other := g.App(t, nil)
		a = sendFrom(t, b, g, http.MethodGet, "/oauth/authorize?"+testkit.AuthorizeQuery(other).Encode()+"&decision=allow&csrf_token="+token, "")
		require.Equal(t, http.StatusOK, a.Status, "asked, not granted")
	})
}

// Attack: a redirect URI that one parser takes for the registered one and a
// browser for another (RFC 9700 §2.1, §4.1).
func TestARedirectURIHasOneSpelling(t *testing.T) {
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
			"https://mu\u0308nchen.example/cb", "https://xn--mnchen-3ya.example/cb", // the same host, another spelling
			"http://127.0.0.1@evil.example/cb", "http://evil.example@127.0.0.1:99/cb", "http://127.0.0.1.evil.example/cb", "http://127.0.0.1:99:80/cb", "http://127.0.0.1:/cb/x", "http://127.0.0.2/cb", "http://0x7f.1/cb", "http://2130706433/cb", "http://127.1/cb", "http://localhost/cb", "http://[::1]/cb", "http://[::ffff:127.0.0.1]/cb", "https://127.0.0.1:99/cb", "http://127.0.0.1:99/CB", "http://127.0.0.1:99/cb?x", "http://127.0.0.1:99/cb#x", "http://127.0.0.1:%39/cb",
			"javascript:alert(1)//https://app.example.com/cb", "data:text/html,x", "urn:ietf:wg:oauth:2.0:oob", "null", "*", "https://*/cb",
		} {
			a := b.Authorize(t, app, "redirect_uri="+uri)
			require.Equal(t, http.StatusBadRequest, a.Status, "%q: %s", uri, a.Location)
			require.Empty(t, a.Location, uri)
			login := g.NewBrowser(t).Authorize(t, app, "redirect_uri="+uri)
			require.Equal(t, http.StatusBadRequest, login.Status, "%q, nobody signed in", uri)
			none := b.Authorize(t, app, "redirect_uri="+uri, "prompt=none")
			require.Equal(t, http.StatusBadRequest, none.Status, "%q with prompt=none", uri)
		}
	})
}

// Attack: move the answer to where others read it. A token never goes into a
// query, a code goes where it was asked to go, and modes that we do not know
// carry nothing (OAuth 2.0 Multiple Response Types §2.1, §5).
func TestResponseModesMoveNoSecret(t *testing.T) {
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
		// A page that posts a code is for its app alone.
		a := b.Authorize(t, app, "response_mode=form_post")
		require.Equal(t, http.StatusOK, a.Status)
		require.Contains(t, a.Header.Get("Cache-Control"), "no-store")
		require.Contains(t, a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Equal(t, testkit.RedirectURI, a.Page(t).Find("form").AttrOr("action", ""))
		// Even to an app of its own scheme, and never to ourselves.
		native := g.App(t, func(n *registration.NewApp) {
			n.IsPublic, n.IsTrusted, n.RedirectURIs = true, true, []string{"com.example.app:/cb"}
		})
		a = b.Authorize(t, native, "response_mode=form_post", "redirect_uri=com.example.app:/cb")
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "com.example.app:/cb", a.Page(t).Find("form").AttrOr("action", ""))
	})
}

func hex(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}
