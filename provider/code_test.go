package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

func TestCodeIsRedeemedOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada := g.User(t, "ada")
		app := g.App(t, nil)
		code := g.SignedIn(t, ada).Code(t, app)

		first := g.Redeem(t, app, code)
		require.Equal(t, "bearer", first.TokenType)
		require.EqualValues(t, 3600, first.ExpiresIn)
		require.Equal(t, "user", first.Scope)
		require.NotEmpty(t, first.RefreshToken)
		require.Equal(t, "no-store", first.Header.Get("Cache-Control"))
		require.Equal(t, "application/json", first.Header.Get("Content-Type"))
		for _, absent := range []string{"id_token", "audience"} {
			require.NotContains(t, first.Raw, absent, "empty members are left out")
		}
		status, id := g.Me(t, first.AccessToken)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, ada.ID, id)

		second := g.Token(t, testkit.RedeemForm(app, code))
		require.Equal(t, http.StatusBadRequest, second.Status)
		require.Equal(t, "invalid_grant", second.Error)
		require.Equal(t, "api.oauth.get_access_token.expired_code.app_error", second.ID)

		status, _ = g.Me(t, first.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status, "a replay revokes the tokens of the first redemption")
		refreshed := g.Token(t, testkit.RefreshForm(app, first.RefreshToken))
		require.Equal(t, "invalid_grant", refreshed.Error)
	})
}

// Of 64 racing redemptions one succeeds. The others are replays, which revoke its
// grant.
func TestRacingRedemptionsRevokeTheGrant(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		code := g.SignedIn(t, g.User(t, "ada")).Code(t, app)
		answers := race(64, func(int) testkit.TokenAnswer { return g.Token(t, testkit.RedeemForm(app, code)) })
		var won []testkit.TokenAnswer
		for _, a := range answers {
			if a.Status == http.StatusOK {
				won = append(won, a)
			} else {
				require.Equal(t, "invalid_grant", a.Error, a.Raw)
			}
		}
		require.Len(t, won, 1)
		status, _ := g.Me(t, won[0].AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, won[0].RefreshToken)).Error)
	})
}

func TestFailedAttemptDoesNotUseUpTheCode(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other := g.App(t, nil), g.App(t, nil)
		browser := g.SignedIn(t, g.User(t, "ada"))
		code := browser.Code(t, app, "code_challenge="+testkit.Challenge, "code_challenge_method=S256", "resource=https://api.example.com")
		verifier := "code_verifier=" + testkit.Verifier
		attempts := []struct {
			name, code, id string
			status         int
			app            testkit.App
			changes        []string
		}{
			{"a wrong secret", "invalid_client", "model.oauth.validate_grant.credentials.app_error", 401, app, []string{verifier, "client_secret=wrong"}},
			{"no secret", "invalid_client", "model.oauth.validate_grant.credentials.app_error", 401, app, []string{verifier, "-client_secret"}},
			{"another client", "invalid_grant", "api.oauth.get_access_token.client_id_mismatch.app_error", 400, other, []string{verifier}},
			{"another redirect URI", "invalid_grant", "api.oauth.get_access_token.redirect_uri.app_error", 400, app, []string{verifier, "redirect_uri=https://app.example.com/CB"}},
			{"no redirect URI although one was sent", "invalid_grant", "api.oauth.get_access_token.redirect_uri.app_error", 400, app, []string{verifier, "-redirect_uri"}},
			{"a wrong verifier", "invalid_grant", "model.authorize.validate_pkce.verification_failed.app_error", 400, app, []string{"code_verifier=" + strings.Repeat("a", 43)}},
			{"no verifier, after a wrong one", "invalid_grant", "model.authorize.validate_pkce.verifier_required.app_error", 400, app, nil},
			{"another resource", "invalid_target", "api.oauth.get_access_token.resource_mismatch.app_error", 400, app, []string{verifier, "resource=https://evil.example.com"}},
			{"a relative resource", "invalid_target", "model.authorize.is_valid.resource.not_absolute.app_error", 400, app, []string{verifier, "resource=/x"}},
			{"a changed code", "invalid_grant", "api.oauth.get_access_token.expired_code.app_error", 400, app, []string{verifier, "code=" + code[:len(code)-8] + "AAAAAAAA"}},
			{"an unknown client", "invalid_client", "api.oauth.get_access_token.credentials.app_error", 401, app, []string{verifier, "client_id=" + gatehouse.NewID()}},
			{"a malformed client", "invalid_client", "api.oauth.get_access_token.bad_client_id.app_error", 401, app, []string{verifier, "client_id=x"}},
			{"an unknown grant", "unsupported_grant_type", "api.oauth.get_access_token.bad_grant.app_error", 400, app, []string{verifier, "grant_type=password"}},
			{"no grant", "invalid_request", "api.oauth.get_access_token.bad_grant.app_error", 400, app, []string{verifier, "-grant_type"}},
			{"no code", "invalid_request", "api.oauth.get_access_token.missing_code.app_error", 400, app, []string{verifier, "-code"}},
		}
		for _, tc := range attempts {
			t.Run(tc.name, func(t *testing.T) {
				a := g.Token(t, testkit.RedeemForm(tc.app, code, tc.changes...))
				require.Equal(t, tc.status, a.Status, a.Raw)
				require.Equal(t, tc.code, a.Error)
				require.Equal(t, tc.id, a.ID)
				require.Equal(t, tc.status, a.StatusCode)
				require.NotEmpty(t, a.RequestID)
				require.NotEmpty(t, a.ErrorDescription)
				require.True(t, strings.HasPrefix(a.Message, tc.code+": "), a.Message)
			})
		}
		a := g.Redeem(t, app, code, verifier, "resource=https://api.example.com")
		require.Equal(t, "https://api.example.com", a.Audience)
	})
}

// The table of C 2.4. A code stays bound to its challenge after every failed attempt.
// (fosite's own storage would lose the challenge.)
func TestPKCE(t *testing.T) {
	long := strings.Repeat("a", 128)
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		confidential, public := g.App(t, nil), g.PublicApp(t)
		browser := g.SignedIn(t, g.User(t, "ada"))
		challenge := []string{"code_challenge=" + testkit.Challenge, "code_challenge_method=S256"}
		const failed, required = "model.authorize.validate_pkce.verification_failed.app_error", "model.authorize.validate_pkce.verifier_required.app_error"
		cases := []struct {
			name      string
			app       testkit.App
			authorize []string
			verifier  string
			id        string // "" = tokens
		}{
			{"public, right verifier", public, challenge, testkit.Verifier, ""},
			{"public, no verifier", public, challenge, "", "model.oauth.validate_grant.pkce_required.app_error"},
			{"public, wrong verifier", public, challenge, strings.Repeat("x", 43), failed},
			{"public, short verifier", public, challenge, "short", failed},
			{"public, long verifier", public, challenge, long + "a", failed},
			{"public, forbidden characters", public, challenge, strings.Repeat("!", 43), failed},
			{"public, the challenge itself as verifier (plain)", public, challenge, testkit.Challenge, failed},
			{"confidential, none at all", confidential, nil, "", ""},
			{"confidential, verifier without challenge", confidential, nil, testkit.Verifier, "model.authorize.validate_pkce.not_used_in_auth.app_error"},
			{"confidential, no verifier", confidential, challenge, "", required},
			{"confidential, wrong verifier", confidential, challenge, strings.Repeat("x", 43), failed},
			{"confidential, right verifier", confidential, challenge, testkit.Verifier, ""},
			{"a challenge that no verifier has", confidential, []string{"code_challenge=" + long, "code_challenge_method=S256"}, testkit.Verifier, failed},
		}
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				changes := []string{"-code_verifier"}
				if tc.verifier != "" {
					changes = []string{"code_verifier=" + tc.verifier}
				}
				a := g.Token(t, testkit.RedeemForm(tc.app, browser.Code(t, tc.app, tc.authorize...), changes...))
				require.Equal(t, tc.id, a.ID, a.Raw)
				require.Equal(t, tc.id == "", a.Status == http.StatusOK)
				require.Equal(t, tc.id == "" && !tc.app.IsPublic, a.RefreshToken != "", "only confidential apps get refresh tokens")
			})
		}
	})
}

func TestRevokingEndsCodesAndTokens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ctx := t.Context()
		cases := map[string]func(t *testing.T, app testkit.App, user gatehouse.User, b *testkit.Browser){
			"the consent is revoked": func(t *testing.T, app testkit.App, user gatehouse.User, _ *testkit.Browser) {
				require.NoError(t, g.Store.DeleteConsent(ctx, user.ID, app.ID, time.Now()))
			},
			"the consent is revoked and given again": func(t *testing.T, app testkit.App, user gatehouse.User, b *testkit.Browser) {
				require.NoError(t, g.Store.DeleteConsent(ctx, user.ID, app.ID, time.Now()))
				b.Code(t, app)
			},
			"the user is deactivated": func(t *testing.T, _ testkit.App, user gatehouse.User, _ *testkit.Browser) {
				require.NoError(t, g.Store.DeactivateUser(ctx, user.ID, user.CreateAt))
			},
			"the user is deactivated and activated again": func(t *testing.T, _ testkit.App, user gatehouse.User, _ *testkit.Browser) {
				require.NoError(t, g.Store.DeactivateUser(ctx, user.ID, user.CreateAt))
				require.NoError(t, g.Store.ActivateUser(ctx, user.ID, user.CreateAt))
			},
			"the password is changed": func(t *testing.T, _ testkit.App, user gatehouse.User, _ *testkit.Browser) {
				require.NoError(t, g.Store.SetPassword(ctx, user.ID, "x", "", user.CreateAt))
			},
		}
		for name, end := range cases {
			t.Run(name, func(t *testing.T) {
				app, user := g.App(t, nil), g.User(t, strings.ToLower(gatehouse.NewID()))
				b := g.SignedIn(t, user)
				tokens := g.Redeem(t, app, b.Code(t, app))
				code := b.Code(t, app)
				end(t, app, user, b)
				require.Equal(t, "invalid_grant", g.Token(t, testkit.RedeemForm(app, code)).Error, "the code")
				status, _ := g.Me(t, tokens.AccessToken)
				require.Equal(t, http.StatusUnauthorized, status, "the access token")
				require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Error, "the refresh token")
			})
		}
		t.Run("the app is deleted", func(t *testing.T) {
			app := g.App(t, nil)
			b := g.SignedIn(t, g.User(t, "carol"))
			tokens, code := g.Redeem(t, app, b.Code(t, app)), b.Code(t, app)
			require.NoError(t, g.Apps.Delete(ctx, app.ID, ""))
			require.Equal(t, "invalid_client", g.Token(t, testkit.RedeemForm(app, code)).Error)
			require.Equal(t, "invalid_client", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Error)
			status, _ := g.Me(t, tokens.AccessToken)
			require.Equal(t, http.StatusUnauthorized, status)
		})
	})
}

func TestRegeneratingTheSecretKeepsTokens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		tokens, code := g.Redeem(t, app, b.Code(t, app)), b.Code(t, app)
		_, secret, err := g.Apps.RegenerateSecret(t.Context(), app.ID, "")
		require.NoError(t, err)
		require.Equal(t, "invalid_client", g.Token(t, testkit.RedeemForm(app, code)).Error, "the old secret stops working immediately")
		app.Secret = secret
		g.Redeem(t, app, code)
		status, _ := g.Me(t, tokens.AccessToken)
		require.Equal(t, http.StatusOK, status)
	})
}

func TestRedirectURICanBeLeftOutInBothRequests(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		a := b.Authorize(t, app, "-redirect_uri")
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		a = b.Decide(t, a, "allow")
		require.True(t, strings.HasPrefix(a.Location, testkit.RedirectURI+"?"), a.Location)
		g.Redeem(t, app, a.Code(), "-redirect_uri")

		g.Redeem(t, app, b.Code(t, app, "-redirect_uri")) // naming the registered one is no mistake
		wrong := g.Token(t, testkit.RedeemForm(app, b.Code(t, app, "-redirect_uri"), "redirect_uri=https://app.example.com/other"))
		require.Equal(t, "invalid_grant", wrong.Error)
	})
}

func TestLoopbackRedirectURIsMayUseAnyPort(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		for registered, used := range map[string]string{
			"http://localhost/callback": "http://localhost:49152/callback",
			"http://127.0.0.1/cb":       "http://127.0.0.1:33418/cb",
			"http://[::1]:1/cb":         "http://[::1]:55555/cb",
		} {
			app := g.App(t, func(n *registration.NewApp) { n.IsPublic, n.RedirectURIs = true, []string{registered} })
			code := b.Code(t, app, "redirect_uri="+used)
			g.Redeem(t, app, code, "redirect_uri="+used)
			mismatch := g.Token(t, testkit.RedeemForm(app, b.Code(t, app, "redirect_uri="+used), "redirect_uri="+registered))
			require.Equal(t, "invalid_grant", mismatch.Error, "the port used must be the same in both requests")
		}
	})
}
