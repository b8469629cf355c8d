package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/web"
)

func TestNoticeIsShownOnce(t *testing.T) {
	notices := web.Notices{Cookie: "notice", BasePath: "/sso", SiteHTTPS: true}
	sentences := map[string]string{"saved": "The settings were saved."}

	w := httptest.NewRecorder()
	notices.Redirect(w, httptest.NewRequest(http.MethodPost, "/sso/console", nil), "/sso/console", "saved")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/sso/console", w.Header().Get("Location"))
	cookie := w.Result().Cookies()[0]
	require.Equal(t, "/sso/", cookie.Path)
	require.True(t, cookie.Secure)
	require.True(t, cookie.HttpOnly)

	r := httptest.NewRequest(http.MethodGet, "/sso/console", nil)
	require.Empty(t, notices.Take(httptest.NewRecorder(), r, sentences), "without the cookie")
	r.AddCookie(cookie)
	w = httptest.NewRecorder()
	require.Equal(t, "The settings were saved.", notices.Take(w, r, sentences))
	require.Negative(t, w.Result().Cookies()[0].MaxAge, "the cookie is deleted")
	require.Equal(t, "/sso/", w.Result().Cookies()[0].Path)

	r = httptest.NewRequest(http.MethodGet, "/sso/console", nil)
	r.AddCookie(&http.Cookie{Name: cookie.Name, Value: "Send your password to us"})
	require.Empty(t, notices.Take(httptest.NewRecorder(), r, sentences), "only the page's own sentences")
}
