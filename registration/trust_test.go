package registration_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// trustedApp registers an app of bob that a System Admin trusts and that eve uses.
func trustedApp(t *testing.T, g *testkit.Gateway) (admin, bob, eve *caller, app testkit.App, tokens testkit.TokenAnswer) {
	t.Helper()
	letUsersRegister(t, g)
	admin, bob, eve = as(t, g, g.Admin(t, "root")), as(t, g, g.User(t, "bob")), as(t, g, g.User(t, "eve"))
	created := bob.app(http.StatusCreated, "POST", apps, valid(object{"callback_urls": []string{testkit.RedirectURI}}))
	trust := valid(object{"id": created.ID, "callback_urls": []string{testkit.RedirectURI}, "is_trusted": true})
	admin.app(http.StatusOK, "PUT", apps+"/"+created.ID, trust)
	app = testkit.App{App: stored(t, g, created.ID), Secret: created.ClientSecret}
	require.True(t, app.IsTrusted)
	return admin, bob, eve, app, g.Redeem(t, app, eve.browser.Code(t, app))
}

func TestChangedRedirectURIsEndTrustAndConsents(t *testing.T) {
	const evil = "https://evil.example.com/cb"
	for way, change := range map[string]func(t *testing.T, bob *caller, id string, uris ...string){
		"API": func(t *testing.T, bob *caller, id string, uris ...string) {
			bob.app(http.StatusOK, "PUT", apps+"/"+id, valid(object{"id": id, "callback_urls": uris, "is_trusted": true}))
		},
		"page": func(t *testing.T, bob *caller, id string, uris ...string) {
			_, form := formOf(t, bob.get("/integrations/oauth2-apps/"+id+"/edit"))
			form.Set("callback_urls", strings.Join(uris, "\n"))
			form.Set("confirm_callbacks", "true")
			require.Equal(t, http.StatusSeeOther, bob.post("/integrations/oauth2-apps/"+id+"/edit", form).Status)
		},
	} {
		t.Run(way, func(t *testing.T) {
			testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
				_, bob, eve, app, tokens := trustedApp(t, g)
				pending := eve.browser.Code(t, app)

				change(t, bob, app.ID, testkit.RedirectURI)
				require.True(t, stored(t, g, app.ID).IsTrusted, "the redirect URIs are the same")
				status, _ := g.Me(t, tokens.AccessToken)
				require.Equal(t, 200, status)

				change(t, bob, app.ID, testkit.RedirectURI, evil)
				require.False(t, stored(t, g, app.ID).IsTrusted)
				status, _ = g.Me(t, tokens.AccessToken)
				require.Equal(t, 401, status)
				require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Error)
				require.Equal(t, "invalid_grant", g.Token(t, testkit.RedeemForm(app, pending)).Error)
				require.Equal(t, http.StatusOK, eve.browser.Authorize(t, app, "redirect_uri="+evil).Status, "the consent page")
				require.Equal(t, http.StatusOK, eve.browser.Authorize(t, app).Status, "also for the old URI")

				events, err := g.Store.AuditEvents(t.Context(), "", 100)
				require.NoError(t, err)
				var details []string
				for _, e := range events {
					if e.Event == gatehouse.AuditUpdateApp && e.ActorID == bob.browser.User.ID {
						details = append(details, e.Detail)
					}
				}
				require.Contains(t, details, "A callback URL was added: "+evil)
				require.Contains(t, details, "The app is no longer trusted, because a user who is not a System Admin changed its callback URLs.")

				eve.browser.Code(t, app)
				change(t, bob, app.ID, evil)
				require.Equal(t, http.StatusOK, eve.browser.Authorize(t, app, "redirect_uri="+evil).Status, "an app that is not trusted loses its consents too")
				events, err = g.Store.AuditEvents(t.Context(), "", 100)
				require.NoError(t, err)
				removed := slices.DeleteFunc(events, func(e gatehouse.AuditEvent) bool { return !strings.Contains(e.Detail, " was removed: ") })
				require.Len(t, removed, 1, "only the second change removed a URI")
				require.Equal(t, "A callback URL was removed: "+testkit.RedirectURI, removed[0].Detail)
				require.Equal(t, gatehouse.AuditUpdateApp, removed[0].Event)
				require.Equal(t, bob.browser.User.ID, removed[0].ActorID)
				require.Equal(t, app.ID, removed[0].TargetID)
				require.Equal(t, gatehouse.OutcomeSuccess, removed[0].Outcome)
			})
		})
	}
}

func TestSystemAdminChangesRedirectURIsWithoutEndingTrust(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, bob, _, app, tokens := trustedApp(t, g)
		uris := []string{testkit.RedirectURI, "https://new.example.com/cb"}
		admin.app(http.StatusOK, "PUT", apps+"/"+app.ID, valid(object{"id": app.ID, "callback_urls": uris, "is_trusted": true}))
		require.True(t, stored(t, g, app.ID).IsTrusted)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, 200, status)
		// Another order is not a change.
		bob.app(http.StatusOK, "PUT", apps+"/"+app.ID, valid(object{"id": app.ID, "callback_urls": []string{uris[1], uris[0]}}))
		require.True(t, stored(t, g, app.ID).IsTrusted)
	})
}

// Attack: change the redirect URIs while users authorize the app, so that a consent to the
// old ones remains.
func TestConcurrentConsentsEndWithTheRedirectURIs(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		_, bob, _, app, _ := trustedApp(t, g)
		users := make([]gatehouse.User, 8)
		for i := range users {
			users[i] = g.User(t, "user-"+string(rune('a'+i)))
		}
		start := make(chan struct{})
		var wg sync.WaitGroup
		for _, user := range users {
			wg.Go(func() {
				<-start
				_, _ = g.Store.RecordConsent(t.Context(), user.ID, app.ID, []string{"user"}, nil, time.Now())
			})
		}
		var changed gatehouse.App
		wg.Go(func() {
			<-start
			changed, _ = g.Apps.UpdateByUser(t.Context(), app.ID, bob.browser.User.ID, func(a *gatehouse.App) error {
				a.RedirectURIs = []string{"https://evil.example.com/cb"}
				return nil
			})
		})
		close(start)
		wg.Wait()
		require.False(t, changed.IsTrusted)
		require.False(t, stored(t, g, app.ID).IsTrusted)
		// Each consent that is left was given after the change: the next change ends it.
		_, err := g.Apps.UpdateByUser(t.Context(), app.ID, bob.browser.User.ID, func(a *gatehouse.App) error {
			a.RedirectURIs = []string{"https://evil.example.com/other"}
			return nil
		})
		require.NoError(t, err)
		usage, err := g.Store.AppUsage(t.Context(), []string{app.ID})
		require.NoError(t, err)
		require.Empty(t, usage)
	})
}

func TestAppPageSaysThatTheCreatorIsDeactivated(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, bob, _, app, _ := trustedApp(t, g)
		page := admin.get("/integrations/oauth2-apps/" + app.ID).Page(t)
		require.NotContains(t, page.Find("main").Text(), "deactivated")
		require.NoError(t, g.Store.DeactivateUser(t.Context(), bob.browser.User.ID, time.Now()))
		page = admin.get("/integrations/oauth2-apps/" + app.ID).Page(t)
		require.Contains(t, page.Find("main").Text(), "The user who registered this app is deactivated.")
		page = admin.get("/integrations/oauth2-apps").Page(t)
		require.Contains(t, page.Find("main").Text(), "This user is deactivated.")
	})
}
