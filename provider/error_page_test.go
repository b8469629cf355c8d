package provider_test

import (
	"context"
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

// selfRegisteredAs creates an app that registered itself.
func selfRegisteredAs(t *testing.T, g *testkit.Gateway, name, homepage string) testkit.App {
	t.Helper()
	app := gatehouse.App{
		ID: gatehouse.NewID(), Name: name, Homepage: homepage, RedirectURIs: []string{testkit.RedirectURI}, IsPublic: true,
		IsDynamicallyRegistered: true, TokenEndpointAuthMethod: gatehouse.AuthMethodNone, CreateAt: time.Now(), UpdateAt: time.Now(),
	}
	require.NoError(t, g.Store.CreateApp(context.Background(), app))
	return testkit.App{App: app}
}

// An error page of the authorization endpoint names the app and the redirect URI that was
// sent, and has a way back. It never links to what a request or a self-registered app
// chooses.
func TestErrorPageNamesTheAppAndWhatItSent(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		notes := g.App(t, func(n *registration.NewApp) { n.Name, n.Homepage = "Acme <Notes>", "https://notes.example.com/home" })
		bare := g.App(t, func(n *registration.NewApp) { n.Name = "Bare" })
		_, err := g.Store.UpdateApp(t.Context(), bare.ID, func(a *gatehouse.App) error { a.Homepage = "javascript:alert(1)"; return nil })
		require.NoError(t, err)
		itself := selfRegisteredAs(t, g, "Official bank", "https://evil.example.com/")
		b := g.SignedIn(t, g.User(t, "ada"))
		for name, tc := range map[string]struct {
			app        testkit.App
			changes    []string
			status     int
			shows, uri string
			back       string
		}{
			"a redirect URI that is not registered": {notes, []string{"redirect_uri=https://evil.example/cb?x=<b>"}, 400, "Acme <Notes>", "https://evil.example/cb?x=<b>", "https://notes.example.com/home"},
			"text instead of a redirect URI":        {notes, []string{"redirect_uri=Call 555\u202e now"}, 400, "Acme <Notes>", "Call%20555%E2%80%AE%20now", "https://notes.example.com/home"},
			"a script as a redirect URI":            {notes, []string{"redirect_uri=javascript:alert(1)"}, 400, "Acme <Notes>", "javascript:alert(1)", "https://notes.example.com/home"},
			"an app without a web page":             {bare, []string{"redirect_uri=https://evil.example/cb"}, 400, "Bare", "https://evil.example/cb", "/"},
			"a self-registered app":                 {itself, []string{"redirect_uri=https://evil.example/cb"}, 400, "Official bank", "https://evil.example/cb", "/"},
			"its refusal of another parameter":      {itself, []string{"response_type=x"}, 400, "Official bank", testkit.RedirectURI, "/"},
			"a long redirect URI":                   {notes, []string{"redirect_uri=https://evil.example/" + strings.Repeat("x", 3000)}, 400, "Acme <Notes>", "https://evil.example/" + strings.Repeat("x", 491) + "…", "https://notes.example.com/home"},
			"an unknown app":                        {notes, []string{"client_id=" + gatehouse.NewID()}, 404, "", "", "/"},
			"a malformed client ID":                 {notes, []string{"client_id=<script>"}, 400, "", "", "/"},
		} {
			t.Run(name, func(t *testing.T) {
				a := b.Authorize(t, tc.app, tc.changes...)
				require.Equal(t, tc.status, a.Status, a.Location)
				page := a.Page(t)
				require.Equal(t, tc.shows, page.Find("dd bdi").Text())
				require.Equal(t, tc.uri, page.Find("dd code").Text())
				require.Equal(t, tc.app.IsDynamicallyRegistered, page.Find(".notice.warn").Length() == 1)
				links := page.Find("main a")
				require.Equal(t, 1, links.Length())
				require.Equal(t, tc.back, links.AttrOr("href", ""))
				require.Contains(t, page.Find("main .fine").Text(), a.Header.Get("X-Request-ID"))
				require.Zero(t, page.Find("main form, main img, main b, main script").Length())
			})
		}
	})
}

// The consent form leads to the same error page, which the browser gets with GET.
func TestErrorPageOfTheConsentForm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.Name, n.Homepage = "Notes", "https://notes.example.com/" })
		b := g.SignedIn(t, g.User(t, "ada"))
		page := b.Authorize(t, app)
		_, err := g.Apps.Update(t.Context(), app.ID, "", func(a *gatehouse.App) error {
			a.RedirectURIs = []string{"https://app.example.com/new"}
			return nil
		})
		require.NoError(t, err)
		a := b.Decide(t, page, "allow")
		require.Equal(t, http.StatusSeeOther, a.Status)
		a = b.Follow(t, a)
		require.Equal(t, http.StatusBadRequest, a.Status)
		require.Equal(t, "Notes", a.Page(t).Find("dd bdi").Text())
		require.Equal(t, testkit.RedirectURI, a.Page(t).Find("dd code").Text())
		require.Equal(t, "https://notes.example.com/", a.Page(t).Find("main a").AttrOr("href", ""))
	})
}

// A user who must sign in, but may not be asked to by the app, gets a link to the page.
func TestErrorPageLeadsToSignIn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		a := g.NewBrowser(t).Authorize(t, selfRegisteredAs(t, g, "Companion", ""), "prompt=none", "code_challenge="+testkit.Challenge, "code_challenge_method=S256")
		require.Equal(t, http.StatusUnauthorized, a.Status)
		require.Equal(t, "/login", a.Page(t).Find("main a").AttrOr("href", ""))
		require.Equal(t, "Companion", a.Page(t).Find("dd bdi").Text())
	})
}

// The decision that the user made is carried out by the request that follows the form, once
// the response needs a page. It holds for this user and this request only.
func TestKeptDecisionHoldsForItsRequestOnly(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other := g.App(t, nil), g.App(t, nil)
		ada, ben := g.SignedIn(t, g.User(t, "ada")), g.SignedIn(t, g.User(t, "ben"))
		decide := func(decision string) (target string) {
			page := ada.Authorize(t, app, "response_mode=form_post", "prompt=consent")
			form := page.Page(t).Find("main form")
			a := ada.Submit(t, form.AttrOr("action", ""), url.Values{"csrf_token": {form.Find("[name=csrf_token]").AttrOr("value", "")}, "decision": {decision}})
			require.Equal(t, http.StatusSeeOther, a.Status)
			require.Contains(t, a.Location, "/oauth/authorize?kept_form=")
			return a.Location
		}
		allowed, denied := decide("allow"), decide("deny")
		require.NotEmpty(t, ada.Get(t, allowed).Page(t).Find("#form-post [name=code]").AttrOr("value", ""))
		require.Equal(t, "access_denied", ada.Get(t, denied).Page(t).Find("#form-post [name=error]").AttrOr("value", ""))

		asks := func(b *testkit.Browser, target string) {
			t.Helper()
			require.Equal(t, 1, b.Get(t, target).Page(t).Find("[name=decision][value=allow]").Length(), "the user is asked")
		}
		asks(ada, strings.Replace(allowed, app.ID, other.ID, 1))
		asks(ada, strings.Replace(allowed, "state=xyz", "state=abc", 1))
		asks(ada, "/oauth/authorize?"+allowed[strings.Index(allowed, "&")+1:])
		ben.Jar = ada.Jar // the cookie of the form, in the browser where ben signs in next
		ben.SignIn(t, ben.User)
		asks(ben, allowed)
	})
}
