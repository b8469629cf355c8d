package provider_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

func TestRefreshRotates(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		first := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app, "scope=user files", "resource=https://api.example.com"))
		second := g.Token(t, testkit.RefreshForm(app, first.RefreshToken))
		require.Equal(t, http.StatusOK, second.Status, second.Raw)
		require.NotEqual(t, first.AccessToken, second.AccessToken)
		require.NotEqual(t, first.RefreshToken, second.RefreshToken)
		require.Equal(t, "user files", second.Scope)
		require.Equal(t, "https://api.example.com", second.Audience)
		require.EqualValues(t, 3600, second.ExpiresIn)
		for _, token := range []string{first.AccessToken, second.AccessToken} {
			status, _ := g.Me(t, token)
			require.Equal(t, http.StatusOK, status, "the previous access token works for requests in flight")
		}
	})
}

// 64 racing refreshes of one token all succeed and get the same successor.
func TestRacingRefreshesGetTheSameSuccessor(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app))
		answers := race(64, func(int) testkit.TokenAnswer { return g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)) })
		for _, a := range answers {
			require.Equal(t, http.StatusOK, a.Status, a.Raw)
			require.Equal(t, answers[0].RefreshToken, a.RefreshToken)
			status, _ := g.Me(t, a.AccessToken)
			require.Equal(t, http.StatusOK, status)
		}
		next := g.Token(t, testkit.RefreshForm(app, answers[0].RefreshToken))
		require.Equal(t, http.StatusOK, next.Status, next.Raw)
	})
}

// RFC 9700 §4.14.2: if a refresh token is used after its successor was used, two
// parties have it. The grant is revoked and the audit trail has an event.
func TestReusedRefreshTokenRevokesTheGrant(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		first := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app))
		second := g.Token(t, testkit.RefreshForm(app, first.RefreshToken))
		third := g.Token(t, testkit.RefreshForm(app, second.RefreshToken))
		require.Equal(t, http.StatusOK, third.Status)

		stolen := g.Token(t, testkit.RefreshForm(app, first.RefreshToken))
		require.Equal(t, http.StatusBadRequest, stolen.Status)
		require.Equal(t, "invalid_grant", stolen.Error)
		require.Equal(t, "api.oauth.get_access_token.refresh_token.app_error", stolen.ID)

		require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, third.RefreshToken)).Error)
		status, _ := g.Me(t, third.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		events, err := g.Store.AuditEvents(t.Context(), "", 10)
		require.NoError(t, err)
		require.Equal(t, gatehouse.AuditRefreshTokenReused, events[0].Event)
	})
}

// The previous generation works for GraceWindow only.
func TestGraceWindowEnds(t *testing.T) {
	now := time.Now()
	g := gatehouse.Grant{Generation: 3, CreateAt: now.Add(-time.Hour), RotatedAt: now, ExpiresAt: now.Add(time.Hour)}
	cases := []struct {
		name       string
		generation int64
		at         time.Time
		want       gatehouse.TokenStatus
	}{
		{"the current one", 3, now, gatehouse.TokenCurrent},
		{"the previous one, at once", 2, now, gatehouse.TokenInGrace},
		{"the previous one, just in time", 2, now.Add(gatehouse.GraceWindow - time.Millisecond), gatehouse.TokenInGrace},
		{"the previous one, too late", 2, now.Add(gatehouse.GraceWindow), gatehouse.TokenReused},
		{"the previous one, by a clock that is behind", 2, now.Add(-gatehouse.ClockTolerance), gatehouse.TokenInGrace},
		{"the previous one, by a clock that was set back", 2, now.Add(-gatehouse.ClockTolerance - time.Millisecond), gatehouse.TokenReused},
		{"the current one, by a clock that was set back", 3, now.Add(-24 * time.Hour), gatehouse.TokenCurrent},
		{"older", 1, now, gatehouse.TokenReused},
		{"from the future", 4, now, gatehouse.TokenRevoked},
		{"after the grant has expired", 3, now.Add(time.Hour), gatehouse.TokenRevoked},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, g.TokenStatus(tc.generation, tc.at)) })
	}
	g.RevokedAt = now
	require.Equal(t, gatehouse.TokenRevoked, g.TokenStatus(3, now))
}

func TestRefreshRefusals(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other, public := g.App(t, nil), g.App(t, nil), g.PublicApp(t)
		tokens := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app, "resource=https://api.example.com"))
		cases := []struct {
			name, code, id string
			status         int
			app            testkit.App
			changes        []string
		}{
			{"another client", "invalid_grant", "api.oauth.get_access_token.client_id_mismatch.app_error", 400, other, nil},
			{"a public client", "unauthorized_client", "model.oauth.validate_grant.public_client_refresh_token.app_error", 400, public, nil},
			{"a public client with a made-up token", "unauthorized_client", "model.oauth.validate_grant.public_client_refresh_token.app_error", 400, public, []string{"refresh_token=x"}},
			{"a made-up token", "invalid_grant", "api.oauth.get_access_token.refresh_token.app_error", 400, app, []string{"refresh_token=gthr_x"}},
			{"an access token", "invalid_grant", "api.oauth.get_access_token.refresh_token.app_error", 400, app, []string{"refresh_token=" + tokens.AccessToken}},
			{"no token", "invalid_request", "api.oauth.get_access_token.missing_refresh_token.app_error", 400, app, []string{"-refresh_token"}},
			{"more scope", "invalid_scope", "api.oauth.get_access_token.scope.app_error", 400, app, []string{"scope=user admin"}},
			{"another resource", "invalid_target", "api.oauth.get_access_token.resource_mismatch.app_error", 400, app, []string{"resource=https://evil.example.com"}},
			{"a wrong secret", "invalid_client", "model.oauth.validate_grant.credentials.app_error", 401, app, []string{"client_secret=x"}},
		}
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				a := g.Token(t, testkit.RefreshForm(tc.app, tokens.RefreshToken, tc.changes...))
				require.Equal(t, tc.status, a.Status, a.Raw)
				require.Equal(t, tc.code, a.Error)
				require.Equal(t, tc.id, a.ID)
			})
		}
		a := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken))
		require.Equal(t, http.StatusOK, a.Status, "none of the failed attempts used up the token")
	})
}

func TestRefreshCanNarrowScopes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app, "scope=user files"))
		less := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "scope=files"))
		require.Equal(t, "files", less.Scope, less.Raw)
		all := g.Token(t, testkit.RefreshForm(app, less.RefreshToken))
		require.Equal(t, "user files", all.Scope, "the grant keeps its scopes (RFC 6749 §6)")
	})
}

func TestRefreshFailsForADeactivatedUser(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, ada := g.App(t, nil), g.User(t, "ada")
		tokens := g.Redeem(t, app, g.SignedIn(t, ada).Code(t, app))
		require.NoError(t, g.Store.DeactivateUser(context.Background(), ada.ID, time.Now()))
		require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Error)
	})
}

// C 2.12: signing out with an access token revokes its grant.
func TestLogoutWithAnAccessTokenRevokesItsGrant(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app))
		r, err := http.NewRequest(http.MethodPost, g.URL+"/api/v4/users/logout", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode)
		require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Error)
	})
}
