package backchannel_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/backchannel"
	"gatehouse/egress"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// receiver is an app's server: it gets logout tokens.
type receiver struct {
	uri    string
	tokens chan string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{tokens: make(chan string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		r.tokens <- request.PostFormValue("logout_token")
	}))
	t.Cleanup(server.Close)
	r.uri = server.URL + "/backchannel"
	return r
}

// next waits for a logout token.
func (r *receiver) next(t *testing.T) string {
	t.Helper()
	select {
	case token := <-r.tokens:
		return token
	case <-time.After(time.Minute):
		require.FailNow(t, "no logout token came")
		return ""
	}
}

// site is a gateway that delivers logout tokens.
func site(t *testing.T, g *testkit.Gateway) {
	t.Helper()
	g.Set(t, gatehouse.SettingEgressAllowedNetworks, "127.0.0.0/8,::1/128")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		g.Logouts.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-ended })
}

// app registers an app whose logout tokens the receiver gets.
func app(t *testing.T, g *testkit.Gateway, r *receiver, algorithm string) testkit.App {
	t.Helper()
	a := g.App(t, nil)
	_, err := g.Store.UpdateApp(context.Background(), a.ID, func(a *gatehouse.App) error {
		a.OpenID.BackchannelLogoutURI, a.OpenID.IDTokenAlgorithm = r.uri, algorithm
		return nil
	})
	require.NoError(t, err)
	return a
}

// claims is the content of a token.
type claims struct {
	Subject string         `json:"sub"`
	SID     string         `json:"sid"`
	Nonce   *string        `json:"nonce"`
	ID      string         `json:"jti"`
	Events  map[string]any `json:"events"`
}

// verify checks a logout token as an app does (OpenID Connect Back-Channel Logout §2.6).
func verify(t *testing.T, g *testkit.Gateway, a testkit.App, token, algorithm string) claims {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), g.URL)
	require.NoError(t, err)
	verified, err := provider.Verifier(&oidc.Config{ClientID: a.ID}).Verify(t.Context(), token)
	require.NoError(t, err)
	var c claims
	require.NoError(t, verified.Claims(&c))
	require.WithinDuration(t, time.Now().Add(2*time.Minute), verified.Expiry, time.Minute)
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
	require.NoError(t, err)
	require.Equal(t, "logout+jwt", signed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType])
	require.Equal(t, map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}, c.Events)
	require.Nil(t, c.Nonce, "a logout token must not pass as an ID token")
	require.NotEmpty(t, c.ID)
	return c
}

// sid returns the claim sid of an ID token.
func sid(t *testing.T, idToken string) string {
	t.Helper()
	signed, err := jose.ParseSignedCompact(idToken, []jose.SignatureAlgorithm{"RS256", "ES256", "EdDSA"})
	require.NoError(t, err)
	var c claims
	require.NoError(t, json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &c))
	return c.SID
}

// signIn signs the user in at the sign-in page.
func signIn(t *testing.T, b *testkit.Browser, user gatehouse.User) {
	t.Helper()
	answer := b.Submit(t, "/login", url.Values{"login_id": {user.Username}, "password": {testkit.Password}})
	require.Equal(t, http.StatusSeeOther, answer.Status)
	b.User = user
}

// Everything that ends a session, or what an app got from it, tells the app.
func TestAppsLearnThatTheUserSignedOut(t *testing.T) {
	for cause, end := range map[string]func(t *testing.T, g *testkit.Gateway, b *testkit.Browser, a testkit.App, idToken string){
		"the user signs out": func(t *testing.T, _ *testkit.Gateway, b *testkit.Browser, _ testkit.App, _ string) {
			require.Equal(t, http.StatusSeeOther, b.Submit(t, "/logout", nil).Status)
		},
		"another app signs the user out": func(t *testing.T, g *testkit.Gateway, b *testkit.Browser, _ testkit.App, _ string) {
			other := g.App(t, nil)
			hint := g.Redeem(t, other, b.Code(t, other, "scope=openid")).IDToken
			require.Equal(t, http.StatusOK, b.Get(t, "/oauth/logout?id_token_hint="+hint).Status)
		},
		"the user signs out everywhere else": func(t *testing.T, g *testkit.Gateway, b *testkit.Browser, _ testkit.App, _ string) {
			elsewhere := g.NewBrowser(t)
			signIn(t, elsewhere, b.User)
			require.Equal(t, http.StatusSeeOther, elsewhere.Submit(t, "/settings/security/sign-out-elsewhere", nil).Status)
		},
		"the user revokes the app": func(t *testing.T, _ *testkit.Gateway, b *testkit.Browser, a testkit.App, _ string) {
			require.Equal(t, http.StatusSeeOther, b.Submit(t, "/settings/security/apps/"+a.ID+"/revoke", nil).Status)
		},
		"the user is deactivated": func(t *testing.T, g *testkit.Gateway, b *testkit.Browser, _ testkit.App, _ string) {
			require.NoError(t, g.Store.DeactivateUser(t.Context(), b.User.ID, time.Now()))
		},
		"the password is changed": func(t *testing.T, g *testkit.Gateway, b *testkit.Browser, _ testkit.App, _ string) {
			require.NoError(t, g.Store.SetPassword(t.Context(), b.User.ID, "hash", "", time.Now()))
		},
		"another user signs in at the browser": func(t *testing.T, g *testkit.Gateway, b *testkit.Browser, _ testkit.App, _ string) {
			signIn(t, b, g.UserWithPassword(t, "ben"))
		},
	} {
		t.Run(cause, func(t *testing.T) {
			testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
				site(t, g)
				r := newReceiver(t)
				a := app(t, g, r, gatehouse.AlgorithmES256)
				b := g.NewBrowser(t)
				signIn(t, b, g.UserWithPassword(t, "ada"))
				user := b.User
				idToken := g.Redeem(t, a, b.Code(t, a, "scope=openid")).IDToken
				end(t, g, b, a, idToken)
				got := verify(t, g, a, r.next(t), gatehouse.AlgorithmES256)
				require.Equal(t, user.ID, got.Subject)
				require.Equal(t, sid(t, idToken), got.SID)
			})
		})
	}
}

// prompt=login and a second sign-in keep the session, so no app signs the user out.
func TestSigningInAgainSignsTheUserOutOfNoApp(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		site(t, g)
		r := newReceiver(t)
		a := app(t, g, r, "")
		b := g.NewBrowser(t)
		signIn(t, b, g.UserWithPassword(t, "ada"))
		first := g.Redeem(t, a, b.Code(t, a, "scope=openid")).IDToken
		signIn(t, b, b.User)
		second := g.Redeem(t, a, b.Code(t, a, "scope=openid")).IDToken
		require.Equal(t, sid(t, first), sid(t, second))
		require.Equal(t, http.StatusSeeOther, b.Submit(t, "/logout", nil).Status)
		require.Equal(t, sid(t, first), verify(t, g, a, r.next(t), gatehouse.AlgorithmRS256).SID)
		require.Empty(t, r.tokens, "there is one logout token, for the sign-out")
	})
}

// Attack: register an address in the operator's network, and sign out.
func TestLogoutTokensStayOutOfThePrivateNetwork(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		outcomes := make(chan string, 100)
		deliverer := backchannel.NewDeliverer(backchannel.Config{
			Issuer: g.URL, Store: g.Store, Keys: newFake(), Client: &egress.Client{}, Log: slog.New(slog.DiscardHandler),
			Observe: func(outcome string) { outcomes <- outcome },
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			deliverer.Run(ctx)
		}()
		t.Cleanup(func() { cancel(); <-ended })
		r := newReceiver(t)
		a := app(t, g, r, "")
		b := g.NewBrowser(t)
		signIn(t, b, g.UserWithPassword(t, "ada"))
		g.Redeem(t, a, b.Code(t, a, "scope=openid"))
		require.Equal(t, http.StatusSeeOther, b.Submit(t, "/logout", nil).Status)
		select {
		case outcome := <-outcomes:
			require.Equal(t, backchannel.Failed, outcome)
		case <-time.After(time.Minute):
			require.FailNow(t, "nothing was tried")
		}
		require.Empty(t, r.tokens)
	})
}

// An app without openid, and one that registered no URI, get nothing.
func TestOnlyAppsOfOpenIDConnectGetLogoutTokens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		site(t, g)
		r := newReceiver(t)
		plain, a := app(t, g, r, ""), app(t, g, r, "")
		b := g.NewBrowser(t)
		signIn(t, b, g.UserWithPassword(t, "ada"))
		g.Redeem(t, plain, b.Code(t, plain))
		g.Redeem(t, a, b.Code(t, a, "scope=openid"))
		require.Equal(t, http.StatusSeeOther, b.Submit(t, "/logout", nil).Status)
		verify(t, g, a, r.next(t), gatehouse.AlgorithmRS256)
		require.Empty(t, r.tokens)
	})
}

// The node at which the user signs out need not deliver: it may have stopped since.
func TestAnyNodeDelivers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		nodes := testkit.StartNodes(t, databaseURL, 2)
		r := newReceiver(t)
		a := app(t, nodes[0], r, gatehouse.AlgorithmES256)
		b := nodes[0].NewBrowser(t)
		signIn(t, b, nodes[0].UserWithPassword(t, "ada"))
		idToken := nodes[0].Redeem(t, a, b.Code(t, a, "scope=openid")).IDToken
		require.Equal(t, http.StatusSeeOther, b.Submit(t, "/logout", nil).Status)
		site(t, nodes[1])
		require.Equal(t, sid(t, idToken), sid(t, r.next(t)))
	})
}
