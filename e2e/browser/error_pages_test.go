package browser_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/e2e/browser/drive"
)

// The error page names the app and the redirect URI that was sent, and leads back. The
// redirect URI is never a link.
func TestErrorPageLeadsBack(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		notes := g.app(t, "--name", "Acme Notes", "--homepage", app.url+"/welcome", "--callback-url", app.url+"/callback")
		tab := g.tab(t, noScript, app)
		tab.Open(g.authorize(notes, "redirect_uri", "https://evil.example/cb?x="+script))
		require.Equal(t, http.StatusBadRequest, tab.Status())
		require.Equal(t, "The app sent a wrong request", tab.Heading())
		require.Contains(t, tab.Text("dd"), "Acme Notes")
		require.Contains(t, tab.Text("dd code"), "https://evil.example/cb?x=")
		require.NotEmpty(t, tab.Text("main .fine code"), "the request id")
		require.Empty(t, drive.Eval[string](tab, `[...document.links].map(a => a.host).filter(h => h.includes("evil")).join()`))
		requireText(t, tab, "the redirect URI")
		tab.Press("Go to " + app.host())
		require.Equal(t, "Welcome to the app", tab.Heading())

		// An unknown app: the start page, which asks to sign in.
		tab.Open(g.authorize(registered{ID: gatehouse.NewID()}))
		require.Equal(t, http.StatusNotFound, tab.Status())
		tab.Press("Go to the start page")
		require.Equal(t, "Sign in", tab.Heading())

		// The consent form leads to the error page, which is not the response to the form.
		signIn(tab, bob)
		tab.Open(g.authorize(notes))
		g.command(t, "app", "delete", notes.ID)
		require.Eventually(t, func() bool { // the gateway keeps apps for a second
			res, err := http.Get(g.authorize(notes))
			return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusNotFound
		}, drive.Patience, 20*time.Millisecond)
		tab.Press("Deny")
		require.Equal(t, http.StatusNotFound, tab.Status())
		require.Equal(t, "This app isn't registered", tab.Heading())
		g.requireNoPost(t, tab, "the error page")
	})
}

// Every page that a user cannot use says why and has a link on this site.
func TestEveryErrorPageHasAWayBack(t *testing.T) {
	t.Parallel()
	g := start(t)
	tab := g.tab(t, false)
	tab.Open(g.url + "/login")
	signIn(tab, bob)
	for path, status := range map[string]int{
		"/nowhere": http.StatusNotFound, "/console": http.StatusForbidden, "/integrations/oauth2-apps": http.StatusForbidden, "/setup?token=x": http.StatusNotFound,
		"/oauth/authorize": http.StatusBadRequest, "/oauth/authorize?client_id=" + url.QueryEscape(script): http.StatusBadRequest, "/settings/security/apps/x/revoke": http.StatusBadRequest,
	} {
		tab.Open(g.url + path)
		require.Equal(t, status, tab.Status(), path)
		require.NotEmpty(t, tab.Text(".message"), path)
		link := drive.Eval[string](tab, `document.querySelector("main a.button").href`)
		require.Regexp(t, "^"+g.url+"/", link, path)
		tab.Open(link)
		require.Equal(t, http.StatusOK, tab.Status(), "%s leads to %s", path, link)
	}
}
