package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppIsRegisteredEditedAndDeleted(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		tab := g.tab(t, noScript, app)
		tab.Open(g.url + "/integrations/oauth2-apps")
		require.Equal(t, "Sign in", tab.Heading())
		signIn(tab, ada)
		require.Contains(t, tab.Text(".empty"), "There are no applications yet")

		// Each error is shown next to its field, and the form keeps the input.
		tab.Press("Register application")
		tab.Choose("Is trusted: Yes")
		tab.Fill("Display name", "Acme Notes")
		tab.Fill("Homepage", "notes.example.com")
		tab.Fill("Callback URLs", app.url+"/callback\njavascript:alert(1)")
		tab.Press("Register application")
		require.Equal(t, http.StatusBadRequest, tab.Status())
		require.Contains(t, tab.Text("#problems h2"), "problems")
		for _, field := range []string{"description", "homepage", "callback_urls"} {
			require.NotEmpty(t, tab.Text("#"+field+"-error"), field)
		}
		require.Equal(t, "true", tab.Value("Is trusted: Yes"))
		require.Equal(t, "Acme Notes", tab.Value("Display name"))
		require.Equal(t, "notes.example.com", tab.Value("Homepage"))
		require.Equal(t, app.url+"/callback\njavascript:alert(1)", tab.Value("Callback URLs"))

		// The secret is shown once, and it works.
		tab.Choose("Is trusted: No")
		tab.Fill("Description", "Shared notes.")
		tab.Fill("Homepage", "https://notes.example.com")
		tab.Fill("Callback URLs", app.url+"/callback")
		tab.Press("Register application")
		require.Equal(t, "Application Acme Notes was registered", tab.Heading())
		notes := registered{ID: tab.Text("#client-id"), Secret: tab.Text("#client-secret")}
		require.Len(t, notes.Secret, 26)
		tab.Press("Done")
		require.Equal(t, "Acme Notes", tab.Heading())
		require.NotContains(t, tab.Text("main"), notes.Secret)

		token := func(secret string) string {
			tab.Open(g.authorize(notes, "redirect_uri", app.url+"/callback"))
			if strings.HasPrefix(tab.URL(), g.url) {
				tab.Press("Allow")
			}
			tab.Await(app.url)
			return app.redeem(t, g, registered{notes.ID, secret}, app.answered(t).values.Get("code"))
		}
		first := token(notes.Secret)
		require.True(t, g.works(t, first))

		// A page asks before it changes the callback URLs.
		tab.Open(g.url + "/integrations/oauth2-apps")
		tab.Press("Acme Notes")
		require.Contains(t, tab.Text("main"), "1 user")
		tab.Press("Edit")
		tab.Fill("Display name", "Acme Notes 2")
		tab.Fill("Callback URLs", app.url+"/callback\nhttps://notes.example.com/new")
		tab.Press("Save changes")
		require.Contains(t, tab.Text(".notice.warn"), "Confirm the new callback URLs")
		require.Equal(t, "Acme Notes 2", tab.Value("Display name"))
		tab.Choose("Change the callback URLs")
		tab.Press("Save changes")
		require.Equal(t, "The application was updated.", tab.Text(".notice.good"))
		tab.Press("Acme Notes 2")
		require.Contains(t, tab.Text(".codes"), "https://notes.example.com/new")

		// A new secret; a page asks first. The old secret stops working.
		tab.Press("Regenerate secret")
		require.Equal(t, "Regenerate the client secret of Acme Notes 2?", tab.Heading())
		tab.Press("Cancel")
		tab.Press("Regenerate secret")
		tab.Press("Regenerate secret")
		fresh := tab.Text("#client-secret")
		require.NotEqual(t, notes.Secret, fresh)
		require.True(t, g.works(t, token(fresh)))

		// Delete the app; a page asks first. Its tokens are revoked.
		tab.Open(g.url + "/integrations/oauth2-apps/" + notes.ID)
		tab.Press("Delete")
		require.Contains(t, tab.Text("main"), "1 user authorized this app")
		tab.Press("Delete application")
		require.Equal(t, "The application was deleted.", tab.Text(".notice.good"))
		require.Contains(t, tab.Text(".empty"), "There are no applications yet")
		require.False(t, g.works(t, first))
		tab.Open(g.authorize(notes))
		require.Equal(t, http.StatusNotFound, tab.Status())
	})
}

func TestDoubleClickRegistersOneApp(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := start(t)
		tab := g.tab(t, noScript)
		tab.Open(g.url + "/integrations/oauth2-apps/add")
		signIn(tab, ada)
		tab.Fill("Display name", "Acme Notes")
		tab.Fill("Description", "Shared notes.")
		tab.Fill("Homepage", "https://notes.example.com")
		tab.Fill("Callback URLs", "https://notes.example.com/callback")
		tab.ClickTwice("Register application")
		if !noScript {
			// The button works once. The next page shows the secret.
			require.Equal(t, "Application Acme Notes was registered", tab.Heading())
			require.Len(t, tab.Text("#client-secret"), 26)

			// The Back button restores what was typed, and the form can be used again.
			tab.Back()
			require.Equal(t, "Register application", tab.Heading())
			require.Equal(t, "Acme Notes", tab.Value("Display name"))
			tab.Fill("Display name", "")
			tab.Press("Register application")
			require.Equal(t, "There is a problem", tab.Text("#problems h2"))
		}
		tab.Open(g.url + "/integrations/oauth2-apps")
		require.Equal(t, "Acme Notes", tab.Text(".row h2"), "one app")
	})
}

func TestAppIsFoundByItsName(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := start(t)
		for _, name := range []string{"Acme Notes", "Acme Tasks", "Calendar"} {
			g.app(t, "--name", name, "--callback-url", "https://app.example.com/callback")
		}
		tab := g.tab(t, noScript)
		tab.Open(g.url + "/integrations/oauth2-apps")
		signIn(tab, ada)
		tab.Fill("Search by name", "acme")
		tab.Press("Search")
		require.Equal(t, "Acme Notes\nAcme Tasks", tab.Text(".row h2"))
		tab.Press("Show all")
		require.Equal(t, "Acme Notes\nAcme Tasks\nCalendar", tab.Text(".row h2"))
	})
}
