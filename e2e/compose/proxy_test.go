package compose_test

import (
	"crypto/tls"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSiteUsesTLSOnly(t *testing.T) {
	address := strings.TrimPrefix(site(), "https://")
	_, err := tls.Dial("tcp", address, &tls.Config{MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true}) //nolint:gosec // the server must refuse it
	require.Error(t, err, "TLS 1.1")

	page, err := newBrowser(t).get(t.Context(), proxied(t), "/login")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, page.Header.Get("Strict-Transport-Security"), "max-age=63072000")
	require.Equal(t, "nginx", page.Header.Get("Server"), "the header has no version")

	b := newBrowser(t)
	newUser(t, "cookies")
	cookies := b.signIn(t, proxied(t), "cookies", password).Cookies()
	require.Len(t, cookies, 1)
	for _, c := range cookies {
		require.True(t, c.Secure, c.Name)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite, c.Name)
		require.Regexp(t, `^__Host-gatehouse_session_[0-9a-f]{8}$`, c.Name)
		require.True(t, c.HttpOnly, c.Name)
	}
}

func TestPlainHTTPRedirectsBrowsersAndRefusesForms(t *testing.T) {
	plain := "http://localhost:" + os.Getenv("HTTP_PORT")
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plain+"/oauth/authorize?client_id=x", nil)
	require.NoError(t, err)
	r.Host = "evil.example.com"
	res, err := c.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusPermanentRedirect, res.StatusCode)
	require.Equal(t, site()+"/oauth/authorize?client_id=x", res.Header.Get("Location"))

	r, err = http.NewRequestWithContext(t.Context(), http.MethodPost, plain+"/oauth/access_token", strings.NewReader("client_secret=x"))
	require.NoError(t, err)
	res, err = c.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}

// forged adds the headers with which a client claims another address or host.
func forged(r *http.Request) {
	for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP"} {
		r.Header.Set(name, "203.0.113.9")
	}
	r.Header.Add("X-Forwarded-For", "203.0.113.10")
	r.Header.Set("Forwarded", "for=203.0.113.9;proto=http;host=evil.example.com")
	r.Header.Set("X-Forwarded-Proto", "http")
	r.Header.Set("X-Forwarded-Host", "evil.example.com")
}

func TestForwardedHeadersOfClientsHaveNoEffect(t *testing.T) {
	newUser(t, "liar")
	for name, via := range map[string]route{"through nginx": proxied(t), "at a node": direct(t, 1)} {
		t.Run(name, func(t *testing.T) {
			before := sql(t, "SELECT count(*) FROM audit_events WHERE event = 'login' AND outcome = 'success'")
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site()+"/api/v4/users/login", strings.NewReader(`{"login_id":"liar","password":"`+password+`"}`))
			require.NoError(t, err)
			forged(r)
			r.Header.Set("Content-Type", "application/json")
			in, err := (&browser{}).do(via, r)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, in.StatusCode, in.body)
			require.NotEqual(t, before, sql(t, "SELECT count(*) FROM audit_events WHERE event = 'login' AND outcome = 'success'"))
			ip := sql(t, "SELECT ip FROM audit_events WHERE event = 'login' ORDER BY at DESC LIMIT 1")
			require.NotContains(t, ip, "203.0.113")
			require.NotEqual(t, os.Getenv("NETWORK")+".2", ip, "the address of the client, not that of nginx")
		})
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site()+"/.well-known/oauth-authorization-server", nil)
	require.NoError(t, err)
	forged(r)
	metadata, err := (&browser{}).do(proxied(t), r)
	require.NoError(t, err)
	require.Contains(t, metadata.body, `"issuer":"`+site()+`"`)
	require.NotContains(t, metadata.body, "evil")
}

func TestNginxLimitsRequestSizes(t *testing.T) {
	via := proxied(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site()+"/oauth/access_token", strings.NewReader(strings.Repeat("x", 400<<10)))
	require.NoError(t, err)
	a, err := (&browser{}).do(via, r)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, a.StatusCode)

	long, err := newBrowser(t).get(t.Context(), via, "/login?redirect_to=%2F"+strings.Repeat("x", 40000))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, long.StatusCode, "a sign-in page may carry a long request")
	tooLong, err := newBrowser(t).get(t.Context(), via, "/login?redirect_to=%2F"+strings.Repeat("x", 100000))
	if err == nil { // over HTTP/2, nginx may close the connection
		require.GreaterOrEqual(t, tooLong.StatusCode, 400)
	}
}

func TestSiteWithoutNodesAnswers503WithRetryAfter(t *testing.T) {
	t.Cleanup(func() { restored(t) })
	via := proxied(t)
	sh(t, `compose stop -t 12 gateway-1 gateway-2 gateway-3`)
	for path, form := range map[string]string{"/login": "text/html", "/oauth/authorize": "text/html", "/api/v4/users/me": "application/json", "/readyz": "application/json"} {
		a, err := newBrowser(t).get(t.Context(), via, path)
		require.NoError(t, err)
		require.True(t, isRetryLater(a), "%s: %s", path, a.Status)
		require.Equal(t, form, a.Header.Get("Content-Type"))
	}
	got, err := app{ID: "x", Secret: "x"}.redeem(t.Context(), via, "x")
	require.ErrorIs(t, err, errNotNow)
	require.Equal(t, "temporarily_unavailable", got.Error)

	_, err = newBrowser(t).get(t.Context(), via, "/api/v4/users/me?access_token=secret-in-the-query")
	require.NoError(t, err)
	log := sh(t, `compose logs --no-color proxy 2>&1`)
	require.Contains(t, log, "/api/v4/users/me")
	require.NotContains(t, log, "secret-in-the-query")
}
