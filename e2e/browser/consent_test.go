package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachWay runs a test with JavaScript and without.
func eachWay(t *testing.T, test func(t *testing.T, noScript bool)) {
	t.Helper()
	for name, noScript := range map[string]bool{"with JavaScript": false, "without JavaScript": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, noScript)
		})
	}
}

func TestUserSignsInToAnApp(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		notes := g.app(t, "--name", "Acme Notes", "--homepage", app.url, "--callback-url", app.url+"/callback")
		tab := g.tab(t, noScript, app)

		// After a wrong password, the form keeps the input except the password.
		tab.Open(g.authorize(notes))
		require.Equal(t, "Sign in", tab.Heading())
		tab.Fill("Username or email", bob.name)
		tab.Fill("Password", "wrong")
		tab.Press("Sign in")
		require.Equal(t, http.StatusUnauthorized, tab.Status())
		require.NotEmpty(t, tab.Text("[role=alert]"))
		require.Equal(t, bob.name, tab.Value("Username or email"))
		require.Empty(t, tab.Value("Password"))
		tab.Fill("Password", bob.password)
		tab.Press("Sign in")

		// Deny.
		require.Equal(t, "Acme Notes asks for access to your account", tab.Heading())
		require.Equal(t, app.host(), tab.Text(".receiver .host"), "the host that receives the response")
		tab.Press("Deny")
		tab.Await(app.url)
		got := app.answered(t)
		require.Equal(t, "access_denied", got.values.Get("error"))
		require.Equal(t, "a state", got.values.Get("state"))
		require.Equal(t, g.url, got.values.Get("iss"))

		// With "Not you?", another user signs in and is asked for consent.
		tab.Open(g.authorize(notes))
		require.Contains(t, tab.Text(".who"), bob.name)
		tab.Press("Not you?")
		signIn(tab, ada)
		require.Contains(t, tab.Text(".who"), ada.name)

		// Allow.
		tab.Press("Allow")
		tab.Await(app.url)
		require.Equal(t, "The app has a response", tab.Heading())
		got = app.answered(t)
		require.Equal(t, "a state", got.values.Get("state"))
		require.Equal(t, g.url, got.values.Get("iss"))
		require.True(t, g.works(t, app.redeem(t, g, notes, got.values.Get("code"))))

		// The consent is remembered, and no page is shown.
		tab.Open(g.authorize(notes))
		tab.Await(app.url)
		require.NotEmpty(t, app.answered(t).values.Get("code"))
	})
}

func TestTrustedAppNeedsNoConsentPage(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		trusted := g.app(t, "--name", "Our own", "--callback-url", app.url+"/callback", "--trusted")
		tab := g.tab(t, noScript, app)
		tab.Open(g.authorize(trusted))
		signIn(tab, bob)
		tab.Await(app.url)
		require.NotEmpty(t, app.answered(t).values.Get("code"))
	})
}

// Browsers apply form-action to each redirect that follows a form.
func TestAppMayRedirectToAnotherHost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		asking := g.app(t, "--name", "Onward", "--callback-url", app.url+"/onward")
		trusted := g.app(t, "--name", "Onward and trusted", "--callback-url", app.url+"/onward", "--trusted")
		tab := g.tab(t, noScript, app)

		tab.Open(g.authorize(trusted))
		signIn(tab, bob) // this form leads through the gateway and the app to the other host
		tab.Await("http://" + app.otherHost())
		require.Equal(t, "Welcome to the app", tab.Heading())
		require.NotEmpty(t, app.answered(t).values.Get("code"))

		tab.Open(g.authorize(asking))
		tab.Press("Allow")
		tab.Await("http://" + app.otherHost())
		require.Equal(t, "Welcome to the app", tab.Heading())
		require.NotEmpty(t, app.answered(t).values.Get("code"))
	})
}

func TestFormPostResponseReachesTheApp(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		notes := g.app(t, "--name", "Acme Notes", "--callback-url", app.url+"/callback")
		tab := g.tab(t, noScript, app)
		tab.Open(g.authorize(notes, "response_mode", "form_post"))
		signIn(tab, bob)
		tab.Press("Allow")
		if noScript {
			require.Equal(t, "Return to the app", tab.Heading())
			require.Contains(t, tab.Text("main"), app.host())
			tab.Press("Continue")
		}
		tab.Await(app.url)
		got := app.answered(t)
		require.Equal(t, http.MethodPost, got.method)
		require.Equal(t, "a state", got.values.Get("state"))
		require.Equal(t, g.url, got.values.Get("iss"))
		require.NotEmpty(t, got.values.Get("code"))
		require.NotContains(t, tab.URL(), "code=")

		if !noScript {
			// The Back button goes back and does not send the form again.
			tab.Back()
			require.True(t, strings.HasPrefix(tab.URL(), g.url), tab.URL())
			require.Empty(t, app.received)
		}
	})
}

func TestImplicitGrantRespondsInTheFragment(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		old := g.app(t, "--name", "An old app", "--callback-url", app.url+"/callback", "--public")
		tab := g.tab(t, noScript, app)
		tab.Open(g.authorize(old, "response_type", "token"))
		signIn(tab, bob)
		require.Contains(t, tab.Text(".notice.warn"), "implicit grant")
		tab.Press("Allow")
		tab.Await(app.url)
		_, fragment, _ := strings.Cut(tab.URL(), "#")
		values := parseQuery(t, fragment)
		require.Equal(t, "a state", values.Get("state"))
		require.True(t, g.works(t, values.Get("access_token")))
		require.Empty(t, app.answered(t).values.Get("access_token"), "the browser does not send the fragment to the app's server")
	})
}
