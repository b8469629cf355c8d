package web_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
)

func newKeptForms(t *testing.T, secret byte) *web.KeptForms {
	t.Helper()
	forms, err := web.NewKeptForms(&url.URL{Scheme: "https", Host: "sso.example.com"}, []byte(strings.Repeat(string(secret), 32)))
	require.NoError(t, err)
	return forms
}

// keep refuses a form on the page /add and returns the URL that shows it, with the cookies
// that the browser then has.
func keep(t *testing.T, forms *web.KeptForms, form web.KeptForm, err error, before ...*http.Cookie) (target string, cookies []*http.Cookie) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/add", nil)
	for _, c := range before {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	require.True(t, forms.Refuse(w, r, slog.New(slog.DiscardHandler), "/add", &form, err))
	require.Equal(t, http.StatusSeeOther, w.Code)
	cookies = before
	for _, c := range w.Result().Cookies() {
		if c.MaxAge > 0 {
			cookies = append(cookies, c)
			continue
		}
		for i, old := range cookies {
			if old.Name == c.Name {
				cookies = append(cookies[:i:i], cookies[i+1:]...)
				break
			}
		}
	}
	return w.Header().Get("Location"), cookies
}

func load(forms *web.KeptForms, target, userID string, cookies ...*http.Cookie) web.KeptForm {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return forms.Load(r, userID)
}

func TestRefusedFormIsShownToItsUserOnEveryNode(t *testing.T) {
	forms, otherNode := newKeptForms(t, 's'), newKeptForms(t, 's')
	typed := web.KeptForm{UserID: "ana", Values: url.Values{"name": {"Notes"}}}
	target, cookies := keep(t, forms, typed, &web.FormError{Status: 400, Errors: map[string]string{"name": "too long"}})
	require.Len(t, cookies, 1)
	c := cookies[0]
	require.True(t, strings.HasPrefix(c.Name, "__Secure-gatehouse_form_"), c.Name)
	require.True(t, c.HttpOnly && c.Secure && c.SameSite == http.SameSiteLaxMode)
	require.Equal(t, "/add", c.Path, "no other page gets it")
	require.Equal(t, 900, c.MaxAge)
	require.NotContains(t, c.Value, "Notes")

	for range 2 { // a reload shows it again
		got := load(otherNode, target, "ana", c)
		require.Equal(t, "Notes", got.Values.Get("name"))
		require.Equal(t, 400, got.StatusCode())
		require.Equal(t, "too long", got.Errors["name"])
	}
	for name, got := range map[string]web.KeptForm{
		"another user":           load(forms, target, "ben", c),
		"a visitor":              load(forms, target, "", c),
		"without the cookie":     load(forms, target, "ana"),
		"without the parameter":  load(forms, "/add", "ana", c),
		"on another page":        load(forms, strings.Replace(target, "/add", "/edit", 1), "ana", c),
		"with another secret":    load(newKeptForms(t, 'x'), target, "ana", c),
		"with a changed value":   load(forms, target, "ana", &http.Cookie{Name: c.Name, Value: c.Value[:len(c.Value)-8] + "AAAAAAAA"}),
		"with another key":       load(forms, "/add?kept_form=zzzzzzzzzzzz", "ana", c),
		"with a nonsensical key": load(forms, "/add?kept_form=%00%0d%0a", "ana", c),
	} {
		require.Zero(t, got.At, name)
	}
}

func TestKeptFormHasALifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forms := newKeptForms(t, 's')
		target, cookies := keep(t, forms, web.KeptForm{UserID: "ana"}, &web.FormError{Status: 400})
		time.Sleep(14 * time.Minute)
		require.Equal(t, 400, load(forms, target, "ana", cookies...).Status)
		time.Sleep(2 * time.Minute)
		require.Zero(t, load(forms, target, "ana", cookies...).Status)
	})
}

func TestFailureIsKeptWithItsRequestID(t *testing.T) {
	forms := newKeptForms(t, 's')
	target, cookies := keep(t, forms, web.KeptForm{}, fmt.Errorf("secret detail: %w", gatehouse.ErrUnavailable))
	got := load(forms, target, "ana", cookies...)
	require.Equal(t, 503, got.Status)
	require.Equal(t, "2", got.RetryAfter)
	require.Contains(t, got.Message, "try again in a few seconds")
	target, cookies = keep(t, forms, web.KeptForm{}, errors.New("secret detail"))
	got = load(forms, target, "ana", cookies...)
	require.Equal(t, 500, got.Status)
	require.NotContains(t, got.Message, "secret detail")
}

func TestTabsKeepTheirFormsButCookiesDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forms := newKeptForms(t, 's')
		var cookies []*http.Cookie
		var targets []string
		for i := range 30 {
			var target string
			target, cookies = keep(t, forms, web.KeptForm{UserID: "ana", Values: url.Values{"name": {fmt.Sprint(i)}}}, &web.FormError{Status: 400}, cookies...)
			targets = append(targets, target)
			require.LessOrEqual(t, len(cookies), 8)
			time.Sleep(time.Millisecond) // the order of the forms
		}
		for i, target := range targets {
			got := load(forms, target, "ana", cookies...)
			if i < 22 {
				require.Zero(t, got.At, i)
			} else {
				require.Equal(t, fmt.Sprint(i), got.Values.Get("name"))
			}
		}

		// Long forms: together they stay below what nginx accepts in one header.
		cookies = nil
		for range 10 {
			_, cookies = keep(t, forms, web.KeptForm{UserID: "ana", Values: url.Values{"name": {strings.Repeat("x", 1800)}}}, &web.FormError{Status: 400}, cookies...)
			size := 0
			for _, c := range cookies {
				size += len(c.Name) + len(c.Value)
			}
			require.Less(t, size, 6000)
		}
	})
}

func TestFormThatIsTooLongForACookieIsNotKept(t *testing.T) {
	forms := newKeptForms(t, 's')
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/add", nil)
	form := web.KeptForm{Values: url.Values{"name": {strings.Repeat("x", 3000)}}}
	require.False(t, forms.Refuse(w, r, slog.New(slog.DiscardHandler), "/add", &form, &web.FormError{Status: 400, Errors: map[string]string{"name": "too long"}}))
	require.Empty(t, w.Header())
	require.Equal(t, "too long", form.Errors["name"], "for the direct answer")
}

func TestMobileAppGetsARefusedFormAsJSON(t *testing.T) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/login", nil)
	r.Header.Set("X-Mobile-App", "1")
	require.True(t, newKeptForms(t, 's').Refuse(w, r, slog.New(slog.DiscardHandler), "/login", &web.KeptForm{}, web.Forbidden(nil)))
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Contains(t, w.Body.String(), "api.context.permissions.app_error")
}

func TestKeepFieldsCopiesOnlyTheNamedFields(t *testing.T) {
	kept := web.KeepFields("username", "email")(url.Values{"username": {"ana"}, "password": {"secret"}})
	require.Equal(t, url.Values{"username": {"ana"}}, kept)
}

func TestCutKeptForm(t *testing.T) {
	require.Equal(t, "client_id=x&kept_form=y", web.CutKeptForm("client_id=x&kept_form=y"), "a parameter of the client")
	require.Equal(t, "client_id=x", web.CutKeptForm("kept_form=abc&client_id=x"))
	require.Empty(t, web.CutKeptForm("kept_form=abc"))
}
