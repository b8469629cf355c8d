package registration_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/test/testkit"
)

// caller calls the API and loads pages as one user.
type caller struct {
	t       *testing.T
	g       *testkit.Gateway
	browser *testkit.Browser
	bearer  string // an access token instead of a session
}

// as returns a caller who is signed in as the user.
func as(t *testing.T, g *testkit.Gateway, user gatehouse.User) *caller {
	t.Helper()
	return &caller{t: t, g: g, browser: g.SignedIn(t, user)}
}

// signedOut returns a caller who is not signed in.
func signedOut(t *testing.T, g *testkit.Gateway) *caller {
	t.Helper()
	return &caller{t: t, g: g, browser: g.NewBrowser(t)}
}

// actingFor returns an app that calls with an access token of the user.
func actingFor(t *testing.T, g *testkit.Gateway, user gatehouse.User) *caller {
	t.Helper()
	app := g.App(t, nil)
	c := signedOut(t, g)
	c.bearer = g.Redeem(t, app, g.SignedIn(t, user).Code(t, app)).AccessToken
	return c
}

// call sends a request to the API. It sends a string unchanged, and other values as JSON.
func (c *caller) call(method, path string, body any) testkit.Answer {
	c.t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(c.t, err)
		text = string(encoded)
	}
	r, err := http.NewRequest(method, c.g.URL+path, strings.NewReader(text))
	require.NoError(c.t, err)
	r.Header.Set("X-Requested-With", "XMLHttpRequest")
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	return c.browser.Do(c.t, r)
}

// app calls the API and expects an app.
func (c *caller) app(status int, method, path string, body any) web.AppJSON {
	c.t.Helper()
	a := c.call(method, path, body)
	require.Equal(c.t, status, a.Status, a.Body)
	require.Equal(c.t, "application/json", a.Header.Get("Content-Type"))
	var app web.AppJSON
	require.NoError(c.t, json.Unmarshal([]byte(a.Body), &app))
	return app
}

// apps calls the API and expects a list of apps.
func (c *caller) apps(path string) []web.AppJSON {
	c.t.Helper()
	a := c.call(http.MethodGet, path, nil)
	require.Equal(c.t, http.StatusOK, a.Status, a.Body)
	require.True(c.t, strings.HasPrefix(a.Body, "["), "an empty list is not null: %s", a.Body)
	var apps []web.AppJSON
	require.NoError(c.t, json.Unmarshal([]byte(a.Body), &apps))
	return apps
}

// refused calls the API and expects the contract's error body (C 1.1).
func (c *caller) refused(status int, id, method, path string, body any) string {
	c.t.Helper()
	a := c.call(method, path, body)
	requireRefusal(c.t, a, status, id)
	return a.Body
}

func requireRefusal(t *testing.T, a testkit.Answer, status int, id string) {
	t.Helper()
	var e struct {
		ID         string  `json:"id"`
		Message    string  `json:"message"`
		Detailed   *string `json:"detailed_error"`
		RequestID  string  `json:"request_id"`
		StatusCode int     `json:"status_code"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.Body), &e), a.Body)
	require.Equal(t, id, e.ID, a.Body)
	require.Equal(t, status, a.Status)
	require.Equal(t, status, e.StatusCode)
	require.NotEmpty(t, e.Message)
	require.NotNil(t, e.Detailed)
	require.Empty(t, *e.Detailed)
	require.Equal(t, a.Header.Get("X-Request-ID"), e.RequestID)
}

// get loads a page.
func (c *caller) get(path string) testkit.Answer {
	c.t.Helper()
	return c.browser.Get(c.t, path)
}

// post sends a form as a page of Gatehouse does.
func (c *caller) post(path string, form url.Values) testkit.Answer {
	c.t.Helper()
	return c.browser.Post(c.t, path, form)
}

// formOf returns the URL and the values that a browser sends for the page's form.
func formOf(t *testing.T, a testkit.Answer) (action string, values url.Values) {
	t.Helper()
	form := a.Page(t).Find("main form[method=post]")
	require.Equal(t, 1, form.Length(), a.Body)
	values = url.Values{}
	form.Find("input[name],textarea[name]").Each(func(_ int, s *goquery.Selection) {
		if _, disabled := s.Closest("fieldset").Attr("disabled"); disabled {
			return
		}
		if kind := s.AttrOr("type", ""); kind == "radio" || kind == "checkbox" {
			if _, checked := s.Attr("checked"); !checked {
				return
			}
		}
		value := s.AttrOr("value", "")
		if goquery.NodeName(s) == "textarea" {
			value = strings.TrimPrefix(s.Text(), "\n")
		}
		values.Add(s.AttrOr("name", ""), value)
	})
	return form.AttrOr("action", ""), values
}

// letUsersRegister gives manage_oauth to all users.
func letUsersRegister(t *testing.T, g *testkit.Gateway) {
	t.Helper()
	g.Set(t, gatehouse.SettingEnableUserAppRegistration, "true")
}

func turnOff(t *testing.T, g *testkit.Gateway) {
	t.Helper()
	g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
}

// stored loads the app from the database.
func stored(t *testing.T, g *testkit.Gateway, id string) gatehouse.App {
	t.Helper()
	app, err := g.Store.App(context.Background(), id)
	require.NoError(t, err)
	return app
}

const (
	apps     = "/api/v4/oauth/apps"
	appPages = "/integrations/oauth2-apps"
	forbids  = "api.context.permissions.app_error"
)

type object = map[string]any

// valid returns a body that registers an app, with changes. The value nil removes a member.
func valid(changes object) object {
	body := object{
		"name": "Acme Notes", "description": "Shared notes.", "icon_url": "https://app.example.com/icon.png",
		"callback_urls": []string{testkit.RedirectURI}, "homepage": "https://app.example.com",
	}
	for name, value := range changes {
		if value == nil {
			delete(body, name)
			continue
		}
		body[name] = value
	}
	return body
}
