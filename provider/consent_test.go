package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

func TestConsentIsAskedOnceAndRemembered(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.Name = "Wiki <b>&" })
		b := g.SignedIn(t, g.User(t, "ada"))
		page := b.Authorize(t, app)
		require.Equal(t, http.StatusOK, page.Status)
		text := page.Page(t).Text()
		require.Contains(t, text, "Wiki <b>&", "names are shown as text")
		require.Contains(t, text, "app.example.com", "the page names the host that receives the response")
		require.Contains(t, text, "ada", "the page says who is signed in")
		require.NotContains(t, page.Header.Get("Content-Security-Policy"), "form-action", "the app may redirect anywhere")
		require.Contains(t, page.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")

		answer := b.Decide(t, page, "allow")
		require.Equal(t, http.StatusSeeOther, answer.Status, "the browser does not post the form again")
		require.NotEmpty(t, answer.Code())
		require.Equal(t, "xyz", answer.Query.Get("state"))
		require.Equal(t, g.URL, answer.Query.Get("iss"))

		require.NotEmpty(t, b.Authorize(t, app).Code(), "remembered")
		require.Equal(t, http.StatusOK, b.Authorize(t, app, "scope=user files").Status, "a new scope needs consent")
		require.Equal(t, http.StatusOK, b.Authorize(t, app, "prompt=consent").Status, "the client wants the user to be asked again")
		require.Contains(t, b.Authorize(t, app, "scope=files").Page(t).Text(), "See who you are", "every token shows who the user is")
		other := g.SignedIn(t, g.User(t, "bob"))
		require.Equal(t, http.StatusOK, other.Authorize(t, app).Status, "another user is asked, too")
	})
}

func TestDenialIsSentToTheClientAndNotRemembered(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		for range 2 {
			answer := b.Decide(t, b.Authorize(t, app), "deny")
			require.Equal(t, "access_denied", answer.Query.Get("error"))
			require.Equal(t, "xyz", answer.Query.Get("state"))
			require.Equal(t, g.URL, answer.Query.Get("iss"))
			require.Empty(t, answer.Code())
		}
		implicit := b.Decide(t, b.Authorize(t, app, "response_type=token"), "deny")
		require.Contains(t, implicit.Location, "#", "the response to an implicit request is in the fragment")
		require.Equal(t, "access_denied", implicit.Query.Get("error"))
	})
}

func TestTrustedAppNeverAsksForConsent(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		a := b.Authorize(t, app)
		require.Equal(t, http.StatusFound, a.Status)
		g.Redeem(t, app, a.Code())
		require.NotEmpty(t, b.Authorize(t, app, "scope=more").Code())
		require.Equal(t, "code", keyOf(b.Authorize(t, app, "prompt=none").Query))
	})
}

func TestPrompts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		require.Equal(t, "login_required", g.NewBrowser(t).Authorize(t, app, "prompt=none").Query.Get("error"))
		b := g.SignedIn(t, g.User(t, "ada"))
		require.Equal(t, "consent_required", b.Authorize(t, app, "prompt=none").Query.Get("error"))
		b.Code(t, app)
		require.NotEmpty(t, b.Authorize(t, app, "prompt=none").Code())

		again := b.Authorize(t, app, "prompt=login")
		require.Equal(t, http.StatusSeeOther, again.Status)
		require.Equal(t, "login", again.Query.Get("prompt"), "an existing session is not enough")
		back, err := url.Parse(again.Query.Get("redirect_to"))
		require.NoError(t, err)
		returned := b.Get(t, back.String())
		require.Equal(t, http.StatusSeeOther, returned.Status, "opening the return URL without signing in is not enough")
		b.SignIn(t, b.User)
		require.NotEmpty(t, b.Get(t, back.String()).Code(), "the user is asked once")
		require.Equal(t, http.StatusSeeOther, b.Authorize(t, app, "prompt=login").Status, "a later request asks again")
		require.Equal(t, http.StatusSeeOther, b.Get(t, strings.Replace(back.String(), "state=xyz", "state=abc", 1)).Status, "another request asks again")

		other := b.Authorize(t, app, "prompt=select_account", "login_hint=bob@example.com")
		require.Equal(t, "select_account", other.Query.Get("prompt"))
		r, err := http.NewRequest(http.MethodGet, g.URL+other.Location, nil)
		require.NoError(t, err)
		require.Equal(t, "bob@example.com", b.Do(t, r).Page(t).Find(`[name="login_id"]`).AttrOr("value", ""))

		require.NotEmpty(t, b.Authorize(t, app, "max_age=60").Code(), "signed in recently enough")
		aged := b.Authorize(t, app, "max_age=0")
		require.Equal(t, http.StatusSeeOther, aged.Status)
		require.Equal(t, http.StatusSeeOther, b.Get(t, aged.Query.Get("redirect_to")).Status, "opening the return URL without signing in is not enough")
		b.SignIn(t, b.User)
		require.NotEmpty(t, b.Get(t, aged.Query.Get("redirect_to")).Code())

		both := b.Authorize(t, app, "prompt=login consent")
		b.SignIn(t, b.User)
		page := b.Get(t, both.Query.Get("redirect_to"))
		require.Equal(t, http.StatusOK, page.Status, "the user signs in, then is asked for consent")
		require.NotEmpty(t, b.Decide(t, page, "allow").Code())
		require.Equal(t, "login_required", b.Authorize(t, app, "max_age=0", "prompt=none").Query.Get("error"))
	})
}

// The consent page of one user cannot be submitted by another user who has signed in
// since, or by a page of another site.
func TestForgedDecisionIsAskedAgain(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		ada, bob := g.SignedIn(t, g.User(t, "ada")), g.SignedIn(t, g.User(t, "bob"))
		page := ada.Authorize(t, app)
		answered := bob.Decide(t, page, "allow")
		require.Equal(t, http.StatusOK, answered.Status)
		require.Contains(t, answered.Page(t).Text(), "bob", "the page asks the user who is signed in now")

		post := func(form string) testkit.Answer {
			r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/authorize?"+testkit.AuthorizeQuery(app).Encode(), strings.NewReader(form))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return ada.Do(t, r)
		}
		for _, form := range []string{"decision=allow", "decision=allow&csrf_token=", "decision=allow&csrf_token=x", ""} {
			require.Empty(t, post(form).Code(), form)
		}
		require.Equal(t, http.StatusOK, ada.Authorize(t, app).Status, "no consent was stored")

		signedOut := g.NewBrowser(t).Decide(t, page, "allow")
		require.Equal(t, http.StatusSeeOther, signedOut.Status)
		require.True(t, strings.HasPrefix(signedOut.Location, "/login?"))
	})
}

// The request is checked again when the form is submitted. Changes since then apply.
func TestRequestIsCheckedAgainOnSubmit(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		app := g.App(t, nil)
		page := b.Authorize(t, app)
		_, err := g.Apps.Update(t.Context(), app.ID, "", func(a *gatehouse.App) error {
			a.RedirectURIs = []string{"https://app.example.com/new"}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, b.Follow(t, b.Decide(t, page, "allow")).Status, "the redirect URI was removed from the app")

		implicit := g.App(t, nil)
		page = b.Authorize(t, implicit, "response_type=token")
		g.Set(t, gatehouse.SettingEnableImplicitGrant, "false")
		require.Equal(t, "unsupported_response_type", b.Decide(t, page, "allow").Query.Get("error"), "the implicit grant was turned off")
		g.Set(t, gatehouse.SettingEnableImplicitGrant, "true")

		deleted := g.App(t, nil)
		page = b.Authorize(t, deleted)
		require.NoError(t, g.Apps.Delete(t.Context(), deleted.ID, ""))
		require.Equal(t, http.StatusNotFound, b.Follow(t, b.Decide(t, page, "allow")).Status)

		off := g.App(t, nil)
		page = b.Authorize(t, off)
		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		require.Equal(t, http.StatusNotImplemented, b.Follow(t, b.Decide(t, page, "allow")).Status)
	})
}

func TestAuthorizationRequestByPOST(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		q := testkit.AuthorizeQuery(app).Encode()
		r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/authorize", strings.NewReader(q))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a := b.Do(t, r)
		require.Equal(t, http.StatusSeeOther, a.Status)
		require.Equal(t, "/oauth/authorize?"+q, a.Location)
	})
}

func TestDeauthorize(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		tokens := g.Redeem(t, app, b.Code(t, app))
		post := func(token, body string, header ...string) testkit.Answer {
			r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/deauthorize", strings.NewReader(body))
			require.NoError(t, err)
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			if token != "" {
				return g.NewBrowser(t).Do(t, r)
			}
			return b.Do(t, r)
		}
		xhr := []string{"X-Requested-With", "XMLHttpRequest"}
		require.Equal(t, http.StatusForbidden, post(tokens.AccessToken, `{"client_id":"`+app.ID+`"}`).Status, "an access token cannot deauthorize apps")
		for _, body := range []string{"", "null", "[]", "{}", `{"client_id":"x"}`, `{"client_id":7}`} {
			a := post("", body, xhr...)
			require.Equal(t, http.StatusBadRequest, a.Status, body)
			require.Contains(t, a.Body, "api.context.invalid_body_param.app_error")
		}
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status)

		require.JSONEq(t, `{"status":"OK"}`, post("", `{"client_id":"`+app.ID+`"}`, xhr...).Body)
		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.JSONEq(t, `{"status":"OK"}`, post("", `{"client_id":"`+gatehouse.NewID()+`"}`, xhr...).Body, "an unknown app is not an error")
		require.Equal(t, http.StatusOK, b.Authorize(t, app).Status, "asked again")

		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		require.Equal(t, http.StatusNotImplemented, post("", `{"client_id":"`+app.ID+`"}`, xhr...).Status)
	})
}

// A remembered consent is written once an hour only, for its time of last use.
func TestConsentLastUseIsStoredOnceAnHour(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, ada := g.App(t, nil), g.User(t, "ada")
		b := g.SignedIn(t, ada)
		b.Code(t, app)
		first, err := g.Store.Consent(t.Context(), ada.ID, app.ID)
		require.NoError(t, err)
		require.NoError(t, g.Store.TouchConsent(t.Context(), first.ID, time.Now().Add(-2*time.Hour)))
		b.Code(t, app)
		touched, err := g.Store.Consent(t.Context(), ada.ID, app.ID)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), touched.LastUsedAt, time.Minute)
		b.Code(t, app)
		again, err := g.Store.Consent(t.Context(), ada.ID, app.ID)
		require.NoError(t, err)
		require.Equal(t, touched.LastUsedAt, again.LastUsedAt)
		require.Equal(t, first.ID, again.ID)
	})
}

func keyOf(q url.Values) string {
	for _, k := range []string{"error", "code"} {
		if q.Get(k) != "" {
			return k
		}
	}
	return ""
}
