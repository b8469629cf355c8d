package account_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

func newPassword(current, fresh string) url.Values {
	return url.Values{"current_password": {current}, "new_password": {fresh}}
}

func TestChangingThePasswordEndsEverythingExceptThisSession(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.UserWithPassword(t, "ana")
		here, there := signedInByPassword(t, g, ana), signedInByPassword(t, g, ana)
		ben := g.SignedIn(t, g.User(t, "ben"))
		app := g.App(t, nil)
		tokens, bens := g.Redeem(t, app, here.Code(t, app)), g.Redeem(t, app, ben.Code(t, app))
		unused, stolen := here.Code(t, app), sessionToken(t, g, here)

		a := here.Follow(t, here.Post(t, security+"/password", newPassword(testkit.Password, "another password")))
		require.Contains(t, noticeOf(t, a), "Your password was changed.")
		require.Equal(t, http.StatusOK, here.Get(t, "/").Status, "still signed in")
		require.NotEqual(t, stolen, sessionToken(t, g, here))
		status, _ := g.Me(t, stolen)
		require.Equal(t, http.StatusUnauthorized, status, "a copy of the old cookie is useless")
		require.Equal(t, http.StatusSeeOther, there.Get(t, "/").Status)

		status, _ = g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, http.StatusBadRequest, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Status)
		require.Equal(t, http.StatusBadRequest, g.Token(t, testkit.RedeemForm(app, unused)).Status)
		status, _ = g.Me(t, bens.AccessToken)
		require.Equal(t, http.StatusOK, status)
		require.NotEmpty(t, here.Authorize(t, app).Code(), "the consent is remembered")

		for password, want := range map[string]int{testkit.Password: http.StatusUnauthorized, "another password": http.StatusSeeOther} {
			require.Equal(t, want, g.NewBrowser(t).Post(t, "/login", url.Values{"login_id": {"ana"}, "password": {password}}).Status)
		}
		events := audited(t, g, gatehouse.AuditUpdatePassword)
		require.Len(t, events, 1)
		require.Equal(t, []string{ana.ID, ana.ID, gatehouse.OutcomeSuccess}, []string{events[0].ActorID, events[0].TargetID, events[0].Outcome})
	})
}

func TestARefusedPasswordChangesNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.SignedIn(t, g.UserWithPassword(t, "ana"))
		for _, tc := range []struct{ current, fresh, field, says string }{
			{testkit.Password, "short", "new_password", "at least 8 characters"},
			{testkit.Password, "", "new_password", "at least 8 characters"},
			{"wrong", "another password", "current_password", "This isn't your current password."},
			{"", "another password", "current_password", "Please enter your current password."},
		} {
			a := ana.Post(t, security+"/password", newPassword(tc.current, tc.fresh))
			require.Equal(t, http.StatusBadRequest, a.Status)
			page := a.Page(t)
			require.Contains(t, page.Find("#"+tc.field+"-error").Text(), tc.says)
			require.Equal(t, 1, page.Find("#problems li").Length())
			require.Equal(t, 1, page.Find("#sessions-title").Length(), "the rest of the page is shown")
			require.NotContains(t, a.Body, testkit.Password)
			require.NotContains(t, a.Body, "another password")
		}
		after, err := g.Store.User(t.Context(), ana.User.ID)
		require.NoError(t, err)
		require.Equal(t, ana.User.PasswordHash, after.PasswordHash)
		events := audited(t, g, gatehouse.AuditUpdatePassword)
		require.Len(t, events, 1, "only the attempts are audited")
		require.Equal(t, gatehouse.OutcomeFail, events[0].Outcome)
	})
}

// TestAStolenSessionCannotGuessThePassword: the attempts count as sign-ins. Once the
// rate limit is used up, the right password does not work either.
func TestAStolenSessionCannotGuessThePassword(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ana := g.SignedIn(t, g.UserWithPassword(t, "ana"))
		var last testkit.Answer
		for range 21 {
			last = ana.Post(t, security+"/password", newPassword("wrong", "another password"))
		}
		require.Equal(t, http.StatusTooManyRequests, last.Status)
		require.NotEmpty(t, last.Header.Get("Retry-After"))
		require.Contains(t, last.Page(t).Find("#problems").Text(), "Please try again in")
		require.Equal(t, http.StatusTooManyRequests, ana.Post(t, security+"/password", newPassword(testkit.Password, "another password")).Status)
		require.Equal(t, http.StatusTooManyRequests, g.NewBrowser(t).Post(t, "/login", url.Values{"login_id": {"ana"}, "password": {testkit.Password}}).Status)
		after, err := g.Store.User(t.Context(), ana.User.ID)
		require.NoError(t, err)
		require.Equal(t, ana.User.PasswordHash, after.PasswordHash)
	})
}
