package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// RFC 6749 §4.1.2.1: without a valid client and redirect URI nothing is redirected.
// The user sees an error page.
func TestInvalidClientOrRedirectURIShowsAnErrorPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) {
			n.RedirectURIs = append(n.RedirectURIs, "https://app.example.com/two?x=1")
		})
		native := g.App(t, func(n *registration.NewApp) {
			n.IsPublic, n.RedirectURIs = true, []string{"com.example.app:/cb", "http://127.0.0.1/cb"}
		})
		b := g.SignedIn(t, g.User(t, "ada"))
		cases := []struct {
			name   string
			app    testkit.App
			status int
			change string
		}{
			{"no client", app, 400, "-client_id"},
			{"a malformed client", app, 400, "client_id=<script>"},
			{"an unknown client", app, 404, "client_id=" + gatehouse.NewID()},
			{"no redirect URI although several are registered", app, 400, "-redirect_uri"},
			{"another host", app, 400, "redirect_uri=https://evil.example.com/cb"},
			{"another path", app, 400, "redirect_uri=https://app.example.com/cb/"},
			{"another case", app, 400, "redirect_uri=https://APP.example.com/cb"},
			{"an upper-case scheme", app, 400, "redirect_uri=HTTPS://app.example.com/cb"},
			{"no scheme", app, 400, "redirect_uri=//app.example.com/cb"},
			{"a query more", app, 400, "redirect_uri=https://app.example.com/cb?a=b"},
			{"a query less", app, 400, "redirect_uri=https://app.example.com/two"},
			{"a fragment", app, 400, "redirect_uri=https://app.example.com/cb#x"},
			{"user information", app, 400, "redirect_uri=https://app.example.com@evil.example.com/cb"},
			{"user information before the right host", app, 400, "redirect_uri=https://evil@app.example.com/cb"},
			{"a backslash", app, 400, `redirect_uri=https://app.example.com\@evil.example.com/cb`},
			{"a control character", app, 400, "redirect_uri=https://app.example.com/cb\r\nSet-Cookie: a=b"},
			{"an encoded control character", app, 400, "redirect_uri=https://app.example.com/cb%0d%0a"},
			{"dot segments", app, 400, "redirect_uri=https://app.example.com/x/../cb"},
			{"javascript", app, 400, "redirect_uri=javascript:alert(1)"},
			{"data", app, 400, "redirect_uri=data:text/html,x"},
			{"user information on a loopback host", native, 400, "redirect_uri=http://user@127.0.0.1:99/cb"},
			{"a loopback look-alike", native, 400, "redirect_uri=http://127.0.0.1.evil.example.com/cb"},
			{"another loopback name", native, 400, "redirect_uri=http://localhost/cb"},
			{"https on a loopback host", native, 400, "redirect_uri=https://127.0.0.1/cb"},
			{"another scheme of its own", native, 400, "redirect_uri=com.example.evil:/cb"},
			{"an overlong redirect URI", app, 400, "redirect_uri=https://app.example.com/" + strings.Repeat("a", 2000)},
		}
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				a := b.Authorize(t, tc.app, "redirect_uri="+tc.app.RedirectURIs[0], tc.change)
				require.Equal(t, tc.status, a.Status, a.Body)
				require.Empty(t, a.Location)
				require.Contains(t, a.Header.Get("Content-Type"), "text/html")
				require.NotContains(t, a.Body, "<script>")
			})
		}
		t.Run("a repeated client or redirect URI", func(t *testing.T) {
			for _, name := range []string{"client_id", "redirect_uri"} {
				q := testkit.AuthorizeQuery(app)
				q.Add(name, q.Get(name))
				r, err := http.NewRequest(http.MethodGet, g.URL+"/oauth/authorize?"+q.Encode(), nil)
				require.NoError(t, err)
				a := b.Do(t, r)
				require.Equal(t, http.StatusBadRequest, a.Status)
				require.Empty(t, a.Location)
			}
		})
	})
}

// RFC 6749 §4.1.2.1, RFC 9207: every other error is sent to the client, with state and
// iss, even if the user is not signed in.
func TestOtherErrorsAreSentToTheClient(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		confidential, public := g.App(t, nil), g.PublicApp(t)
		browsers := map[string]*testkit.Browser{"signed in": g.SignedIn(t, g.User(t, "ada")), "not signed in": g.NewBrowser(t)}
		cases := []struct {
			name, code string
			app        testkit.App
			changes    []string
		}{
			{"no response type", "invalid_request", confidential, []string{"-response_type"}},
			{"an unknown response type", "unsupported_response_type", confidential, []string{"response_type=id_token"}},
			{"two response types", "unsupported_response_type", confidential, []string{"response_type=code token"}},
			{"a long state", "invalid_request", confidential, []string{"state=" + strings.Repeat("s", 1025)}},
			{"a long scope", "invalid_scope", confidential, []string{"scope=" + strings.Repeat("s", 2049)}},
			{"a scope with quotes", "invalid_scope", confidential, []string{`scope=a"b`}},
			{"a public client without PKCE", "invalid_request", public, []string{"-code_challenge", "-code_challenge_method"}},
			{"plain PKCE", "invalid_request", public, []string{"code_challenge_method=plain"}},
			{"PKCE without a method", "invalid_request", public, []string{"-code_challenge_method"}},
			{"lower-case s256", "invalid_request", public, []string{"code_challenge_method=s256"}},
			{"a method without a challenge", "invalid_request", public, []string{"-code_challenge"}},
			{"a short challenge", "invalid_request", public, []string{"code_challenge=short"}},
			{"a long challenge", "invalid_request", public, []string{"code_challenge=" + strings.Repeat("c", 129)}},
			{"a challenge with padding", "invalid_request", public, []string{"code_challenge=" + strings.Repeat("c", 43) + "="}},
			{"a relative resource", "invalid_target", public, []string{"resource=/api"}},
			{"a resource with a fragment", "invalid_target", public, []string{"resource=https://api.example.com#x"}},
			{"a long resource", "invalid_target", public, []string{"resource=https://api.example.com/" + strings.Repeat("r", 512)}},
			{"an unknown prompt", "invalid_request", public, []string{"prompt=unknown"}},
			{"an unknown prompt among others", "invalid_request", public, []string{"prompt=login unknown"}},
			{"prompt=none with another value", "invalid_request", public, []string{"prompt=none login"}},
			{"an unknown response mode", "invalid_request", public, []string{"response_mode=jwt"}},
			{"a token in the query", "invalid_request", public, []string{"response_type=token", "response_mode=query"}},
			{"a request object", "request_not_supported", public, []string{"request=eyJ"}},
			{"a request URI", "request_uri_not_supported", public, []string{"request_uri=https://evil.example.com/r"}},
		}
		for who, b := range browsers {
			for _, tc := range cases {
				t.Run(who+": "+tc.name, func(t *testing.T) {
					a := b.Authorize(t, tc.app, tc.changes...)
					require.True(t, strings.HasPrefix(a.Location, testkit.RedirectURI), "%d %s %s", a.Status, a.Location, a.Body)
					require.Equal(t, tc.code, a.Query.Get("error"), a.Location)
					require.NotEmpty(t, a.Query.Get("error_description"))
					require.Equal(t, g.URL, a.Query.Get("iss"))
					require.NotEmpty(t, a.Query.Get("state"))
					require.Empty(t, a.Query.Get("code"))
					require.Empty(t, a.Query.Get("access_token"))
				})
			}
		}
		t.Run("a repeated parameter", func(t *testing.T) {
			q := testkit.AuthorizeQuery(confidential)
			q.Add("scope", "a")
			q.Add("scope", "b")
			r, err := http.NewRequest(http.MethodGet, g.URL+"/oauth/authorize?"+q.Encode(), nil)
			require.NoError(t, err)
			require.Equal(t, "invalid_request", browsers["signed in"].Do(t, r).Query.Get("error"))
		})
	})
}

func TestResponseKeepsTheQueryOfTheRedirectURI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		uri := "https://app.example.com/cb?tenant=a%26b&state=mine&code=mine"
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted, n.RedirectURIs = true, []string{uri} })
		b := g.SignedIn(t, g.User(t, "ada"))
		a := b.Authorize(t, app, "redirect_uri="+uri, "state=their & own/état")
		require.Equal(t, http.StatusFound, a.Status)
		require.Equal(t, []string{"a&b"}, a.Query["tenant"])
		require.Equal(t, []string{"their & own/état"}, a.Query["state"])
		require.Len(t, a.Query["code"], 1)
		require.NotEqual(t, "mine", a.Code())
		g.Redeem(t, app, a.Code(), "redirect_uri="+uri)

		refused := b.Authorize(t, app, "redirect_uri="+uri, "response_type=x")
		require.Equal(t, []string{"a&b"}, refused.Query["tenant"], "once, not twice")
		require.Equal(t, []string{"xyz"}, refused.Query["state"])
	})
}

func TestStateIsOptionalAndMayHaveAnyLength(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		require.False(t, b.Authorize(t, app, "-state").Query.Has("state"))
		for _, state := range []string{"", "a", strings.Repeat("ä", 512)} {
			a := b.Authorize(t, app, "state="+state)
			require.NotEmpty(t, a.Code(), a.Location)
			require.Equal(t, []string{state}, a.Query["state"])
		}
	})
}

func TestSignInComesFirstAndReturnsToTheRequest(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		a := g.NewBrowser(t).Authorize(t, app)
		require.Equal(t, http.StatusSeeOther, a.Status)
		u, err := url.Parse(a.Location)
		require.NoError(t, err)
		require.Equal(t, "/login", u.Path)
		back := u.Query().Get("redirect_to")
		require.Equal(t, "/oauth/authorize?"+testkit.AuthorizeQuery(app).Encode(), back)

		sent := "/oauth/authorize?zeta=1&" + testkit.AuthorizeQuery(app).Encode() + "&nonce=a%20b" // neither sorted nor escaped in our way
		r, err := http.NewRequest(http.MethodGet, g.URL+sent, nil)
		require.NoError(t, err)
		u, err = url.Parse(g.NewBrowser(t).Do(t, r).Location)
		require.NoError(t, err)
		require.Equal(t, sent, u.Query().Get("redirect_to"), "the original request (C 1.2 step 4)")
	})
}

// An access token must not get codes for other apps. The contract allows it (C 1.2).
func TestAccessTokenDoesNotCountAsSignedIn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		tokens := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app))
		r, err := http.NewRequest(http.MethodGet, g.URL+"/oauth/authorize?"+testkit.AuthorizeQuery(app).Encode(), nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
		a := g.NewBrowser(t).Do(t, r)
		require.Equal(t, http.StatusSeeOther, a.Status)
		require.True(t, strings.HasPrefix(a.Location, "/login?"), a.Location)

		r, err = http.NewRequest(http.MethodGet, g.URL+"/oauth/authorize?access_token="+tokens.AccessToken+"&"+testkit.AuthorizeQuery(app).Encode(), nil)
		require.NoError(t, err)
		require.Empty(t, g.NewBrowser(t).Do(t, r).Code())
	})
}

// A self-registered client chooses its own redirect URI. Sending the browser there
// without the user's consent would be an open redirect (RFC 9700 §4.11.2).
func TestSelfRegisteredClientGetsErrorsOnlyAfterConsent(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.PublicApp(t)
		_, err := g.Store.UpdateApp(t.Context(), app.ID, func(a *gatehouse.App) error {
			a.IsDynamicallyRegistered = true
			return nil
		})
		require.NoError(t, err)
		requests := map[string][]string{
			"an unknown response type":    {"response_type=x"},
			"the implicit grant":          {"response_type=token"},
			"a bad scope":                 {`scope=a"b`},
			"no PKCE":                     {"-code_challenge", "-code_challenge_method"},
			"prompt=none":                 {"prompt=none"},
			"prompt=none with form_post":  {"prompt=none", "response_mode=form_post"},
			"prompt=none with fragment":   {"prompt=none", "response_mode=fragment"},
			"prompt=none and max_age=0":   {"prompt=none", "max_age=0"},
			"an unknown response mode":    {"response_mode=x"},
			"a request object":            {"request=eyJ"},
			"a bad scope and prompt=none": {`scope=a"b`, "prompt=none"},
		}
		consented := g.SignedIn(t, g.User(t, "bob"))
		consented.Code(t, app)
		for name, changes := range requests {
			t.Run(name, func(t *testing.T) {
				for who, b := range map[string]*testkit.Browser{"not signed in": g.NewBrowser(t), "signed in": g.SignedIn(t, g.User(t, strings.ToLower(gatehouse.NewID())))} {
					a := b.Authorize(t, app, changes...)
					require.GreaterOrEqual(t, a.Status, 400, who)
					require.Empty(t, a.Location, who)
					require.NotContains(t, a.Body, `action="`+testkit.RedirectURI, who)
				}
				if name == "prompt=none" { // the request is right now
					require.NotEmpty(t, consented.Authorize(t, app, changes...).Code())
					return
				}
				a := consented.Authorize(t, app, changes...)
				require.True(t, strings.HasPrefix(a.Location, testkit.RedirectURI) || strings.Contains(a.Body, `action="`+testkit.RedirectURI), "%d %s", a.Status, a.Location)
			})
		}
		asked := g.SignedIn(t, g.User(t, "eve"))
		require.Equal(t, "access_denied", asked.Decide(t, asked.Authorize(t, app), "deny").Query.Get("error"), "the user has seen where a denial goes")
	})
}

// A parameter that cannot be parsed must not be left out silently.
func TestMalformedQueryIsRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		authorize := func(query string) testkit.Answer {
			r, err := http.NewRequest(http.MethodGet, g.URL+"/oauth/authorize?"+query, nil)
			require.NoError(t, err)
			return b.Do(t, r)
		}
		good := testkit.AuthorizeQuery(app, "-state").Encode()
		for _, part := range []string{"state=a;b", "state=%zz", "scope=user;files", "state=%", "resource=https://x.example/%gg"} {
			a := authorize(good + "&" + part)
			require.Equal(t, "invalid_request", a.Query.Get("error"), part)
			require.True(t, strings.HasPrefix(a.Location, testkit.RedirectURI), part)
			require.Contains(t, a.Query.Get("error_description"), "%3B", part)
			require.Empty(t, a.Query.Get("code"), part)
		}
		for _, part := range []string{"redirect_uri=https://evil.example.com/;x", "client_id=a;b", "a;redirect_uri=https://evil.example.com/", "%zz=1", "client_id=%zz"} {
			a := authorize(good + "&" + part)
			require.Equal(t, http.StatusBadRequest, a.Status, part)
			require.Empty(t, a.Location, part)
		}
	})
}

// MCP clients ask for every scope that a resource lists.
func TestManyScopes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		var scopes []string
		for i := range 100 {
			scopes = append(scopes, fmt.Sprintf("https://api.example.com/scope-%02d", i))
		}
		scope := strings.Join(scopes, " ")[:2048]
		scope = scope[:strings.LastIndexByte(scope, ' ')]
		tokens := g.Redeem(t, app, b.Code(t, app, "scope="+scope))
		require.Equal(t, scope, tokens.Scope)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status)
		refreshed := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "scope="+scope))
		require.Equal(t, scope, refreshed.Scope)
	})
}
