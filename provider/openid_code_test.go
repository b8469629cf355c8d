package provider_test

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse"
	"gatehouse/openid"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// go-oidc signs a user in with each algorithm and each type of app, and reads UserInfo.
func TestGoOIDC(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada := g.User(t, "ada")
		for _, algorithm := range gatehouse.SigningAlgorithms() {
			for name, app := range map[string]testkit.App{"confidential": g.App(t, nil), "public": g.PublicApp(t)} {
				t.Run(algorithm+" "+name, func(t *testing.T) {
					setOpenID(t, g, app, func(o *gatehouse.AppOpenID) { o.IDTokenAlgorithm = algorithm })
					provider, err := oidc.NewProvider(t.Context(), g.URL)
					require.NoError(t, err)
					config := oauth2.Config{ClientID: app.ID, ClientSecret: app.Secret, Endpoint: provider.Endpoint(), RedirectURL: testkit.RedirectURI, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
					verifier := oauth2.GenerateVerifier()
					r, err := http.NewRequest(http.MethodGet, config.AuthCodeURL("state", oidc.Nonce("a nonce"), oauth2.S256ChallengeOption(verifier)), nil)
					require.NoError(t, err)
					b := g.SignedIn(t, ada)
					before := time.Now().Add(-time.Minute)
					answer := b.Do(t, r)
					if answer.Status == http.StatusOK {
						answer = b.Decide(t, answer, "allow")
					}
					token, err := config.Exchange(t.Context(), answer.Code(), oauth2.VerifierOption(verifier))
					require.NoError(t, err)
					raw, _ := token.Extra("id_token").(string)
					verified, err := provider.Verifier(&oidc.Config{ClientID: app.ID, SupportedSigningAlgs: []string{algorithm}}).Verify(t.Context(), raw)
					require.NoError(t, err)
					require.NoError(t, verified.VerifyAccessToken(token.AccessToken))
					require.Equal(t, ada.ID, verified.Subject)
					require.Equal(t, "a nonce", verified.Nonce)
					require.WithinDuration(t, verified.IssuedAt.Add(gatehouse.IDTokenLifetime), verified.Expiry, 0)
					var claims idToken
					require.NoError(t, verified.Claims(&claims))
					require.Equal(t, []string{"pwd"}, claims.AMR)
					require.Equal(t, openid.ACRPassword, claims.ACR)
					require.Equal(t, app.ID, claims.Authorized)
					require.Greater(t, claims.AuthTime, before.Unix())
					require.NotEmpty(t, claims.SID)
					require.Empty(t, claims.Email, "claims about the user are at the UserInfo endpoint")

					info, err := provider.UserInfo(t.Context(), config.TokenSource(t.Context(), token))
					require.NoError(t, err)
					require.Equal(t, ada.ID, info.Subject)
					require.Equal(t, "ada@example.com", info.Email)
					require.True(t, info.EmailVerified)
					require.Equal(t, app.IsPublic, token.RefreshToken == "", "a public app gets no refresh token")
				})
			}
		}
	})
}

// A plain request gets no ID token, and no code of OpenID Connect. Turning OpenID Connect
// off takes all of it away.
func TestIDTokensNeedTheScopeAndTheSetting(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		code := b.Code(t, app, "scope=user profile")
		require.True(t, strings.HasPrefix(code, "gthc_"), code)
		require.Empty(t, g.Redeem(t, app, code).IDToken)

		code = b.Code(t, app, "scope=openid")
		tokens := g.Redeem(t, app, code)
		require.NotEmpty(t, tokens.IDToken)
		narrow := g.Token(t, testkit.RefreshForm(app, g.Redeem(t, app, b.Code(t, app, "scope=openid user")).RefreshToken, "scope=user"))
		require.Equal(t, http.StatusOK, narrow.Status, narrow.Raw)
		require.Empty(t, narrow.IDToken, "the refresh does not ask for openid")

		begun := b.Code(t, app, "scope=openid")
		g.Set(t, gatehouse.SettingEnableOpenIDConnect, "false")
		require.Empty(t, g.Redeem(t, app, begun).IDToken)
		require.Empty(t, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).IDToken)
		code = b.Code(t, app, "scope=openid")
		require.True(t, strings.HasPrefix(code, "gthc_"), code)
		require.Empty(t, g.Redeem(t, app, code).IDToken)
		_, err := oidc.NewProvider(t.Context(), g.URL)
		require.ErrorContains(t, err, "404")
		metadata := getJSON(t, g.URL+"/.well-known/oauth-authorization-server")
		require.Equal(t, []any{"user"}, metadata["scopes_supported"])
	})
}

// The Mattermost provider of Auth.js requests the scope openid and refuses every ID token,
// so its redirect URI gets none (decision 0011).
func TestMattermostProvidersGetNoIDToken(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		for redirectURI, served := range map[string]bool{
			"https://app.example.com/api/auth/callback/mattermost": false,
			"https://app.example.com/api/auth/callback/gatehouse":  true,
		} {
			app := g.App(t, func(n *registration.NewApp) { n.RedirectURIs = []string{redirectURI} })
			answer := b.Decide(t, b.Authorize(t, app, "redirect_uri="+redirectURI, "scope=openid profile email"), "allow")
			require.NotEmpty(t, answer.Code(), answer.Location)
			tokens := g.Token(t, testkit.RedeemForm(app, answer.Code(), "redirect_uri="+redirectURI))
			require.Equal(t, http.StatusOK, tokens.Status, tokens.Raw)
			require.Equal(t, served, tokens.IDToken != "", redirectURI)
			require.Equal(t, "openid profile email", tokens.Scope)
			refreshed := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken))
			require.Equal(t, http.StatusOK, refreshed.Status, refreshed.Raw)
			require.Equal(t, served, refreshed.IDToken != "", redirectURI)
		}
	})
}

// OpenID Connect Core §12.2: the ID token of a refresh has a new iat, the same auth_time,
// sub, aud and sid, and no nonce. Every refresh returns one.
func TestRefreshReturnsAnIDToken(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app, "scope=openid", "nonce=n"))
		first := verify(t, g, app, tokens.IDToken)
		for range 2 {
			tokens = g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken))
			require.Equal(t, http.StatusOK, tokens.Status, tokens.Raw)
			next := verify(t, g, app, tokens.IDToken)
			require.Equal(t, hashOf(tokens.AccessToken), next.ATHash)
			require.GreaterOrEqual(t, next.IssuedAt, first.IssuedAt)
			require.Empty(t, next.Nonce)
			next.ATHash, next.IssuedAt, next.Expiry, next.Nonce = first.ATHash, first.IssuedAt, first.Expiry, first.Nonce
			require.Equal(t, first, next)
		}
	})
}

// at_hash uses the hash of the algorithm (OpenID Connect Core §3.1.3.6).
func TestAccessTokenHashFollowsTheAlgorithm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		setOpenID(t, g, app, func(o *gatehouse.AppOpenID) { o.IDTokenAlgorithm = gatehouse.AlgorithmEdDSA })
		tokens := g.Redeem(t, app, b.Code(t, app, "scope=openid"))
		sum := sha512.Sum512([]byte(tokens.AccessToken))
		_, payload, _ := strings.Cut(tokens.IDToken, ".")
		payload, _, _ = strings.Cut(payload, ".")
		raw, err := base64.RawURLEncoding.DecodeString(payload)
		require.NoError(t, err)
		var claims idToken
		require.NoError(t, json.Unmarshal(raw, &claims))
		require.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:32]), claims.ATHash)
	})
}

// A stolen or repeated code yields no second ID token, and a wrong verifier none at all.
func TestACodeOfOpenIDConnectIsRedeemedOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		code := b.Code(t, app, "scope=openid")
		wrong := g.Token(t, testkit.RedeemForm(app, code, "code_verifier="+strings.Repeat("x", 43)))
		require.Equal(t, "invalid_grant", wrong.Error)
		require.Empty(t, wrong.IDToken)
		first := g.Redeem(t, app, code)
		require.NotEmpty(t, first.IDToken)
		again := g.Token(t, testkit.RedeemForm(app, code))
		require.Equal(t, http.StatusBadRequest, again.Status)
		require.Equal(t, "invalid_grant", again.Error)
		require.Empty(t, again.IDToken)
		status, _ := g.Me(t, first.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status, "the access token of a code that two parties have ends")
	})
}

// An ID token is no access token, and the token of one app is nothing to another.
func TestIDTokensOpenNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		tokens := g.Redeem(t, app, g.SignedIn(t, g.User(t, "ada")).Code(t, app, "scope=openid"))
		status, _ := g.Me(t, tokens.IDToken)
		require.Equal(t, http.StatusUnauthorized, status)
		_, status, _ = userInfo(t, g, http.MethodGet, tokens.IDToken)
		require.Equal(t, http.StatusUnauthorized, status)
		refused := g.Token(t, testkit.RefreshForm(app, tokens.IDToken))
		require.Equal(t, "invalid_grant", refused.Error)
		second := g.App(t, func(n *registration.NewApp) { n.Name = "Second" })
		provider, err := oidc.NewProvider(t.Context(), g.URL)
		require.NoError(t, err)
		_, err = provider.Verifier(&oidc.Config{ClientID: second.ID}).Verify(t.Context(), tokens.IDToken)
		require.ErrorContains(t, err, "audience")
	})
}
