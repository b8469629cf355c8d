package browser_test

import (
	"testing"

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
