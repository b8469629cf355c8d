package account_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

func TestRevokingAnAppInvalidatesItsTokens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.SignedIn(t, g.User(t, "ana"))
		app, other := g.App(t, nil), g.App(t, nil)
		tokens, kept := g.Redeem(t, app, ana.Code(t, app)), g.Redeem(t, other, ana.Code(t, other))
		unused := ana.Code(t, app)
		path := security + "/apps/" + app.ID + "/revoke"

		page := ana.Get(t, security).Page(t)
		require.Equal(t, 1, page.Find(`a[href="`+path+`"]`).Length())
		ask := ana.Get(t, path)
		require.Equal(t, http.StatusOK, ask.Status)
		require.Contains(t, ask.Page(t).Find("main").Text(), "codes and tokens stop working")
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status, "the question changes nothing")

		form := ask.Page(t).Find("main form")
		require.Equal(t, "post", form.AttrOr("method", ""))
		a := ana.Follow(t, ana.Post(t, form.AttrOr("action", ""), nil))
		require.Contains(t, noticeOf(t, a), "The app was revoked.")
		require.Zero(t, a.Page(t).Find(`a[href="`+path+`"]`).Length())

		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, http.StatusBadRequest, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Status)
		require.Equal(t, http.StatusBadRequest, g.Token(t, testkit.RedeemForm(app, unused)).Status)
		status, _ = g.Me(t, kept.AccessToken)
		require.Equal(t, http.StatusOK, status, "the other app is not affected")

		events := audited(t, g, gatehouse.AuditDeauthorizeApp)
		require.Len(t, events, 1)
		require.Equal(t, []string{ana.User.ID, app.ID}, []string{events[0].ActorID, events[0].TargetID})
		require.NotEmpty(t, events[0].RequestID)

		// A second time, in another tab, is not an error.
		require.Equal(t, "This app was already revoked.", noticeOf(t, ana.Follow(t, ana.Get(t, path))))
		require.Equal(t, "This app was already revoked.", noticeOf(t, ana.Follow(t, ana.Post(t, path, nil))))
	})
}

func TestUsersRevokeOnlyTheirOwnApps(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana, root := g.SignedIn(t, g.User(t, "ana")), g.SignedIn(t, g.Admin(t, "root"))
		app := g.App(t, func(n *registration.NewApp) { n.Name = "Secret plans" })
		tokens := g.Redeem(t, app, ana.Code(t, app))
		path := security + "/apps/" + app.ID + "/revoke"
		require.NotContains(t, root.Get(t, security).Body, "Secret plans")
		for _, send := range []func() testkit.Answer{
			func() testkit.Answer { return root.Get(t, path) },
			func() testkit.Answer { return root.Post(t, path, nil) },
		} {
			a := root.Follow(t, send())
			require.Contains(t, noticeOf(t, a), "already")
			require.NotContains(t, a.Body, "Secret plans", "the page does not reveal the app's name")
		}
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status)
		require.Empty(t, audited(t, g, gatehouse.AuditDeauthorizeApp))
		require.Equal(t, http.StatusBadRequest, ana.Post(t, security+"/apps/x/revoke", nil).Status)
	})
}

func TestRevokePageWarnsAboutTrustedApps(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.SignedIn(t, g.User(t, "ana"))
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		ana.Code(t, app)
		page := ana.Get(t, security+"/apps/"+app.ID+"/revoke").Page(t)
		require.Contains(t, page.Find("main").Text(), "It gets access again without asking you")
	})
}

func TestUsersRevokeAppsWhileTheProviderIsOff(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana, bob := g.SignedIn(t, g.User(t, "ana")), g.SignedIn(t, g.User(t, "bob"))
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, ana.Code(t, app))
		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		path := security + "/apps/" + app.ID + "/revoke"

		page := ana.Get(t, security).Page(t)
		require.Equal(t, 1, page.Find(`a[href="`+path+`"]`).Length())
		require.Contains(t, page.Find("main").Text(), "You can still revoke the apps that you authorized.")
		require.NotContains(t, page.Find("main").Text(), "These apps have access")
		require.Equal(t, 1, page.Find("#sessions-title").Length())
		home := ana.Get(t, "/").Page(t).Find("main").Text()
		require.Contains(t, home, "You have authorized 1 app.")
		require.Contains(t, home, "You can still revoke the apps that you authorized.")

		// Another user revokes nothing, and a malformed id is refused as before.
		require.Equal(t, "This app was already revoked.", noticeOf(t, bob.Follow(t, bob.Post(t, path, nil))))
		require.Equal(t, http.StatusBadRequest, ana.Post(t, security+"/apps/x/revoke", nil).Status)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status, "an access token works while the provider is off, so users must be able to end it")

		require.Equal(t, http.StatusOK, ana.Get(t, path).Status)
		require.Contains(t, noticeOf(t, ana.Follow(t, ana.Post(t, path, nil))), "The app was revoked.")
		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Len(t, audited(t, g, gatehouse.AuditDeauthorizeApp), 1)
		require.Contains(t, ana.Get(t, security).Page(t).Find("main").Text(), "You have not authorized any apps.")

		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "true")
		require.Equal(t, http.StatusBadRequest, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Status, "nothing comes back with the provider")
	})
}

func TestAppNamesAreEscaped(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.SignedIn(t, g.User(t, "ana"))
		app := g.App(t, func(n *registration.NewApp) {
			n.Name, n.Description = `<script>alert(1)</script>`, `<b onclick="x">`
			n.Homepage = `https://x.example.com/"><b>`
		})
		ana.Code(t, app)
		for _, path := range []string{security, security + "/apps/" + app.ID + "/revoke"} {
			page := ana.Get(t, path).Page(t)
			require.Zero(t, page.Find("main script, main b").Length(), path)
			require.Contains(t, page.Find("main").Text(), `<script>alert(1)</script>`)
		}
	})
}
