package provider_test

import (
	"context"
	"net/http"
	"net/url"
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

// The previous generation works within GraceWindow, and longer if its successor was
// never used.
func TestGraceWindowEnds(t *testing.T) {
	now := time.Now()
	used := gatehouse.Grant{Generation: 3, UsedGeneration: 3, CreateAt: now.Add(-time.Hour), RotatedAt: now, ExpiresAt: now.Add(time.Hour)}
	unused, again, before := used, used, used
	unused.UsedGeneration = 2
	again.GraceGeneration = 2
	before.GraceGeneration = 1
	const current, grace, revoked, reused = gatehouse.TokenCurrent, gatehouse.TokenInGrace, gatehouse.TokenRevoked, gatehouse.TokenReused
	cases := []struct {
		name            string
		grant           gatehouse.Grant
		generation      int64
		at              time.Time
		refresh, access gatehouse.TokenStatus
	}{
		{"the current one", used, 3, now, current, current},
		{"the previous one, at once", used, 2, now, grace, grace},
		{"the previous one, just in time", used, 2, now.Add(gatehouse.GraceWindow - time.Millisecond), grace, grace},
		{"the previous one, too late", used, 2, now.Add(gatehouse.GraceWindow), reused, reused},
		{"the previous one, too late, with an unused successor", unused, 2, now.Add(gatehouse.GraceWindow), grace, reused},
		{"the previous one, at the end of the grant, with an unused successor", unused, 2, now.Add(time.Hour), revoked, revoked},
		{"the previous one, in grace for the second time in a row", again, 2, now, reused, grace},
		{"the previous one, in grace after a refresh without", before, 2, now, grace, grace},
		{"the previous one, by a clock that is behind", used, 2, now.Add(-gatehouse.ClockTolerance), grace, grace},
		{"the previous one, by a clock that was set back", used, 2, now.Add(-gatehouse.ClockTolerance - time.Millisecond), reused, reused},
		{"the current one, by a clock that was set back", used, 3, now.Add(-24 * time.Hour), current, current},
		{"older", unused, 1, now, reused, reused},
		{"from the future", used, 4, now, revoked, revoked},
		{"after the grant has expired", used, 3, now.Add(time.Hour), revoked, revoked},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.refresh, tc.grant.RefreshTokenStatus(tc.generation, tc.at), "refresh token")
			require.Equal(t, tc.access, tc.grant.AccessTokenStatus(tc.generation, tc.at), "access token")
		})
	}
	used.RevokedAt = now
	require.Equal(t, revoked, used.RefreshTokenStatus(3, now))
}

// A client on a bad network loses the response to every refresh. It repeats the
// request, however late, and never loses its grant.
func TestLostResponsesNeverEndAGrant(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app))
		for range 5 {
			lost := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken))
			require.Equal(t, http.StatusOK, lost.Status, lost.Raw)
			repeated := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken))
			require.Equal(t, http.StatusOK, repeated.Status, repeated.Raw)
			require.Equal(t, lost.RefreshToken, repeated.RefreshToken)
			status, _ := g.Me(t, repeated.AccessToken)
			require.Equal(t, http.StatusOK, status)
			tokens = repeated
		}
		require.Equal(t, 5, countEvents(t, g, gatehouse.AuditRefreshTokenRepeated), "each is audited once")
	})
}

// A thief with a refresh token cannot follow the client's refreshes through the grace
// window of each generation, and introspection does not tell when the client refreshes.
func TestStolenRefreshTokenCannotShadowItsClient(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		client := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app))
		active := func(token string) bool {
			_, answer := postForm(t, g, "/oauth/introspect", url.Values{"token": {token}, "client_id": {app.ID}, "client_secret": {app.Secret}})
			return answer["active"] == true
		}
		refresh := func(token string) testkit.TokenAnswer {
			a := g.Token(t, testkit.RefreshForm(app, token))
			if a.Status == http.StatusOK {
				g.Me(t, a.AccessToken) // each party uses its new access token
			}
			return a
		}
		stolen := client.RefreshToken
		client = refresh(client.RefreshToken)
		require.False(t, active(stolen), "in its grace window")
		require.True(t, active(client.RefreshToken))
		thief := refresh(stolen)
		require.Equal(t, http.StatusOK, thief.Status, "once: it could be another tab of the client")
		require.Equal(t, http.StatusOK, refresh(stolen).Status)
		require.Equal(t, 1, countEvents(t, g, gatehouse.AuditRefreshTokenRepeated), "the audit trail has one event for a generation")

		client = refresh(client.RefreshToken)
		require.Equal(t, "invalid_grant", refresh(thief.RefreshToken).Error, "not in the next generation again")
		require.Equal(t, "invalid_grant", refresh(client.RefreshToken).Error, "the grant is revoked")
		require.Equal(t, 1, countEvents(t, g, gatehouse.AuditRefreshTokenReused))
	})
}

// The first use of an access token is stored once, also when requests race.
func TestRacingFirstUses(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		first := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app))
		second := g.Token(t, testkit.RefreshForm(app, first.RefreshToken))
		race(32, func(int) testkit.TokenAnswer {
			status, _ := g.Me(t, second.AccessToken)
			return testkit.TokenAnswer{Status: status}
		})
		status, _ := g.Me(t, first.AccessToken)
		require.Equal(t, http.StatusOK, status)
		third := g.Token(t, testkit.RefreshForm(app, second.RefreshToken))
		require.Equal(t, http.StatusOK, third.Status, third.Raw)
		require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, first.RefreshToken)).Error)
	})
}

// The same access token always introspects to the same iat and exp.
func TestIntrospectionOfAnAccessTokenIsStable(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		first := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app))
		introspect := func(token string) map[string]any {
			_, answer := postForm(t, g, "/oauth/introspect", url.Values{"token": {token}, "client_id": {app.ID}, "client_secret": {app.Secret}})
			require.Equal(t, true, answer["active"])
			return answer
		}
		before := introspect(first.AccessToken)
		// A refresh in ten seconds, on a node whose clock is ahead: iat is in seconds.
		grant := g.Grant(t, first.AccessToken)
		require.NoError(t, g.Store.RotateGrant(t.Context(), grant.ID, grant.Generation, grant.RotatedAt.Add(10*time.Second), grant.ExpiresAt.Add(10*time.Second)))
		require.Equal(t, before, introspect(first.AccessToken))
		second := g.Token(t, testkit.RefreshForm(app, first.RefreshToken)) // in its grace window: the tokens of that refresh
		require.Equal(t, before, introspect(first.AccessToken))
		later := introspect(second.AccessToken)
		require.Greater(t, later["iat"], before["iat"])
		g.Token(t, testkit.RefreshForm(app, second.RefreshToken))
		require.Equal(t, later, introspect(second.AccessToken))
	})
}

func countEvents(t *testing.T, g *testkit.Gateway, event string) (n int) {
	t.Helper()
	events, err := g.Store.AuditEvents(t.Context(), "", 100)
	require.NoError(t, err)
	for _, e := range events {
		if e.Event == event {
			n++
		}
	}
	return n
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
