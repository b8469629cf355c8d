package attacks_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// Attack: send headers that other servers trust. Gatehouse takes no identity,
// method, address or host from them.
func TestForgedHeadersHaveNoEffect(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		admin := g.Admin(t, "root")
		b := g.SignedIn(t, admin)
		for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"} {
			a := sendFrom(t, b, g, http.MethodPost, "/api/v4/oauth/apps/"+app.ID+"?_method=DELETE", "_method=DELETE", name, "DELETE", "X-Requested-With", "XMLHttpRequest", "Content-Type", form)
			require.Equal(t, http.StatusMethodNotAllowed, a.Status, name)
			a = sendFrom(t, b, g, http.MethodGet, "/oauth/access_token", "", name, "POST")
			require.Equal(t, http.StatusMethodNotAllowed, a.Status, name)
		}
		for _, header := range [][2]string{
			{"X-Forwarded-User", "root"}, {"X-Remote-User", "root"}, {"Remote-User", "root"}, {"X-Auth-Request-User", "root"}, {"X-Forwarded-Email", "root@example.com"}, {"X-WEBAUTH-USER", "root"},
			{"User-Agent", "kube-probe/1.30"}, {"User-Agent", "GoogleHC/1.0"}, {"X-Cloud-Token", "x"}, {"X-RemoteCluster-Token", "x"}, {"X-Original-URL", "/healthz"}, {"X-Rewrite-URL", "/healthz"}, {"X-Forwarded-Prefix", "/static"},
			{"X-Forwarded-For", "127.0.0.1"}, {"X-Real-IP", "127.0.0.1"}, {"Forwarded", "for=127.0.0.1"}, {"Cookie", "MMUSERID=" + admin.ID + "; MMCSRF=x"}, {"X-CSRF-Token", "x"}, {"X-Mobile-App", "1"},
		} {
			a := send(t, g, http.MethodGet, "/api/v4/users/me", "", header[0], header[1])
			require.Equal(t, http.StatusUnauthorized, a.Status, header)
			a = send(t, g, http.MethodGet, "/console", "", header[0], header[1])
			require.Equal(t, http.StatusSeeOther, a.Status, header)
		}
		// Host, and the headers that replace it elsewhere, appear in no response.
		for _, header := range [][2]string{
			{"Host", "evil.example"}, {"Host", "evil.example:80"}, {"X-Forwarded-Host", "evil.example"}, {"X-Host", "evil.example"}, {"Forwarded", "host=evil.example"},
			{"X-Forwarded-Server", "evil.example"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Scheme", "https"}, {"X-Original-Host", "evil.example"}, {"X-Forwarded-Port", "1"},
		} {
			for _, path := range []string{
				"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", "/api/v4/users/me", "/login", "/console", "/nowhere",
				"/oauth/authorize?" + testkit.AuthorizeQuery(app).Encode(),
			} {
				a := send(t, g, http.MethodGet, path, "", header[0], header[1])
				require.NotContains(t, a.Body, "evil.example", "%v %s", header, path)
				require.NotContains(t, a.Location, "evil.example", "%v %s", header, path)
				require.NotContains(t, a.Header.Get("WWW-Authenticate"), "evil.example", "%v %s", header, path)
				require.Empty(t, a.Header.Get("Strict-Transport-Security"), "%v: the site is http", header)
			}
			a := sendFrom(t, b, g, http.MethodGet, "/oauth/authorize?"+testkit.AuthorizeQuery(app, "prompt=none").Encode(), "", header[0], header[1])
			if a.Location != "" && a.Query.Get("iss") != "" {
				require.Equal(t, g.URL, a.Query.Get("iss"))
			}
		}
	})
}

// Attack: send a request that two programs read differently. Request smuggling
// depends on it.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		app := g.App(t, nil)
		token := grant(t, g, b, app).AccessToken
		const end = "Connection: close\r\n\r\n"
		for name, request := range map[string]string{
			"two lengths":               "POST /oauth/access_token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n" + end + "abcde",
			"length and chunks":         "POST /oauth/access_token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n" + end + "0\r\n\r\n",
			"an unknown coding":         "POST /oauth/access_token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n" + end + "0\r\n\r\n",
			"two hosts":                 "GET /login HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n" + end,
			"no host":                   "GET /login HTTP/1.1\r\n" + end,
			"a space before the colon":  "GET /login HTTP/1.1\r\nHost : localhost\r\n" + end,
			"a folded header":           "GET /login HTTP/1.1\r\nHost: localhost\r\n folded: b\r\nX\n: y\r\n" + end,
			"a NUL in a header":         "GET /login HTTP/1.1\r\nHost: localhost\r\nX: \x00\r\n" + end,
			"a path with a space":       "GET /login evil HTTP/1.1\r\nHost: localhost\r\n" + end,
			"a path with a NUL":         "GET /login\x00 HTTP/1.1\r\nHost: localhost\r\n" + end,
			"two Authorization headers": "GET /api/v4/users/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\nAuthorization: Bearer x\r\n" + end,
			"two in the other order":    "GET /api/v4/users/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\nauthorization: Bearer " + token + "\r\n" + end,
		} {
			status, response := raw(t, g, request)
			require.True(t, status >= 400 && status < 500 || status == http.StatusNotImplemented, "%s: %d %s", name, status, response)
			require.NotContains(t, response, "ada@example.com")
		}
		// From an absolute URL in the request line, the host and the path count (RFC 9112 §3.2.2).
		status, response := raw(t, g, "GET http://evil.example/console HTTP/1.1\r\nHost: localhost\r\n"+end)
		require.Equal(t, http.StatusMisdirectedRequest, status, "the host of the URL replaces the header")
		require.NotContains(t, response, "Location:")
		status, response = raw(t, g, "GET http://localhost/console HTTP/1.1\r\nHost: evil.example\r\n"+end)
		require.Equal(t, http.StatusSeeOther, status)
		require.Contains(t, response, "Location: /login?redirect_to=%2Fconsole")
		for _, path := range []string{
			"/api/v4/users/../users/me", "/api/v4/users/%6de", "/api/v4/users/me/", "/api/v4/users/me;x", "/api/v4/users/me%00", "/api/v4/users/me%2f", "/api/v4//users/me", "/API/v4/users/me", "/api/v4/users/me%20", "/api/v4/users/me.json", "/static/../api/v4/users/me", "/static/%2e%2e/api/v4/users/me", "/static/..%2fapi/v4/users/me", `/static/..\api\v4\users\me`, "/api/v4/users/me/.", "/./api/v4/users/me",
		} {
			status, response := raw(t, g, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+token+"\r\n"+end)
			require.Contains(t, []int{400, 401, 404}, status, "%s: %s", path, response)
			require.NotContains(t, response, "ada@example.com", path)
		}
	})
}

// Attack: send more than any honest client. Each request is refused with an error
// that names the reason, and takes no memory (Keycloak CVE-2026-4634).
func TestOversizedInputIsRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		code := b.Code(t, app)
		long := strings.Repeat("a", 1<<20)
		for _, name := range []string{"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope", "resource", "token"} {
			a := g.Token(t, testkit.RedeemForm(app, code, name+"="+long[:200_000]))
			require.Contains(t, []int{400, 401, 413}, a.Status, "%s: %.200s", name, a.Raw)
			require.Less(t, len(a.Raw), 2000, name)
		}
		require.Equal(t, http.StatusRequestEntityTooLarge, g.Token(t, testkit.RedeemForm(app, code, "x="+long)).Status)
		many := strings.Repeat("a&", 140_000)
		a := send(t, g, http.MethodPost, "/oauth/access_token", many, "Content-Type", form)
		require.Equal(t, http.StatusBadRequest, a.Status)
		for _, endpoint := range []string{"/oauth/introspect", "/oauth/revoke", "/login", "/setup", "/settings/security", "/api/v4/users/login", "/oauth/deauthorize", "/api/v4/oauth/apps", "/api/v4/oauth/apps/register"} {
			for _, contentType := range []string{form, "application/json", "multipart/form-data; boundary=x"} {
				a := sendFrom(t, b, g, http.MethodPost, endpoint, long, "Content-Type", contentType, "X-Requested-With", "XMLHttpRequest")
				require.Less(t, a.Status, 500, "%s %s: %.300s", endpoint, contentType, a.Body)
				require.NotContains(t, a.Body, long[:100])
			}
		}
		for _, change := range []string{"state", "scope", "resource", "code_challenge", "prompt", "login_hint", "max_age", "response_mode", "response_type", "x"} {
			a := b.Authorize(t, app, change+"="+long[:15_000])
			require.Less(t, a.Status, 500, change)
			require.Less(t, len(a.Location), 32_000, change)
		}
		require.Equal(t, http.StatusRequestURITooLong, b.Authorize(t, app, "state="+long[:20_000]).Status)
		require.Equal(t, http.StatusRequestURITooLong, send(t, g, http.MethodGet, "/api/v4/users/me?x="+long[:3000], "").Status)
		a = send(t, g, http.MethodGet, "/api/v4/users/me", "", "Authorization", "Bearer gtha_"+long[:70_000])
		require.Equal(t, http.StatusUnauthorized, a.Status)
		a = send(t, g, http.MethodGet, "/api/v4/users/me", "", "Cookie", strings.Repeat("MMAUTHTOKEN=x; ", 3000))
		require.Equal(t, http.StatusUnauthorized, a.Status)
		// Numbers that are not valid or too large.
		for _, age := range []string{"-1", "99999999999999999999999", "9223372036854775807", "9223372037", "1e9", "0x10", "NaN", "+5", " 5"} {
			a := b.Authorize(t, app, "max_age="+age, "prompt=none")
			require.NotEqual(t, "login_required", a.Query.Get("error"), "max_age=%s is no reason to ask for a sign-in of a moment ago: %s", age, a.Location)
		}
		g.Redeem(t, app, code)
	})
}

// Attack: make the gateway send a request to an address of the attacker
// (Keycloak CVE-2026-4874 and many others).
func TestGatehouseFetchesNoURL(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		var calls atomic.Int64
		trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
		defer trap.Close()
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		u := trap.URL + "/x"
		a := send(t, g, http.MethodPost, "/api/v4/oauth/apps/register", strings.ReplaceAll(`{"redirect_uris":["U"],"jwks_uri":"U","logo_uri":"U","client_uri":"U","tos_uri":"U","policy_uri":"U","sector_identifier_uri":"U",
			"request_uris":["U"],"initiate_login_uri":"U","backchannel_logout_uri":"U","software_statement":"U","client_id":"U"}`, "U", u))
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		for _, change := range []string{"request_uri=" + u, "resource=" + u, "client_id=" + u, "login_hint=" + u, "id_token_hint=" + u, "registration=" + u} {
			b.Authorize(t, app, change)
		}
		g.Redeem(t, app, b.Code(t, app, "resource="+u))
		require.Zero(t, calls.Load())
	})
}

// Attack: send a malformed Authorization header to every endpoint
// (Keycloak CVE-2026-9803: it caused a 500).
func TestNoAuthorizationHeaderCausesAServerError(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		app := g.App(t, nil)
		for _, value := range []string{
			"Bearer", "Bearer ", "Bearer  ", "bearer\t", "Bearer \xff\xfe", "Bearer gtha_", "Bearer gtha_====", "Bearer gtha_" + strings.Repeat("A", 60), "Bearer gtha_" + strings.Repeat("\xe2\x82\xac", 30), "Bearer gtha_AAAA.BBBB.CCCC",
			"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.", "token", "token ", "Basic", "Basic ", "Basic !", "Basic Og==", "Basic OjoO", "Basic " + strings.Repeat("QUFB", 2000), "Basic \xff", ",", "=", "\"", "Negotiate x", "DPoP x", "Digest username=\"x\"", strings.Repeat("x", 5000),
		} {
			for _, call := range [][2]string{
				{"GET", "/api/v4/users/me"}, {"POST", "/api/v4/oauth/apps/register"}, {"POST", "/oauth/access_token"}, {"POST", "/oauth/introspect"}, {"POST", "/oauth/revoke"}, {"POST", "/oauth/authorize"}, {"POST", "/oauth/deauthorize"},
				{"GET", "/oauth/authorize?" + testkit.AuthorizeQuery(app).Encode()}, {"GET", "/.well-known/oauth-authorization-server"}, {"GET", "/"}, {"GET", "/console"}, {"POST", "/api/v4/oauth/apps"}, {"GET", "/healthz"}, {"POST", "/api/v4/users/logout"},
			} {
				contentType := "application/json"
				if strings.HasPrefix(call[1], "/oauth/") && call[1] != "/oauth/authorize" && call[1] != "/oauth/deauthorize" {
					contentType = form
				}
				a := send(t, g, call[0], call[1], url.Values{"token": {"x"}, "grant_type": {"authorization_code"}, "code": {"x"}}.Encode(), "Authorization", value, "Content-Type", contentType)
				require.Less(t, a.Status, 500, "%q at %s: %s", value, call[1], a.Body)
			}
		}
	})
}
