package attacks_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// kept returns how many events of a kind the trail has, and how many of them say that
// others are left out.
func kept(t *testing.T, g *testkit.Gateway, event, actorID string) (events, summaries int) {
	t.Helper()
	all, err := g.Store.AuditEvents(t.Context(), "", 5000)
	require.NoError(t, err)
	for _, e := range all {
		if e.Event != event || e.ActorID != actorID {
			continue
		}
		events++
		if strings.HasPrefix(e.Detail, "There are many events of this kind.") {
			summaries++
		}
	}
	return events, summaries
}

// Attack: fill the audit trail with an ordinary account and its own app.
func TestAnOrdinaryAccountDoesNotFillTheAuditTrail(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, trusted := g.App(t, nil), g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		eve, bob := g.SignedIn(t, g.User(t, "eve")), g.SignedIn(t, g.User(t, "bob"))

		page := eve.Authorize(t, app)
		require.Equal(t, http.StatusOK, page.Status)
		for range 230 {
			eve.Decide(t, page, "deny")
		}
		events, summaries := kept(t, g, gatehouse.AuditDenyApp, eve.User.ID)
		require.Equal(t, []int{201, 1}, []int{events, summaries})
		bob.Decide(t, bob.Authorize(t, app), "deny")
		events, summaries = kept(t, g, gatehouse.AuditDenyApp, bob.User.ID)
		require.Equal(t, []int{1, 0}, []int{events, summaries}, "the events of another user are kept")

		code := eve.Code(t, app)
		g.Redeem(t, app, code)
		for range 70 {
			require.Equal(t, "invalid_grant", g.Token(t, testkit.RedeemForm(app, code)).Error)
		}
		events, summaries = kept(t, g, gatehouse.AuditCodeReplayed, eve.User.ID)
		require.Equal(t, []int{51, 1}, []int{events, summaries})

		for i := range 230 {
			eve.Code(t, trusted, fmt.Sprintf("scope=fresh-%d", i))
		}
		events, summaries = kept(t, g, gatehouse.AuditAuthorizeApp, eve.User.ID)
		require.LessOrEqual(t, events, 202)
		require.Equal(t, 1, summaries)

		// Revoke and consent again and again, several at a time.
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 60 {
					sendFrom(t, eve, g, http.MethodPost, "/oauth/deauthorize", `{"client_id":"`+trusted.ID+`"}`, "X-Requested-With", "XMLHttpRequest")
					eve.Authorize(t, trusted)
				}
			})
		}
		wg.Wait()
		events, _ = kept(t, g, gatehouse.AuditDeauthorizeApp, eve.User.ID)
		require.LessOrEqual(t, events, 202)
		events, _ = kept(t, g, gatehouse.AuditAuthorizeApp, eve.User.ID)
		require.LessOrEqual(t, events, 202)
	})
}

// Attack: fill the audit trail with the implicit grant, which gives a token with each request:
// again and again, with ever new scopes, and with a consent that is revoked each time.
func TestImplicitGrantsDoNotFillTheAuditTrail(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		trusted := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		eve, bob := g.SignedIn(t, g.User(t, "eve")), g.SignedIn(t, g.User(t, "bob"))
		total := func() int {
			all, err := g.Store.AuditEvents(t.Context(), "", 5000)
			require.NoError(t, err)
			return len(all)
		}
		issue := func(b *testkit.Browser, changes ...string) {
			a := b.Authorize(t, trusted, append(changes, "response_type=token")...)
			require.Contains(t, a.Location, "access_token=", "each request issues a token")
		}
		issue(eve)
		before := total()
		for range 230 {
			issue(eve)
		}
		require.Equal(t, before, total(), "a token of the same consent is no event")

		for i := range 230 {
			issue(eve, fmt.Sprintf("scope=fresh-%d", i))
		}
		events, summaries := kept(t, g, gatehouse.AuditAuthorizeApp, eve.User.ID)
		require.LessOrEqual(t, events, 202)
		require.Equal(t, 1, summaries)

		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 60 {
					sendFrom(t, eve, g, http.MethodPost, "/oauth/deauthorize", `{"client_id":"`+trusted.ID+`"}`, "X-Requested-With", "XMLHttpRequest")
					eve.Authorize(t, trusted, "response_type=token")
				}
			})
		}
		wg.Wait()
		for _, event := range []string{gatehouse.AuditAuthorizeApp, gatehouse.AuditDeauthorizeApp} {
			events, _ = kept(t, g, event, eve.User.ID)
			require.LessOrEqual(t, events, 203, event) // a minute may have passed
		}
		require.LessOrEqual(t, total(), 2*203+10)

		issue(bob)
		events, _ = kept(t, g, gatehouse.AuditAuthorizeApp, bob.User.ID)
		require.Equal(t, 1, events, "the events of another user are kept")
	})
}

// The actions of a System Admin are kept, however many they are.
func TestChangesBySystemAdminsAreAllInTheAuditTrail(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		for i := range 230 {
			a := root.Post(t, "/console", map[string][]string{gatehouse.SettingEnableImplicitGrant: {fmt.Sprint(i%2 == 1)}})
			require.Less(t, a.Status, 400, a.Body)
		}
		events, summaries := kept(t, g, gatehouse.AuditUpdateSetting, root.User.ID)
		require.GreaterOrEqual(t, events, 229)
		require.Zero(t, summaries)
	})
}
