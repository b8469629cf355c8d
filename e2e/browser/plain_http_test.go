package browser_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
)

// In a private network a gateway often has a plain-http site URL. Browsers send no Fetch
// Metadata there (W3C Secure Contexts), so only the Origin header tells our own forms
// from forged ones. The test submits every form of the gateway.
func TestEveryFormWorksOnPlainHTTPInAPrivateNetwork(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		app := startClient(t)
		g := prepareAt(t, "nas.lan")
		g.serve(t)
		admin, visitor := g.tab(t, noScript, app), g.tab(t, noScript, app)
		requireNotice := func(tab *drive.Tab, notice string) {
			t.Helper()
			require.Equal(t, notice, tab.Text(".notice.good"))
		}

		admin.Open(g.setUpLink(t))
		admin.Fill("Username", "ada")
		admin.Fill("Email", "ada@example.com")
		admin.Fill("Password", "ada-the-system-admin")
		admin.Press("Create System Admin")
		require.Equal(t, "Hello, ada", admin.Heading())
		admin.Open(g.url + "/console")
		admin.Choose("OAuth 2.0 service provider: On")
		admin.Press("Save settings")
		requireNotice(admin, "The settings were saved.")
		admin.Open(g.url + "/console/users")
		admin.Press("Create user")
		admin.Fill("Username", "bob")
		admin.Fill("Email", "bob@example.com")
		admin.Fill("Password", "bob-the-new-user")
		admin.Press("Create user")
		requireNotice(admin, "User bob was created.")
		admin.Fill("New password", "bob-has-another-one")
		admin.Press("Set password")
		require.NotEmpty(t, admin.Text(".notice.good"))
		admin.Press("Promote")
		admin.Press("Promote user")
		requireNotice(admin, "User bob is now a System Admin.")
		admin.Press("Demote")
		admin.Press("Demote user")
		require.NotEmpty(t, admin.Text(".notice.good"))
		admin.Press("Deactivate")
		admin.Press("Deactivate user")
		require.NotEmpty(t, admin.Text(".notice.good"))
		admin.Press("Activate")
		requireNotice(admin, "User bob was activated.")

		admin.Open(g.url + "/integrations/oauth2-apps/add")
		admin.Fill("Display name", "Acme Notes")
		admin.Fill("Description", "Shared notes.")
		admin.Fill("Homepage", "https://notes.example.com")
		admin.Fill("Callback URLs", app.url+"/callback")
		admin.Press("Register application")
		notes := registered{ID: admin.Text("#client-id"), Secret: admin.Text("#client-secret")}
		require.Len(t, notes.Secret, 26)
		admin.Press("Done")
		admin.Press("Regenerate secret")
		admin.Press("Regenerate secret")
		require.Len(t, admin.Text("#client-secret"), 26)
		require.NotEqual(t, notes.Secret, admin.Text("#client-secret"))

		bob := user{name: "bob", password: "bob-has-another-one"}
		visitor.Open(g.authorize(notes))
		signIn(visitor, user{name: "bob", password: "wrong"})
		require.NotEmpty(t, visitor.Text("[role=alert]"))
		signIn(visitor, bob)
		visitor.Press("Deny")
		visitor.Await(app.url)
		require.Equal(t, "access_denied", app.answered(t).values.Get("error"))
		visitor.Open(g.authorize(notes))
		visitor.Press("Allow")
		visitor.Await(app.url)
		require.NotEmpty(t, app.answered(t).values.Get("code"))
		visitor.Open(g.authorize(notes, "response_mode", "form_post"))
		if noScript {
			visitor.Press("Continue")
		}
		visitor.Await(app.url)
		require.Equal(t, http.MethodPost, app.answered(t).method)
		visitor.Open(g.url + "/settings/security")
		visitor.Press("Revoke Acme Notes")
		visitor.Press("Revoke access")
		require.Contains(t, visitor.Text(".notice.good"), "The app was revoked.")
		other := g.tab(t, noScript, app)
		other.Open(g.url + "/login")
		signIn(other, bob)
		visitor.Reload()
		visitor.Press("Sign out everywhere else")
		requireNotice(visitor, "You are signed out everywhere else.")
		visitor.Fill("Current password", bob.password)
		visitor.Fill("New password", "a few unrelated words")
		visitor.Press("Change password")
		require.Contains(t, visitor.Text(".notice.good"), "Your password was changed.")
		visitor.Press("Sign out")
		require.Equal(t, "You're signed out", visitor.Heading())
		admin.Open(g.url + "/integrations/oauth2-apps/" + notes.ID)
		admin.Press("Delete")
		admin.Press("Delete application")
		require.NotEmpty(t, admin.Text(".notice.good"))
	})
}

// A page of another site in the same network forges a form. Neither its Origin nor the
// Origin "null" of a page without referrer is accepted.
func TestForgedFormsAreRefusedOnPlainHTTPInAPrivateNetwork(t *testing.T) {
	t.Parallel()
	app := startClient(t)
	g := prepareAt(t, "nas.lan")
	g.command(t, "migrate")
	g.command(t, "user", "create", "--username", bob.name, "--email", bob.email, "--password", bob.password)
	g.serve(t)
	_, port, err := net.SplitHostPort(app.host())
	require.NoError(t, err)
	evil := "http://evil.lan:" + port
	for name, page := range map[string]string{"with its origin": "/form", "with the origin null": "/form-without-referrer"} {
		t.Run(name, func(t *testing.T) {
			tab := chromium.Tab(t, drive.Options{Site: g.url, Visits: []string{strings.TrimPrefix(evil, "http://")}})
			tab.Open(g.url + "/login")
			signIn(tab, bob)
			tab.Open(evil + page + "?to=" + url.QueryEscape(g.url+"/logout"))
			tab.Press("Send")
			require.Equal(t, http.StatusForbidden, tab.Status())
			tab.Open(g.url + "/")
			require.Contains(t, tab.Heading(), "Hello", "still signed in")
		})
	}
}

// The callback of an app redirects to a private-use scheme. The
// Content-Security-Policy of a page must not stop the redirect.
func TestCallbackMayRedirectToAnAppOnTheDevice(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		desktop := g.app(t, "--name", "Desktop", "--callback-url", app.url+"/to-a-scheme")
		trusted := g.app(t, "--name", "Trusted desktop", "--callback-url", app.url+"/to-a-scheme", "--trusted")
		tab := g.tab(t, noScript, app)
		tab.Open(g.authorize(trusted))
		tab.Fill("Username or email", bob.name)
		tab.Fill("Password", bob.password)
		tab.Click("Sign in") // no page follows: the browser hands the URL to the device
		require.NotEmpty(t, app.await(t, tab).values.Get("code"))
		tab.AwaitHandOver("com.example.desktop:/done")

		// Another tab: the first one takes no clicks while the browser asks whether the app may open.
		tab = g.tab(t, noScript, app)
		tab.Open(g.authorize(desktop))
		signIn(tab, bob)
		tab.Click("Allow")
		require.NotEmpty(t, app.await(t, tab).values.Get("code"))
		tab.AwaitHandOver("com.example.desktop:/done")
	})
}

// A click on Allow has no effect in the first moment after the page gets the focus
// (double-clickjacking). The keyboard works at once.
func TestAllowIgnoresClicksInTheFirstMoment(t *testing.T) {
	t.Parallel()
	g, app := start(t), startClient(t)
	notes := g.app(t, "--name", "Acme Notes", "--callback-url", app.url+"/callback")
	tab := g.tab(t, false, app)
	tab.Open(g.authorize(notes))
	signIn(tab, bob)
	clicked := drive.Eval[bool](tab, `(() => {
		dispatchEvent(new Event("focus"));
		const allow = document.querySelector("[value=allow]");
		return allow.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, detail: 1}));
	})()`)
	require.False(t, clicked, "the click of a mouse is cancelled")
	require.Empty(t, app.received)
	typed := drive.Eval[bool](tab, `(() => {
		dispatchEvent(new Event("focus"));
		document.querySelector("[value=allow]").form.addEventListener("submit", e => e.preventDefault());
		return document.querySelector("[value=allow]").dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, detail: 0}));
	})()`)
	require.True(t, typed, "a click by the keyboard is not")
	tab.Reload()
	tab.Press("Allow")
	tab.Await(app.url)
	require.NotEmpty(t, app.answered(t).values.Get("code"))
}

// After the redirect to an app on the device the tab says what happened, and offers to
// open the app again.
func TestTabSaysThatAnAppOnTheDeviceOpens(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g := start(t)
		native := g.app(t, "--name", "Tasks", "--homepage", "https://tasks.example.com", "--callback-url", "com.example.tasks:/oauth", "--public")
		challenge := []string{"code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method", "S256"}
		tab := g.tab(t, noScript)
		tab.Open(g.authorize(native, challenge...))
		signIn(tab, bob)
		tab.Click("Allow")
		tab.AwaitHeading("Return to Tasks")
		require.Contains(t, tab.Text("main"), "you can close this tab")
		link := drive.Eval[string](tab, `document.querySelector("a.button").href`)
		require.True(t, strings.HasPrefix(link, "com.example.tasks:/oauth?code=gthc_"), link)
		require.Contains(t, link, "state=")

		tab = g.tab(t, noScript)
		tab.Open(g.authorize(native, append(challenge, "prompt", "consent")...))
		signIn(tab, bob)
		tab.Click("Deny")
		tab.AwaitHeading("Return to Tasks")
		require.Contains(t, tab.Text("main"), "The app gets an error")
	})
}
