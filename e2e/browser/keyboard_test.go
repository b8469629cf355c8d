package browser_test

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
)

// walk presses Tab from the top of the page until the focus leaves the page, and
// returns the elements that had the focus. It fails the test if such an element is
// outside the window or has no outline, or if the focus does not leave the page.
func walk(t *testing.T, tab *drive.Tab) []drive.Focus {
	t.Helper()
	drive.Eval[bool](tab, `document.activeElement?.blur(); scrollTo(0, 0); getSelection().removeAllRanges(); document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex"); true`)
	var stops []drive.Focus
	for {
		tab.Keys(kb.Tab)
		stop := tab.Focused()
		if stop.Name == "" {
			return stops
		}
		require.Less(t, len(stops), 200, "the focus does not leave the page")
		require.True(t, stop.InView, "%s has the focus and is outside the window", stop.Name)
		require.True(t, stop.Marked, "%s has the focus and no outline", stop.Name)
		stops = append(stops, stop)
	}
}

func names(stops []drive.Focus) []string {
	var list []string
	for _, s := range stops {
		list = append(list, s.Name)
	}
	return list
}

// requireReadingOrder requires that the focus moves from top to bottom and from left
// to right.
func requireReadingOrder(t *testing.T, stops []drive.Focus) {
	t.Helper()
	for i := 2; i < len(stops); i++ { // the first is the skip link, which shows while it has the focus
		before, after := stops[i-1], stops[i]
		below := after.Top > before.Top-40
		require.True(t, below && (after.Top >= before.Bottom-1 || after.Left > before.Left || after.Top > before.Top),
			"%s (%v, %v) comes after %s (%v, %v)", after.Name, after.Top, after.Left, before.Name, before.Top, before.Left)
	}
}

// requireSkipLink requires that the first element is the skip link, and that it leads
// past the menu.
func requireSkipLink(t *testing.T, tab *drive.Tab, stops []drive.Focus) {
	t.Helper()
	require.Equal(t, "Skip to content", stops[0].Name)
	drive.Eval[bool](tab, `document.activeElement?.blur(); document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex"); true`)
	tab.Keys(kb.Tab)
	tab.Keys(kb.Enter)
	tab.Keys(kb.Tab)
	require.True(t, drive.Eval[bool](tab, `document.querySelector("main").contains(document.activeElement)`), "the skip link leads to %q", tab.Focused().Name)
}

func TestSignInWorksWithTheKeyboard(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, noScript bool) {
		g, app := start(t), startClient(t)
		notes := g.app(t, "--name", "Acme Notes", "--homepage", "https://notes.example.com", "--callback-url", app.url+"/callback")
		tab := g.tab(t, noScript, app)

		look := func(wanted ...string) {
			t.Helper()
			stops := walk(t, tab)
			require.Equal(t, wanted, names(stops))
			requireReadingOrder(t, stops)
			requireSkipLink(t, tab, stops)
		}

		// On the sign-in page the first field has the focus, and Enter submits.
		tab.Open(g.authorize(notes))
		tab.AwaitFocus("Username or email")
		look("Skip to content", "Username or email", "Password", "Sign in")
		tab.Open(g.authorize(notes))
		tab.AwaitFocus("Username or email")
		tab.Keys(bob.name)
		tab.Keys(kb.Tab)
		tab.Keys("wrong")
		tab.KeysTo(kb.Enter)
		require.NotEmpty(t, tab.Text("[role=alert]"))
		tab.AwaitFocus("Password") // the field that needs input
		tab.Keys(bob.password)
		tab.KeysTo(kb.Enter)

		// On the consent page the primary button comes last, and Enter presses it.
		look("Skip to content", "Not you?", "Deny", "Allow", "notes.example.com (opens in a new tab)")
		tab.Open(g.authorize(notes))
		for tab.Focused().Name != "Allow" {
			tab.Keys(kb.Tab)
		}
		tab.KeysTo(kb.Enter)
		tab.Await(app.url)
		require.NotEmpty(t, app.answered(t).values.Get("code"))
	})
}

func TestAppPagesWorkWithTheKeyboard(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.app(t, "--name", "Acme Notes", "--callback-url", "https://notes.example.com/callback")
	tab := g.tab(t, false)
	tab.Open(g.url + "/integrations/oauth2-apps")
	signIn(tab, ada)
	menu := []string{"Skip to content", "Gatehouse", "Applications", "Security", "Console", "Sign out"}

	stops := walk(t, tab)
	require.Equal(t, append(slices.Clone(menu), "Register application", "Search by name", "Search", "Acme Notes"), names(stops))
	requireReadingOrder(t, stops)
	requireSkipLink(t, tab, stops)

	// From the skip link to the form with the keyboard.
	tab.KeysTo(kb.Enter)
	require.Equal(t, "Register application", tab.Heading())
	stops = walk(t, tab)
	require.Equal(t, append(slices.Clone(menu), "All applications", "Is trusted: No", "Is public client: No",
		"Display name", "Description", "Homepage", "Icon URL", "Callback URLs",
		"Access token lifetime", "Refresh token lifetime", "Signature of ID tokens: RS256", "Post-logout redirect URIs", "Back-channel logout URI", "Cancel", "Register application"), names(stops))
	requireReadingOrder(t, stops)
	requireSkipLink(t, tab, stops)

	// Shift+Tab leads back in the same order.
	tab.ShiftKeys(kb.Tab)
	require.Equal(t, "Sign out", tab.Focused().Name)
}
