package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/account"
	"gatehouse/storage"
)

func TestSignInPageRedirectsToTheReturnURL(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store, func(c *siteConfig) { c.base = "/sso" })
		ana := s.user("ana")
		returnURL := "/sso/oauth/authorize?client_id=x&state=a%2Bb"
		w := s.do(form("ana", password, returnURL))
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, returnURL, w.Header().Get("Location"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))

		cookies := cookiesOf(w.Result())
		require.Len(t, cookies, 1, "only the site's own cookie")
		c := cookies[ownCookie]
		require.Equal(t, "/sso", c.Path)
		require.Equal(t, 30*24*3600, c.MaxAge)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.False(t, c.Secure)
		require.True(t, c.HttpOnly)
		w = s.do(request{path: me, own: c.Value})
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), ana.ID)
		require.Equal(t, http.StatusOK, s.do(request{path: me, cookie: c.Value}).Code, "the API accepts the token as MMAUTHTOKEN too")
		logout := request{method: "POST", path: "/api/v4/users/logout", own: c.Value}
		require.Equal(t, http.StatusUnauthorized, s.do(logout).Code, "the site's own cookie needs the CSRF check too")
		logout.header = http.Header{"X-Csrf-Token": {account.CSRFToken(c.Value)}}
		require.Equal(t, http.StatusOK, s.do(logout).Code)
	})
}

func TestReturnURLIsLocal(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	signedIn := s.signIn("ana")
	for target, want := range map[string]string{
		"":                          "/",
		"//evil.example":            "/",
		`/\evil.example`:            "/",
		`\\evil.example`:            "/",
		"https://evil.example":      "/",
		"HTTPS:evil.example":        "/",
		"javascript:alert(1)":       "/",
		"evil.example":              "/",
		" //evil.example":           "/",
		"/\t/evil.example":          "/",
		"/\r\nSet-Cookie: a=b":      "/",
		"/x\x00y":                   "/",
		"/%0d%0aSet-Cookie:%20a=b":  "/",
		"/settings/security#a":      "/",
		"/console?a=%0d%0ab":        "/console?a=%0d%0ab", // stays encoded
		"/settings/security?page=1": "/settings/security?page=1",
	} {
		w := s.do(form("ana", password, target))
		require.Equal(t, http.StatusSeeOther, w.Code, target)
		require.Equal(t, want, w.Header().Get("Location"), target)
		require.Len(t, w.Result().Cookies(), 1, target)

		w = s.do(request{path: "/login?redirect_to=" + url.QueryEscape(target), cookie: signedIn})
		require.Equal(t, http.StatusSeeOther, w.Code, target)
		require.Equal(t, want, w.Header().Get("Location"), target)

		w = s.do(request{path: "/login?redirect_to=" + url.QueryEscape(target)})
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, strings.TrimSuffix(want, "/"), hidden(t, w.Body.String(), "redirect_to"), target)
	}
}

func TestReturnURLStaysBelowTheBasePath(t *testing.T) {
	s := newSite(t, sqlite(t), func(c *siteConfig) { c.base = "/sso" })
	s.user("ana")
	signedIn := s.signIn("ana")
	for target, want := range map[string]string{
		"/sso":                      "/sso",
		"/sso/":                     "/sso/",
		"/sso/settings/security?a=": "/sso/settings/security?a=",
		"/sso/oauth/authorize?redirect_uri=https%3A%2F%2Fapp%2F..%2Fcb&state=/../x": "/sso/oauth/authorize?redirect_uri=https%3A%2F%2Fapp%2F..%2Fcb&state=/../x",

		"/":                        "/sso/",
		"/other":                   "/sso/",
		"/ssox":                    "/sso/",
		"/sso-admin/x":             "/sso/",
		"/SSO/x":                   "/sso/",
		"/sso/../other":            "/sso/",
		"/sso/..":                  "/sso/",
		"/sso/./x":                 "/sso/",
		"/sso/%2e%2e/other":        "/sso/",
		"/sso/%2E./other":          "/sso/",
		"/sso/.%2e/other":          "/sso/",
		"/sso/%252e%252e/other":    "/sso/",
		"/sso/..%2fother":          "/sso/",
		"/sso/..%252fother":        "/sso/",
		"/sso%2f..%2fother":        "/sso/",
		"/sso/..%5cother":          "/sso/",
		`/sso/..\other`:            "/sso/",
		`/sso\..\other`:            "/sso/",
		"/sso/x?a=\\..\\other":     "/sso/",
		"/sso#/../other":           "/sso/",
		"/sso/#/../../other":       "/sso/",
		"/sso/x?a#/../../other":    "/sso/",
		"/sso;/../x":               "/sso/",
		"/sso/..;/x":               "/sso/",
		"/sso/;/../../x":           "/sso/",
		"/sso//evil.example":       "/sso/",
		"/sso//../../evil.example": "/sso/",
		"//sso/x":                  "/sso/",
		"/sso/\u2025/x":            "/sso/", // a two-dot leader, which compatibility mapping makes dots
		"/sso/\uff0e\uff0e/x":      "/sso/", // full-width dots
		"/sso/\t../other":          "/sso/",
		"/sso/x?a=b c":             "/sso/",
		"/sso/x?a=\nb":             "/sso/",
		"sso/x":                    "/sso/",
		"?a=b":                     "/sso/",
		"#a":                       "/sso/",
	} {
		w := s.do(form("ana", password, target))
		require.Equal(t, http.StatusSeeOther, w.Code, target)
		require.Equal(t, want, w.Header().Get("Location"), target)

		w = s.do(request{path: "/login?redirect_to=" + url.QueryEscape(target), cookie: signedIn})
		require.Equal(t, http.StatusSeeOther, w.Code, target)
		require.Equal(t, want, w.Header().Get("Location"), target)
	}
}

// Browsers apply form-action to the redirects that follow the form, so the page of a
// form that can lead to a client is sent without form-action.
func TestSignInFormMayRedirectToTheClient(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	csp := func(r request) string { return s.do(r).Header().Get("Content-Security-Policy") }
	authorize := "/oauth/authorize?client_id=x"
	require.NotContains(t, csp(request{path: "/login?redirect_to=" + url.QueryEscape(authorize)}), "form-action")
	require.NotContains(t, csp(form("ana", "wrong password", authorize)), "form-action")
	require.Contains(t, csp(request{path: "/login"}), "form-action 'self'")
}
