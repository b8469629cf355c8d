package browser_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
)

// The watch sees what no page may do, with and without JavaScript.
func TestWatchSeesForbiddenActions(t *testing.T) {
	t.Parallel()
	app := startClient(t)
	tab := chromium.Tab(t, drive.Options{Site: app.url})
	tab.Open(app.url + "/bad")
	for _, seen := range []string{"a dialog opened", "it requested http://" + app.otherHost(), "wrote to the console", "a script failed"} {
		tab.Forgive(seen)
	}
	tab.Open(app.url + "/strict")
	tab.Forgive("Content Security Policy directive")
	tab.Forgive("ContentSecurityPolicyIssue")

	without := chromium.Tab(t, drive.Options{Site: app.url, NoScript: true})
	without.Open(app.url + "/strict")
	without.Forgive("Content Security Policy directive")
	without.Forgive("ContentSecurityPolicyIssue")
}

// The page of the app cancels the first two clicks, as a page with a guard does, and the
// page that follows has a button at the same place.
func TestClickIsRepeatedOnlyIfThePageCancelsIt(t *testing.T) {
	t.Parallel()
	app := startClient(t)
	tab := chromium.Tab(t, drive.Options{Site: app.url})
	tab.Open(app.url + "/guarded")
	tab.Press("Go on")
	require.Equal(t, "Clicks before: 3", tab.Heading())
	require.Equal(t, "Go on", tab.Text("button"))

	tab.Open(app.url + "/guarded")
	tab.Click("Count")
	require.Equal(t, "1", tab.Text("output"))
}
