package browser_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver

	"gatehouse/e2e/browser/drive"
)

// posts returns how many requests with the method POST the gateway has served.
func (g *gateway) posts() int { return strings.Count(g.log.String(), `"method":"POST"`) }

// requireNoPost reloads the page and requires that the browser sends no form: the page is
// not the response to one.
func (g *gateway) requireNoPost(t *testing.T, tab *drive.Tab, where string) {
	t.Helper()
	before := g.posts()
	tab.Reload()
	require.NotEmpty(t, tab.Heading(), "%s is shown again", where)
	require.Equal(t, before, g.posts(), "a reload of %s at %s sends no form", where, tab.URL())
}

// typedApp fills in the form of an app.
func typedApp(tab *drive.Tab, callback string) {
	tab.Choose("Is public client: Yes")
	tab.Fill("Display name", "Acme Notes")
	tab.Fill("Description", "Shared notes.")
	tab.Fill("Homepage", "https://notes.example.com")
	tab.Fill("Callback URLs", callback)
}

func requireTypedApp(t *testing.T, tab *drive.Tab, callback string) {
	t.Helper()
	for label, value := range map[string]string{
		"Is public client: Yes": "true", "Display name": "Acme Notes", "Description": "Shared notes.", "Homepage": "https://notes.example.com", "Callback URLs": callback,
	} {
		require.Equal(t, value, tab.Value(label), label)
	}
}

// A refused form ends in a GET: the page keeps the input and the status, a reload sends
// nothing, and Back leads to the form with the input.
func TestRefusedFormKeepsItsInput(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := start(t)
		tab := g.tab(t, noScript)
		refused := func(status int, label, typed string) {
			t.Helper()
			require.Equal(t, status, tab.Status())
			require.Equal(t, typed, tab.Value(label))
			g.requireNoPost(t, tab, "a refused form")
			require.Equal(t, status, tab.Status(), "the page says so again")
			require.Equal(t, typed, tab.Value(label))
			tab.Back()
			require.Equal(t, typed, tab.Value(label), "Back shows the form with the input")
			g.requireNoPost(t, tab, "the form")
		}

		tab.Open(g.url + "/login?redirect_to=/settings/security")
		signIn(tab, user{name: bob.name, password: "wrong"})
		refused(http.StatusUnauthorized, "Username or email", bob.name)
		signIn(tab, bob)
		require.Equal(t, "Security", tab.Heading(), "the return URL is kept too")
		tab.Fill("New password", "short")
		tab.Press("Change password")
		require.Equal(t, http.StatusBadRequest, tab.Status())
		require.Empty(t, tab.Value("New password"), "a password is not kept")
		g.requireNoPost(t, tab, "the refused password")
		tab.Press("Sign out")
		require.Equal(t, "You're signed out", tab.Heading())
		g.requireNoPost(t, tab, "the page after signing out")

		tab.Open(g.url + "/console")
		signIn(tab, ada)
		tab.Fill("Refresh tokens", "soon")
		tab.Press("Save settings")
		refused(http.StatusBadRequest, "Refresh tokens", "soon")

		tab.Open(g.url + "/console/users/add")
		tab.Fill("Username", "Eve!")
		tab.Fill("Email", "eve@example.com")
		tab.Fill("Password", "eve-the-user")
		tab.Press("Create user")
		require.Empty(t, tab.Value("Password"))
		require.Equal(t, "eve@example.com", tab.Value("Email"))
		refused(http.StatusBadRequest, "Username", "Eve!")

		tab.Open(g.url + "/integrations/oauth2-apps/add")
		typedApp(tab, "javascript:alert(1)")
		tab.Press("Register application")
		requireTypedApp(t, tab, "javascript:alert(1)")
		refused(http.StatusBadRequest, "Display name", "Acme Notes")

		// Two tabs with the same form keep their own input.
		notes := g.app(t, "--name", "Acme Notes", "--callback-url", "https://notes.example.com/cb", "--creator", ada.name)
		edit := g.url + "/integrations/oauth2-apps/" + notes.ID + "/edit"
		tab.Open(edit)
		tab.Fill("Homepage", "one")
		tab.Press("Save changes")
		first := tab.URL()
		tab.Open(edit)
		tab.Fill("Homepage", "two")
		tab.Press("Save changes")
		require.Equal(t, "two", tab.Value("Homepage"))
		tab.Open(first)
		require.Equal(t, "one", tab.Value("Homepage"))

		// A form that is too long for a cookie keeps its input as well.
		tab.Fill("Description", strings.Repeat("A long description. ", 200)[:512])
		long := strings.Repeat("https://notes.example.com/"+strings.Repeat("callback/", 10)+"\n", 40)
		tab.Fill("Callback URLs", long)
		tab.Press("Save changes")
		require.Equal(t, http.StatusBadRequest, tab.Status())
		require.Equal(t, long, tab.Value("Callback URLs")+strings.Repeat("\n", len(long)-len(tab.Value("Callback URLs"))))
	})
}

func TestSetUpFormKeepsItsInput(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := prepare(t)
		g.serve(t)
		tab := g.tab(t, noScript)
		tab.Open(g.setUpLink(t))
		tab.Fill("Username", "Not a name")
		tab.Fill("Email", "founder@example.com")
		tab.Fill("Password", "a good long one")
		tab.Press("Create System Admin")
		require.Equal(t, http.StatusBadRequest, tab.Status())
		require.Equal(t, "Not a name", tab.Value("Username"))
		require.Empty(t, tab.Value("Password"))
		g.requireNoPost(t, tab, "the refused form")
		require.Equal(t, "founder@example.com", tab.Value("Email"))
	})
}

// The session ends while a form is open. The form leads to the sign-in page, and then back
// to the input.
func TestExpiredSessionKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := start(t, "enable_user_app_registration")
		tab, other := g.tab(t, noScript), g.tab(t, noScript)
		endSession := func() {
			other.Open(g.url + "/login?prompt=select_account&redirect_to=/settings/security")
			signIn(other, ada)
			other.Press("Sign out everywhere else")
		}
		tab.Open(g.url + "/integrations/oauth2-apps/add")
		signIn(tab, ada)
		typedApp(tab, "https://notes.example.com/cb")
		endSession()
		tab.Press("Register application")
		require.Equal(t, "Sign in", tab.Heading())
		g.requireNoPost(t, tab, "the sign-in page")
		signIn(tab, ada)
		require.Contains(t, tab.Text(".notice.bad"), "You were signed out before you sent the form, so nothing was changed.")
		requireTypedApp(t, tab, "https://notes.example.com/cb")
		g.requireNoPost(t, tab, "the form after signing in")

		// Another user who signs in does not see the input of the first.
		tab.Fill("Display name", "A secret project")
		endSession()
		tab.Press("Register application")
		signIn(tab, bob)
		require.Equal(t, "Register application", tab.Heading())
		require.Empty(t, tab.Value("Display name"))
		tab.Press("Sign out")

		// Back in the history, the form still works.
		tab.Open(g.url + "/integrations/oauth2-apps/add")
		signIn(tab, ada)
		typedApp(tab, "https://notes.example.com/cb")
		tab.Press("Register application")
		require.Equal(t, "Application Acme Notes was registered", tab.Heading())

		// A form without input: nothing happened, and the page says so.
		tab.Open(g.url + "/settings/security")
		endSession()
		tab.Press("Sign out everywhere else")
		require.Equal(t, "Sign in", tab.Heading())
		signIn(tab, ada)
		require.Equal(t, "Security", tab.Heading())
		require.Contains(t, tab.Text(".notice.bad"), "nothing was changed")
		other.Open(g.url + "/")
		require.Contains(t, other.Heading(), "Hello")

		// The settings, in the console.
		tab.Open(g.url + "/console")
		tab.Fill("Refresh tokens", "48h")
		endSession()
		tab.Press("Save settings")
		signIn(tab, ada)
		require.Equal(t, "48h", tab.Value("Refresh tokens"))
		tab.Press("Save settings")
		require.Equal(t, "The settings were saved.", tab.Text(".notice.good"))
	})
}

// The user signs in again in another tab while the consent page is open: the form of the
// page has an old CSRF token.
func TestConsentFormOfAnEarlierSessionAsksAgain(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		notes := g.app(t, "--name", "Acme Notes", "--callback-url", app.url+"/callback")
		tab := g.tab(t, noScript, app)
		tab.Open(g.authorize(notes))
		signIn(tab, bob)
		page := tab.URL()
		tab.Open(g.url + "/login?prompt=select_account")
		signIn(tab, bob)
		tab.Back()
		tab.Back()
		require.Equal(t, page, tab.URL())
		if tab.Press("Deny"); strings.HasPrefix(tab.URL(), g.url) { // unless Back has loaded the page again
			require.Contains(t, tab.Text(".notice.bad"), "Your choice was not accepted")
			g.requireNoPost(t, tab, "the page that asks again")
			require.Empty(t, app.received)
			tab.Press("Deny")
		}
		tab.Await(app.url)
		require.Equal(t, "access_denied", app.answered(t).values.Get("error"))
	})
}

// No entry of the history is the response to a form, so Back never asks whether to send a
// form again. The test walks through the site, then back through the whole history, and
// reloads each page.
func TestNoHistoryEntryIsTheResponseToAForm(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		tab := g.tab(t, noScript, app)
		next := func(where string) { t.Helper(); g.requireNoPost(t, tab, where) }

		tab.Open(g.url + "/integrations/oauth2-apps/add")
		signIn(tab, user{name: "ada", password: "wrong"})
		signIn(tab, ada)
		typedApp(tab, app.url+"/callback")
		tab.Choose("Is public client: No")
		tab.Press("Register application")
		id, secret := tab.Text("#client-id"), tab.Text("#client-secret")
		require.Len(t, secret, 26)
		next("the page with the secret")
		require.Contains(t, tab.Text(".notice.good"), "shown only once")
		require.NotContains(t, tab.Text("main"), secret)
		tab.Press("Regenerate secret")
		tab.Press("Regenerate secret")
		secret = tab.Text("#client-secret")
		require.Len(t, secret, 26)
		tab.Press("Done")
		next("the page of the app")
		notes := registered{ID: id, Secret: secret}

		// Pages that follow the consent form.
		tab.Open(g.authorize(notes, "response_mode", "form_post", "prompt", "consent"))
		tab.Press("Allow")
		if noScript {
			require.Equal(t, "Return to the app", tab.Heading())
			next("the page of form_post")
			tab.Press("Continue")
		}
		tab.Await(app.url)
		require.True(t, g.works(t, app.redeem(t, g, notes, app.answered(t).values.Get("code"))), "the secret that was shown works")
		tab.Open(g.authorize(notes, "prompt", "consent"))
		tab.Press("Deny")
		tab.Await(app.url)
		require.Equal(t, "access_denied", app.answered(t).values.Get("error"))

		tab.Open(g.url + "/console")
		tab.Press("Save settings")
		next("the settings")
		tab.Open(g.url + "/console/users/add")
		tab.Fill("Username", "eve")
		tab.Fill("Email", "eve@example.com")
		tab.Fill("Password", "eve-the-new-user")
		tab.Press("Create user")
		tab.Press("Deactivate")
		tab.Press("Deactivate user")
		next("the user")
		tab.Open(g.url + "/integrations/oauth2-apps/" + id)
		tab.Press("Delete")
		tab.Press("Delete application")
		next("the list of apps")
		tab.Press("Sign out")
		next("the page after signing out")

		before := g.posts()
		for tab.Back(); !tab.IsFirst(); tab.Back() {
			at := tab.URL()
			if !strings.HasPrefix(at, g.url) {
				continue // the app
			}
			require.NotEmpty(t, tab.Heading(), "%s is shown again", at)
			require.NotContains(t, tab.Text("main"), secret)
			require.Equal(t, before, g.posts(), "%s was not sent again", at)
		}
	})
}

// The database refuses to write. The page says so and has the input; later the form works.
func TestUnavailableDatabaseKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := start(t)
		tab := g.tab(t, noScript)
		tab.Open(g.url + "/integrations/oauth2-apps/add")
		signIn(tab, ada)
		typedApp(tab, "https://notes.example.com/cb")
		unlock := g.lockDatabase(t)
		tab.Press("Register application")
		require.Equal(t, http.StatusServiceUnavailable, tab.Status())
		require.Contains(t, tab.Text(".notice.bad"), "Please try again in a few seconds.")
		require.Contains(t, tab.Text(".notice.bad"), "Request")
		requireTypedApp(t, tab, "https://notes.example.com/cb")
		g.requireNoPost(t, tab, "the failed form")
		unlock()
		tab.Press("Register application")
		require.Equal(t, "Application Acme Notes was registered", tab.Heading())
	})
}

// lockDatabase keeps the gateway from writing to its database until unlock is called.
func (g *gateway) lockDatabase(t *testing.T) (unlock func()) {
	t.Helper()
	file := ""
	for _, variable := range g.environment {
		if path, ok := strings.CutPrefix(variable, "GATEHOUSE_DATABASE_URL=sqlite:"); ok {
			file = path
		}
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).String())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(context.Background())
	require.NoError(t, err)
	_, err = conn.ExecContext(context.Background(), "PRAGMA busy_timeout=10000; BEGIN IMMEDIATE")
	require.NoError(t, err)
	return func() {
		_, err := conn.ExecContext(context.Background(), "ROLLBACK")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
}
