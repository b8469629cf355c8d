package browser_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUserManagesTheirAccount(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		notes := g.app(t, "--name", "Acme Notes", "--callback-url", app.url+"/callback")
		tab, other := g.tab(t, noScript, app), g.tab(t, noScript, app)
		other.Open(g.url + "/login")
		signIn(other, bob)

		tab.Open(g.authorize(notes))
		signIn(tab, bob)
		tab.Press("Allow")
		tab.Await(app.url)
		token := app.redeem(t, g, notes, app.answered(t).values.Get("code"))
		require.True(t, g.works(t, token))

		// Revoke the app; a page asks first.
		tab.Open(g.url + "/")
		require.Contains(t, tab.Text("main"), "You have authorized 1 app.")
		tab.Open(g.url + "/settings/security")
		tab.Press("Revoke Acme Notes")
		require.Equal(t, "Revoke the access of Acme Notes?", tab.Heading())
		tab.Press("Cancel")
		require.True(t, g.works(t, token))
		tab.Press("Revoke Acme Notes")
		tab.Press("Revoke access")
		require.Contains(t, tab.Text(".notice.good"), "The app was revoked.")
		require.Contains(t, tab.Text("main"), "You have not authorized any apps.")
		require.False(t, g.works(t, token))

		// Sign out of the other sessions.
		tab.Press("Sign out everywhere else")
		require.Equal(t, "You are signed out everywhere else.", tab.Text(".notice.good"))
		other.Open(g.url + "/settings/security")
		require.Equal(t, "Sign in", other.Heading())
		signIn(other, bob)
		require.Equal(t, "Security", other.Heading(), "returns to the requested page")

		// Change the password, first with a wrong current password.
		tab.Fill("Current password", "wrong")
		tab.Fill("New password", "a few unrelated words")
		tab.Press("Change password")
		require.Equal(t, http.StatusBadRequest, tab.Status())
		require.NotEmpty(t, tab.Text("#current_password-error"))
		tab.Fill("Current password", bob.password)
		tab.Fill("New password", "a few unrelated words")
		tab.Press("Change password")
		require.Contains(t, tab.Text(".notice.good"), "Your password was changed.")
		other.Open(g.url + "/")
		require.Equal(t, "Sign in", other.Heading(), "the new password ended the other session")
		signIn(other, bob)
		require.Equal(t, http.StatusUnauthorized, other.Status())
		signIn(other, user{name: bob.name, password: "a few unrelated words"})
		require.Contains(t, other.Heading(), "Hello")

		// Sign out with the button, and with a link, which asks first.
		tab.Press("Sign out")
		require.Equal(t, "You're signed out", tab.Heading())
		tab.Press("Sign in")
		signIn(tab, user{name: bob.name, password: "a few unrelated words"})
		tab.Open(g.url + "/logout")
		require.Equal(t, "Sign out?", tab.Heading())
		tab.Press("Stay signed in")
		require.Contains(t, tab.Heading(), "Hello")
		tab.Back()
		require.Equal(t, "Sign out?", tab.Heading())
	})
}

func TestSystemAdminUsesTheConsole(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := start(t)
		notes := g.app(t, "--name", "Acme Notes", "--callback-url", "https://app.example.com/callback")
		tab, theirs := g.tab(t, noScript), g.tab(t, noScript)
		tab.Open(g.url + "/console")
		signIn(tab, ada)

		// Turn the provider off and on.
		tab.Choose("OAuth 2.0 service provider: Off")
		tab.Press("Save settings")
		require.Equal(t, "The settings were saved.", tab.Text(".notice.good"))
		require.NotContains(t, tab.Text(".menu"), "Applications")
		theirs.Open(g.authorize(notes))
		require.Equal(t, http.StatusNotImplemented, theirs.Status())
		tab.Open(g.url + "/")
		tab.Press("Turn them on in the console.")
		tab.Choose("OAuth 2.0 service provider: On")
		tab.Press("Save settings")
		require.Contains(t, tab.Text(".menu"), "Applications")
		theirs.Open(g.authorize(notes))
		require.Equal(t, "Sign in", theirs.Heading())

		// An error is shown next to its field.
		tab.Fill("Access tokens of confidential apps", "soon")
		tab.Press("Save settings")
		require.Equal(t, http.StatusBadRequest, tab.Status())
		require.Equal(t, "soon", tab.Value("Access tokens of confidential apps"))

		// Create a user, first with errors.
		tab.Press("Users")
		tab.Press("Create user")
		tab.Fill("Username", "Eve!")
		tab.Fill("Email", "eve@example.com")
		tab.Fill("Password", "eve-the-user")
		tab.Press("Create user")
		require.NotEmpty(t, tab.Text("#username-error"))
		tab.Fill("Username", "eve")
		tab.Fill("Password", "eve-the-user")
		tab.Press("Create user")
		require.Equal(t, "User eve was created.", tab.Text(".notice.good"))
		eve := user{name: "eve", password: "eve-the-user"}
		theirs.Open(g.url + "/login")
		signIn(theirs, eve)
		require.NotContains(t, theirs.Text(".menu"), "Console")
		theirs.Open(g.url + "/console")
		require.Equal(t, http.StatusForbidden, theirs.Status())

		// Promote; a page asks first.
		tab.Press("Promote")
		require.Equal(t, "Make eve a System Admin?", tab.Heading())
		tab.Press("Promote user")
		require.Equal(t, "User eve is now a System Admin.", tab.Text(".notice.good"))
		theirs.Open(g.url + "/console")
		require.Equal(t, "Settings", theirs.Heading())

		// Deactivate and reactivate.
		tab.Press("Deactivate")
		tab.Press("Deactivate user")
		require.Contains(t, tab.Text(".notice.good"), "User eve was deactivated")
		theirs.Open(g.url + "/console")
		require.Equal(t, "Sign in", theirs.Heading())
		signIn(theirs, eve)
		require.NotEmpty(t, theirs.Text("[role=alert]"))
		tab.Press("Activate")
		require.Equal(t, "User eve was activated.", tab.Text(".notice.good"))
		signIn(theirs, eve)
		require.Equal(t, "Settings", theirs.Heading())

		// The audit trail shows these actions.
		tab.Open(g.url + "/console/audit")
		require.Contains(t, tab.Text("main"), "eve")
	})
}

func TestFirstSystemAdminIsCreatedInTheBrowser(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := prepare(t)
		g.serve(t)
		tab := g.tab(t, noScript)
		tab.Open(g.setUpLink(t))
		require.Equal(t, "Set up Gatehouse", tab.Heading())
		tab.Fill("Username", "Not a name")
		tab.Fill("Email", "founder@example.com")
		tab.Fill("Password", "a good long one")
		tab.Press("Create System Admin")
		require.NotEmpty(t, tab.Text("#username-error"))
		require.Equal(t, "founder@example.com", tab.Value("Email"))
		tab.Fill("Username", "founder")
		tab.Fill("Password", "a good long one")
		tab.Press("Create System Admin")
		require.Equal(t, "Hello, founder", tab.Heading())
		require.Contains(t, tab.Text(".menu"), "Console")
	})
}
