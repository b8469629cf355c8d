package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// record adds an event to the audit trail, n seconds from now.
func record(t *testing.T, g *testkit.Gateway, n int, e gatehouse.AuditEvent) {
	t.Helper()
	e.ID, e.At, e.Outcome = gatehouse.NewID(), time.Now().Add(time.Duration(n)*time.Second), gatehouse.OutcomeSuccess
	require.NoError(t, g.Store.RecordAuditEvent(t.Context(), e))
}

func entries(page *goquery.Document) []string {
	return page.Find(".trail h2").Map(func(_ int, s *goquery.Selection) string { return strings.TrimSpace(s.Text()) })
}

func TestAuditTrailIsPagedNewestFirst(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		const many = 120
		for i := range many {
			record(t, g, i, gatehouse.AuditEvent{Event: gatehouse.AuditUpdateSetting, TargetID: fmt.Sprintf("setting %d", i)})
		}
		var seen []string
		path := "/console/audit"
		for path != "" {
			page := root.Get(t, path).Page(t)
			seen = append(seen, entries(page)...)
			path = page.Find("a[rel=next]").AttrOr("href", "")
		}
		require.Len(t, seen, many)
		for i := range many {
			require.Equal(t, fmt.Sprintf("Change a setting: setting %d", many-1-i), seen[i])
		}
		a := root.Get(t, "/console/audit?before=nothing")
		require.Equal(t, http.StatusOK, a.Status)
		require.Contains(t, a.Page(t).Find(".empty").Text(), "There are no older events.")
	})
}

func TestAuditTrailShowsNamesForIDs(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root, ana := g.SignedIn(t, g.Admin(t, "root")), g.SignedIn(t, g.User(t, "ana"))
		app := g.App(t, func(n *registration.NewApp) { n.Name = `<script>alert("x")</script>` })
		mail := g.App(t, func(n *registration.NewApp) { n.Name = "Mail" })
		ana.Code(t, app)
		logOutApp(t, g, g.Redeem(t, mail, ana.Code(t, mail)).AccessToken)
		root.Follow(t, root.Post(t, "/console/users/"+ana.User.ID+"/promote", nil))
		require.Equal(t, http.StatusUnauthorized, signIn(t, g, "ana", "wrong").Status)
		gone := g.App(t, nil)
		require.NoError(t, g.Apps.Delete(t.Context(), gone.ID, root.User.ID))
		record(t, g, 5, gatehouse.AuditEvent{Event: gatehouse.AuditUpdateSetting, TargetID: "a_setting", ActorID: gatehouse.NewID(), Detail: "\u202e<b>x</b>", RequestID: "r"})

		page := root.Get(t, "/console/audit").Page(t)
		require.Zero(t, page.Find("main script, main b").Length())
		by := func(entry string) string {
			var line string
			page.Find(".trail li").Each(func(_ int, s *goquery.Selection) {
				if strings.HasPrefix(strings.TrimSpace(s.Find("h2").Text()), entry) {
					line = s.Find("p.fine").Text()
				}
			})
			require.NotEmpty(t, line, "%s in %v", entry, entries(page))
			return line
		}
		require.Contains(t, by(`Authorize an app: <script>alert("x")</script>`), "By ana")
		require.Contains(t, by("Sign out: Mail"), "By ana", "an app ended its own grant")
		require.Contains(t, by("Change a user's role: ana"), "By root")
		require.Contains(t, by("Sign in: ana Failed"), "Not signed in")
		require.Contains(t, by("Delete an app"), "By root", "the app no longer exists, but its events do")
		require.Contains(t, by("Register an app"), "Done on the command line")
	})
}

func logOutApp(t *testing.T, g *testkit.Gateway, accessToken string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL+"/api/v4/users/logout", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+accessToken)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
}
