package provider_test

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
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

// idToken are the claims of an ID token.
type idToken struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"`
	Audience   string   `json:"aud"`
	Authorized string   `json:"azp"`
	Expiry     int64    `json:"exp"`
	IssuedAt   int64    `json:"iat"`
	AuthTime   int64    `json:"auth_time"`
	Nonce      string   `json:"nonce"`
	ACR        string   `json:"acr"`
	AMR        []string `json:"amr"`
	SID        string   `json:"sid"`
	ATHash     string   `json:"at_hash"`
	Name       string   `json:"name"`
	Email      string   `json:"email"`
}

// verify checks an ID token with coreos/go-oidc, which finds everything by discovery.
func verify(t *testing.T, g *testkit.Gateway, app testkit.App, raw string) idToken {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), g.URL)
	require.NoError(t, err)
	token, err := provider.Verifier(&oidc.Config{ClientID: app.ID}).Verify(t.Context(), raw)
	require.NoError(t, err)
	var claims idToken
	require.NoError(t, token.Claims(&claims))
	return claims
}

// setOpenID changes what an app has registered for OpenID Connect.
func setOpenID(t *testing.T, g *testkit.Gateway, app testkit.App, change func(*gatehouse.AppOpenID)) {
	t.Helper()
	_, err := g.Store.UpdateApp(context.Background(), app.ID, func(a *gatehouse.App) error { change(&a.OpenID); return nil })
	require.NoError(t, err)
}

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

func getJSON(t *testing.T, address string) map[string]any {
	t.Helper()
	res, err := http.Get(address)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.Equal(t, http.StatusOK, res.StatusCode, address)
	var document map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&document))
	return document
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

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
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

func TestOpenIDRequestsAreChecked(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, other := g.App(t, nil), g.App(t, nil)
		ada, grace := g.User(t, "ada"), g.User(t, "grace")
		b := g.SignedIn(t, ada)
		hint := g.Redeem(t, app, b.Code(t, app, "scope=openid")).IDToken
		othersHint := g.Redeem(t, other, b.Code(t, other, "scope=openid")).IDToken
		gracesHint := g.Redeem(t, app, g.SignedIn(t, grace).Code(t, app, "scope=openid")).IDToken
		for name, tc := range map[string]struct {
			changes []string
			code    string // the error; "" for a code
		}{
			"every parameter that has no effect": {[]string{"display=popup", "ui_locales=fr de", "claims_locales=fr", "acr_values=1 2", "login_hint=ada", "unknown=x"}, ""},
			"a hint of the user":                 {[]string{"prompt=none", "id_token_hint=" + hint}, ""},
			"a hint of another user":             {[]string{"prompt=none", "id_token_hint=" + gracesHint}, "login_required"},
			"a hint of another user, no prompt":  {[]string{"id_token_hint=" + gracesHint}, "login_required"},
			"a hint of another client":           {[]string{"id_token_hint=" + othersHint}, "invalid_request"},
			"a hint that is changed":             {[]string{"id_token_hint=" + hint[:len(hint)-8] + "AAAAAAAA"}, "invalid_request"},
			"a hint that is no token":            {[]string{"id_token_hint=x"}, "invalid_request"},
			"claims with the user":               {[]string{`claims={"id_token":{"sub":{"value":"` + ada.ID + `"}}}`}, ""},
			"claims with another user":           {[]string{`claims={"id_token":{"sub":{"value":"` + grace.ID + `"}}}`}, "login_required"},
			"claims that are no JSON":            {[]string{"claims={"}, "invalid_request"},
			"claims that are a list":             {[]string{"claims=[]"}, "invalid_request"},
			"claims that are null":               {[]string{"claims=null"}, "invalid_request"},
			"claims of an unknown form":          {[]string{`claims={"userinfo":"email"}`}, "invalid_request"},
			"unknown claims":                     {[]string{`claims={"userinfo":{"shoe_size":null},"x":1}`}, ""},
			"an essential acr that is there":     {[]string{`claims={"id_token":{"acr":{"essential":true,"values":["x","` + openid.ACRPassword + `"]}}}`}, ""},
			"an essential acr that is not there": {[]string{`claims={"id_token":{"acr":{"essential":true,"value":"x"}}}`}, "unmet_authentication_requirements"},
			"a voluntary acr":                    {[]string{`claims={"id_token":{"acr":{"value":"x"}}}`}, ""},
			"a long nonce":                       {[]string{"nonce=" + strings.Repeat("n", 513)}, "invalid_request"},
			"a request object":                   {[]string{"request=eyJ"}, "request_not_supported"},
			"a request URI":                      {[]string{"request_uri=https://app.example.com/r"}, "request_uri_not_supported"},
			"a registration":                     {[]string{"registration={}"}, "registration_not_supported"},
		} {
			t.Run(name, func(t *testing.T) {
				answer := b.Authorize(t, app, append([]string{"scope=openid"}, tc.changes...)...)
				require.Equal(t, tc.code, answer.Query.Get("error"), "%d %s", answer.Status, answer.Location)
				require.Equal(t, tc.code == "", answer.Code() != "", answer.Location)
			})
		}
		t.Run("no redirect URI", func(t *testing.T) {
			answer := b.Authorize(t, app, "scope=openid", "-redirect_uri")
			require.Equal(t, http.StatusBadRequest, answer.Status)
			require.Contains(t, answer.Page(t).Find("main").Text(), "redirect_uri is missing")
			require.NotEmpty(t, b.Code(t, app, "scope=user", "-redirect_uri"))
		})
		t.Run("the longest request", func(t *testing.T) {
			code := b.Code(t, app, "scope=openid "+strings.Repeat("s", 2000), "nonce="+strings.Repeat("n", 512), "resource=https://x.example/"+strings.Repeat("r", 400), `claims={"userinfo":{"email":null,"name":null}}`)
			require.NotEmpty(t, g.Redeem(t, app, code).IDToken)
		})
	})
}

// The parameter claims gives single claims, to which the user consents by their scope.
func TestRequestedClaims(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		page := b.Authorize(t, app, "scope=openid", `claims={"userinfo":{"preferred_username":{"essential":true}},"id_token":{"email":null}}`)
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Page(t).Find("main").Text(), "Read your email address.")
		require.Contains(t, page.Page(t).Find("main").Text(), "Read your name, nickname, username and language.")
		tokens := g.Redeem(t, app, b.Decide(t, page, "allow").Code())
		require.Equal(t, "openid", tokens.Scope)
		check := func(tokens testkit.TokenAnswer) {
			claims := verify(t, g, app, tokens.IDToken)
			require.Equal(t, "ada@example.com", claims.Email)
			require.Empty(t, claims.Name)
			info, status, _ := userInfo(t, g, http.MethodGet, tokens.AccessToken)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, map[string]any{"sub": b.User.ID, "preferred_username": "ada"}, info)
		}
		check(tokens)
		check(g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)))
	})
}

// auth_time is when the user signed in, and default_max_age is the max_age of requests
// without one.
func TestDefaultMaxAge(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		b.Code(t, app, "scope=openid")
		sessions, err := g.Store.UserSessions(t.Context(), b.User.ID)
		require.NoError(t, err)
		require.Equal(t, sessions[0].CreateAt.Unix(), verify(t, g, app, g.Redeem(t, app, b.Code(t, app, "scope=openid")).IDToken).AuthTime)
		setOpenID(t, g, app, func(o *gatehouse.AppOpenID) { o.DefaultMaxAge = time.Hour })
		require.NotEmpty(t, b.Code(t, app, "scope=openid"))
		old := g.NewBrowser(t)
		old.SignInAt(t, b.User, time.Now().Add(-2*time.Hour))
		require.Equal(t, "login_required", old.Authorize(t, app, "scope=openid", "prompt=none").Query.Get("error"))
		require.NotEmpty(t, old.Code(t, app, "scope=openid", "max_age=86400", "prompt=none"), "the request has its own max_age")
		require.NotEmpty(t, old.Code(t, app, "scope=user"), "a request without OpenID Connect")
	})
}

// userInfo requests the UserInfo endpoint with a token in the header, or in the body of a
// POST.
func userInfo(t *testing.T, g *testkit.Gateway, method, token string) (claims map[string]any, status int, challenge string) {
	t.Helper()
	body := ""
	if method == http.MethodPost {
		body = url.Values{"access_token": {token}}.Encode()
	}
	r, err := http.NewRequest(method, g.URL+"/oauth/userinfo", strings.NewReader(body))
	require.NoError(t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.NoError(t, json.NewDecoder(res.Body).Decode(&claims))
	return claims, res.StatusCode, res.Header.Get("WWW-Authenticate")
}

// OpenID Connect Core §5.3, §5.4: the claims follow the scopes of the token.
func TestUserInfo(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		for scope, want := range map[string][]string{
			"openid":               {"sub"},
			"openid email":         {"sub", "email", "email_verified"},
			"openid profile":       {"sub", "name", "preferred_username", "locale", "updated_at"},
			"openid profile email": {"sub", "name", "preferred_username", "locale", "updated_at", "email", "email_verified"},
		} {
			tokens := g.Redeem(t, app, b.Code(t, app, "scope="+scope))
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				claims, status, _ := userInfo(t, g, method, tokens.AccessToken)
				require.Equal(t, http.StatusOK, status)
				var names []string
				for name := range claims {
					names = append(names, name)
				}
				require.ElementsMatch(t, want, names, scope)
				require.Equal(t, verify(t, g, app, tokens.IDToken).Subject, claims["sub"])
			}
		}

		narrowed := g.Token(t, testkit.RefreshForm(app, g.Redeem(t, app, b.Code(t, app, "scope=openid email profile")).RefreshToken, "scope=openid"))
		claims, _, _ := userInfo(t, g, http.MethodGet, narrowed.AccessToken)
		require.Equal(t, map[string]any{"sub": b.User.ID}, claims, "a token never gives more than its own scopes")

		plain := g.Redeem(t, app, b.Code(t, app, "scope=user")).AccessToken
		_, status, challenge := userInfo(t, g, http.MethodGet, plain)
		require.Equal(t, http.StatusForbidden, status)
		require.Contains(t, challenge, `error="insufficient_scope"`)
		_, status, challenge = userInfo(t, g, http.MethodGet, "gtha_x")
		require.Equal(t, http.StatusUnauthorized, status)
		require.Contains(t, challenge, `error="invalid_token"`)
		_, status, challenge = userInfo(t, g, http.MethodGet, "")
		require.Equal(t, http.StatusUnauthorized, status)
		require.NotContains(t, challenge, "error=", "RFC 6750 §3.1")

		tokens := g.Redeem(t, app, b.Code(t, app, "scope=openid"))
		require.NoError(t, g.Store.DeleteConsent(t.Context(), b.User.ID, app.ID, time.Now()))
		_, status, _ = userInfo(t, g, http.MethodGet, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status, "after a revocation")
	})
}

// What discovery says is what there is (OpenID Connect Discovery §3).
func TestOpenIDConfiguration(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		configuration := getJSON(t, g.URL+"/.well-known/openid-configuration")
		require.Equal(t, g.URL, configuration["issuer"])
		for name, value := range getJSON(t, g.URL+"/.well-known/oauth-authorization-server") {
			if name != "scopes_supported" && name != "response_types_supported" {
				require.Equal(t, value, configuration[name], name)
			}
		}
		for name, path := range map[string]string{
			"authorization_endpoint": "/oauth/authorize", "token_endpoint": "/oauth/access_token", "userinfo_endpoint": "/oauth/userinfo",
			"jwks_uri": "/oauth/jwks", "end_session_endpoint": "/oauth/logout",
		} {
			require.Equal(t, g.URL+path, configuration[name], name)
		}
		require.Contains(t, configuration["response_types_supported"], "code")
		require.Contains(t, configuration["scopes_supported"], "openid")
		require.Contains(t, configuration["id_token_signing_alg_values_supported"], "RS256")
		require.Equal(t, false, configuration["request_parameter_supported"])
		require.Equal(t, false, configuration["request_uri_parameter_supported"])
		require.Equal(t, []any{"public"}, configuration["subject_types_supported"])
		keys, ok := getJSON(t, configuration["jwks_uri"].(string))["keys"].([]any)
		require.True(t, ok)
		seen := map[any]bool{}
		for _, key := range keys {
			k := key.(map[string]any)
			require.NotContains(t, k, "d", "no private part")
			require.False(t, seen[k["kid"]])
			seen[k["kid"]] = true
		}
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

// OAuth clients without OpenID Connect find the usual claims in users/me. A session, which
// is no app, gets the contract's members only.
func TestUsersMeHasClaimsForApps(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		me := func(token string) map[string]any {
			r, err := http.NewRequest(http.MethodGet, g.URL+"/api/v4/users/me", nil)
			require.NoError(t, err)
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			var user map[string]any
			require.NoError(t, json.Unmarshal([]byte(b.Do(t, r).Body), &user))
			return user
		}
		require.NotContains(t, me(""), "sub")
		token := g.Redeem(t, app, b.Code(t, app)).AccessToken
		b = g.NewBrowser(t)
		user := me(token)
		require.Equal(t, user["id"], user["sub"])
		require.Equal(t, "ada", user["preferred_username"])
		require.Equal(t, "ada", user["name"])
	})
}

// decode returns the claims of an ID token that verify has accepted.
func decode(t *testing.T, raw string) map[string]any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims
}

// OpenID Connect Core §3.2, §3.3: ID tokens of the authorization endpoint.
func TestIDTokensInTheURL(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, public := g.App(t, nil), g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		authorize := func(app testkit.App, changes ...string) testkit.Answer {
			answer := b.Authorize(t, app, append([]string{"scope=openid email", "nonce=n"}, changes...)...)
			if answer.Status == http.StatusOK {
				answer = b.Decide(t, answer, "allow")
			}
			return answer
		}
		for _, app := range []testkit.App{app, public} {
			answer := authorize(app, "response_type=id_token")
			require.Contains(t, answer.Location, "#")
			require.Empty(t, answer.Query.Get("access_token"))
			claims := verify(t, g, app, answer.Query.Get("id_token"))
			require.Equal(t, "n", claims.Nonce)
			require.Equal(t, "ada@example.com", claims.Email, "without an access token the claims of the scopes are in the ID token")
			require.Empty(t, claims.Name)
			require.Equal(t, "xyz", answer.Query.Get("state"))

			answer = authorize(app, "response_type=token id_token")
			claims = verify(t, g, app, answer.Query.Get("id_token"))
			require.Equal(t, hashOf(answer.Query.Get("access_token")), claims.ATHash)
			require.Empty(t, claims.Email)
			info, status, _ := userInfo(t, g, http.MethodGet, answer.Query.Get("access_token"))
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, "ada@example.com", info["email"])

			answer = authorize(app, "response_type=code id_token")
			require.Contains(t, answer.Location, "#")
			front := verify(t, g, app, answer.Query.Get("id_token"))
			require.Equal(t, hashOf(answer.Code()), decode(t, answer.Query.Get("id_token"))["c_hash"])
			back := verify(t, g, app, g.Redeem(t, app, answer.Code()).IDToken)
			require.Equal(t, front.Subject, back.Subject)
			require.Equal(t, "n", back.Nonce)
			require.Equal(t, front.SID, back.SID)
			require.Equal(t, "invalid_grant", g.Token(t, testkit.RedeemForm(app, answer.Code())).Error, "once")
		}
		posted := b.Authorize(t, app, "scope=openid email", "nonce=n", "response_type=id_token", "response_mode=form_post")
		require.NotEmpty(t, posted.Page(t).Find(`[name="id_token"]`).AttrOr("value", ""))

		for name, tc := range map[string]struct {
			changes []string
			code    string
		}{
			"no nonce":                       {[]string{"response_type=id_token", "-nonce"}, "invalid_request"},
			"no nonce in the hybrid flow":    {[]string{"response_type=code id_token", "-nonce"}, "invalid_request"},
			"without openid":                 {[]string{"response_type=id_token", "scope=user"}, "unsupported_response_type"},
			"in the query":                   {[]string{"response_type=id_token", "response_mode=query"}, "invalid_request"},
			"a code and an access token":     {[]string{"response_type=code token"}, "unsupported_response_type"},
			"everything at once":             {[]string{"response_type=code id_token token"}, "unsupported_response_type"},
			"the same value twice":           {[]string{"response_type=id_token id_token"}, "unsupported_response_type"},
			"an unknown value beside others": {[]string{"response_type=id_token x"}, "unsupported_response_type"},
		} {
			require.Equal(t, tc.code, authorize(app, tc.changes...).Query.Get("error"), name)
		}
		require.Equal(t, "invalid_request", authorize(public, "response_type=code id_token", "-code_challenge", "-code_challenge_method").Query.Get("error"), "a public app must use PKCE in the hybrid flow too")

		g.Set(t, gatehouse.SettingEnableImplicitGrant, "false")
		for _, responseType := range []string{"id_token", "id_token token", "code id_token"} {
			require.Equal(t, "unsupported_response_type", authorize(app, "response_type="+responseType).Query.Get("error"))
		}
		require.Equal(t, []any{"code"}, getJSON(t, g.URL+"/.well-known/openid-configuration")["response_types_supported"])
	})
}
