package account_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestABrowserSignsInAndOut uses real connections and a real cookie jar.
func TestABrowserSignsInAndOut(t *testing.T) {
	s := newSite(t, sqlite(t), func(c *siteConfig) { c.base = "/sso" })
	ana := s.user("ana")
	server := httptest.NewServer(s.handler)
	defer server.Close()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	get := func(path string) (status int, body string) {
		r, err := browser.Get(server.URL + path)
		require.NoError(t, err)
		defer func() { _ = r.Body.Close() }()
		b, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		return r.StatusCode, string(b)
	}

	returnURL := "/sso/api/v4/users/me"
	status, page := get("/sso/login?redirect_to=" + url.QueryEscape(returnURL))
	require.Equal(t, http.StatusOK, status)
	r, err := browser.PostForm(server.URL+"/sso/login", url.Values{
		"login_id": {"ana"}, "password": {password}, "redirect_to": {hidden(t, page, "redirect_to")},
	})
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, returnURL, r.Request.URL.Path, "the browser is redirected to the return URL")

	status, body := get("/sso/login?redirect_to=" + url.QueryEscape(returnURL))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, ana.ID, "a signed-in browser is redirected at once")

	r, err = browser.PostForm(server.URL+"/sso/logout", nil)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	u, err := url.Parse(server.URL + "/sso/")
	require.NoError(t, err)
	require.Empty(t, jar.Cookies(u), "all cookies are deleted")
	status, _ = get(returnURL)
	require.Equal(t, http.StatusUnauthorized, status)
}
