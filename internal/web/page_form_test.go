package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// formSite has one form, at /form. Its fields stand for a session and a database.
type formSite struct {
	user      string // who is signed in; "" for no user
	down      bool   // the database does not answer
	refuse    error  // what the form returns
	carried   []url.Values
	sentLogin string // the return URL of the last redirect to the sign-in page
}

func (s *formSite) Caller(*http.Request) (gatehouse.Caller, error) {
	switch {
	case s.down:
		return gatehouse.Caller{}, fmt.Errorf("query: %w", gatehouse.ErrUnavailable)
	case s.user == "":
		return gatehouse.Caller{}, gatehouse.ErrNotFound
	}
	return gatehouse.Caller{User: gatehouse.User{ID: s.user, Username: s.user}}, nil
}

func (s *formSite) RedirectToLogin(w http.ResponseWriter, r *http.Request, returnURL string) {
	s.sentLogin = returnURL
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func (s *formSite) Settings(context.Context) (gatehouse.Settings, error) {
	return gatehouse.Settings{}, nil
}

// formAnswer is what a browser gets.
type formAnswer struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
	page    *goquery.Document
}

// newFormSite returns the site and a browser that does not follow redirects.
func newFormSite(t *testing.T) (s *formSite, send func(method, target string, form url.Values) formAnswer) {
	t.Helper()
	renderer, err := templates.New(templates.Site{})
	require.NoError(t, err)
	s = &formSite{user: "ana"}
	pages := web.Pages{SignIn: s, Settings: s, Renderer: renderer, Log: slog.New(slog.DiscardHandler)}
	show := func(w http.ResponseWriter, _ *http.Request, v web.Visit) error {
		return renderer.Render(w, v.Kept.StatusCode(), v.Frame(), templates.UserFormPage{Username: v.Kept.Values.Get("username"), Errors: v.Kept.Errors})
	}
	form := web.Form{Show: show, Keep: web.KeepFields("username"), Do: func(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
		if s.refuse != nil {
			return s.refuse
		}
		s.carried = append(s.carried, r.PostForm)
		web.Redirect(w, r, "/done")
		return nil
	}}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	site, err := url.Parse(server.URL)
	require.NoError(t, err)
	pages.Forms, err = web.NewKeptForms(site, make([]byte, 32))
	require.NoError(t, err)
	mux.Handle("GET /form", pages.Handle(show))
	mux.Handle("POST /form", pages.Form(form))
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s, func(method, target string, form url.Values) formAnswer {
		t.Helper()
		r, err := http.NewRequest(method, server.URL+target, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := browser.Do(r)
		require.NoError(t, err)
		defer func() { require.NoError(t, res.Body.Close()) }()
		page, err := goquery.NewDocumentFromReader(res.Body)
		require.NoError(t, err)
		return formAnswer{res.StatusCode, res.Header, res.Cookies(), page}
	}
}

func typedUser(name string) url.Values {
	return url.Values{"username": {name}, "password": {"a secret"}, web.FieldUser: {"ana"}}
}

// The database does not answer, neither to the form nor to its page. The error page leads
// to the page again, which has the input once the database is back.
func TestOutageKeepsWhatWasTyped(t *testing.T) {
	s, send := newFormSite(t)
	s.down = true
	got := send(http.MethodPost, "/form", typedUser("eve"))
	require.Equal(t, http.StatusSeeOther, got.status)
	target := got.header.Get("Location")
	got = send(http.MethodGet, target, nil)
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Equal(t, "2", got.header.Get("Retry-After"))
	require.Equal(t, "Try again", got.page.Find("main a").Text())
	require.Equal(t, target, got.page.Find("main a").AttrOr("href", ""))

	s.down = false
	got = send(http.MethodGet, target, nil)
	require.Equal(t, http.StatusServiceUnavailable, got.status, "the status of the form")
	require.Contains(t, got.page.Find(".notice.bad").Text(), "The database cannot be reached at the moment.")
	require.Equal(t, "eve", got.page.Find("#username").AttrOr("value", ""))
	require.Empty(t, s.carried)
	got = send(http.MethodPost, "/form", typedUser("eve"))
	require.Equal(t, "/done", got.header.Get("Location"))
	require.Len(t, s.carried, 1)
}

func TestFormOfAnEndedSessionIsShownToItsUserAfterSigningIn(t *testing.T) {
	s, send := newFormSite(t)
	s.user = ""
	got := send(http.MethodPost, "/form", typedUser("eve"))
	require.Equal(t, "/login", got.header.Get("Location"))
	require.True(t, strings.HasPrefix(s.sentLogin, "/form?kept_form="), s.sentLogin)
	require.Empty(t, s.carried)
	for user, want := range map[string]string{"ana": "eve", "ben": ""} {
		s.user = user
		got := send(http.MethodGet, s.sentLogin, nil)
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, want, got.page.Find("#username").AttrOr("value", "missing"), user)
	}

	// A form that does not say who sees it keeps no input, only the message.
	s.user = ""
	send(http.MethodPost, "/form", url.Values{"username": {"eve"}})
	s.user = "ana"
	got = send(http.MethodGet, s.sentLogin, nil)
	require.Contains(t, got.page.Find(".notice.bad").Text(), "nothing was changed")
	require.Empty(t, got.page.Find("#username").AttrOr("value", "missing"))
}

// A form that is too long for a cookie is answered with its page, so that the input is not
// lost.
func TestLongFormIsAnsweredDirectly(t *testing.T) {
	s, send := newFormSite(t)
	long := strings.Repeat("x", 5000)
	s.refuse = &web.FormError{Status: http.StatusBadRequest, Errors: map[string]string{"username": "Too long."}}
	got := send(http.MethodPost, "/form", typedUser(long))
	require.Equal(t, http.StatusBadRequest, got.status)
	require.Equal(t, long, got.page.Find("#username").AttrOr("value", ""))
	require.Contains(t, got.page.Find("#username-error").Text(), "Too long.")

	s.refuse = web.Forbidden(nil)
	got = send(http.MethodPost, "/form", typedUser(long))
	require.Equal(t, http.StatusForbidden, got.status)
	require.Equal(t, long, got.page.Find("#username").AttrOr("value", ""))

	s.user = ""
	got = send(http.MethodPost, "/form", typedUser(long))
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.Contains(t, got.page.Find(".message").Text(), "Sign in in another tab of the browser.")
	require.Equal(t, "/form", got.page.Find("main a").AttrOr("href", ""))
	require.Empty(t, s.carried)
}

// No cookie holds the password, and none is set by a form that was carried out.
func TestPasswordIsNeverKept(t *testing.T) {
	s, send := newFormSite(t)
	got := send(http.MethodPost, "/form", typedUser("eve"))
	require.Empty(t, got.cookies)
	s.refuse = &web.FormError{Status: http.StatusBadRequest}
	got = send(http.MethodPost, "/form", typedUser("eve"))
	short := len(got.cookies[0].Value)
	form := typedUser("eve")
	form.Set("password", strings.Repeat("p", 1000))
	got = send(http.MethodPost, "/form", form)
	require.Len(t, got.cookies[0].Value, short, "the sealed value does not grow with the password")
	got = send(http.MethodGet, got.header.Get("Location"), nil)
	require.NotContains(t, got.page.Text(), "ppp")
}
