package provider_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// Attack: a code that was made for the attacker's own sign-in is injected into the response
// for another user. The client finds the attacker's nonce in the ID token, also if the
// attacker sends another nonce to the token endpoint.
func TestNonceBelongsToTheCode(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		mallory := g.SignedIn(t, g.User(t, "mallory"))
		code := mallory.Code(t, app, "scope=openid", "nonce=of mallory")
		claims := verify(t, g, app, g.Redeem(t, app, code, "nonce=of ada", "scope=openid email", `claims={"id_token":{"email":null}}`).IDToken)
		require.Equal(t, "of mallory", claims.Nonce)
		require.Equal(t, mallory.User.ID, claims.Subject)
		require.Empty(t, claims.Email, "the parameters of the token request add nothing")
	})
}

// Attack (mix-up): a client uses several servers, and a response of one of them is sent as
// that of another. Each response says who sent it, in iss and in the ID token (RFC 9207,
// RFC 9700 §4.4).
func TestEachOpenIDResponseNamesItsIssuer(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		b.Code(t, app, "scope=openid")
		for _, responseType := range []string{"code", "id_token", "id_token token", "code id_token"} {
			for _, mode := range []string{"", "fragment"} {
				answer := b.Authorize(t, app, "scope=openid", "nonce=n", "response_type="+responseType, "response_mode="+mode)
				require.Equal(t, g.URL, answer.Query.Get("iss"), responseType)
				if raw := answer.Query.Get("id_token"); raw != "" {
					require.Equal(t, g.URL, verify(t, g, app, raw).Issuer)
				}
			}
		}
		require.Equal(t, g.URL, b.Authorize(t, app, "scope=openid", "prompt=none", "max_age=0").Query.Get("iss"), "an error too")
	})
}

// Attack: someone gets the username of a user who was deleted, and with it the accounts of
// that user in the apps. The sub is another one.
func TestSubIsNeverUsedAgain(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		first := g.SignedIn(t, g.User(t, "ada"))
		tokens := g.Redeem(t, app, first.Code(t, app, "scope=openid"))
		before := verify(t, g, app, tokens.IDToken)
		pending := first.Code(t, app, "scope=openid")
		g.Admin(t, "root")
		_, err := g.Store.DeleteUser(t.Context(), first.User.ID, gatehouse.AppsOfDeletedUser{}, time.Now())
		require.NoError(t, err)
		require.Equal(t, "invalid_grant", g.Token(t, testkit.RedeemForm(app, pending)).Error)
		require.Equal(t, "invalid_grant", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).Error)
		_, status, _ := userInfo(t, g, http.MethodGet, tokens.AccessToken)
		require.Equal(t, http.StatusUnauthorized, status)

		second := g.SignedIn(t, g.User(t, "ada"))
		after := verify(t, g, app, g.Redeem(t, app, second.Code(t, app, "scope=openid")).IDToken)
		require.NotEqual(t, before.Subject, after.Subject)
		require.Equal(t, "login_required", second.Authorize(t, app, "scope=openid", "prompt=none", "id_token_hint="+tokens.IDToken).Query.Get("error"))
	})
}

// Attack: an app gets more than the user agreed to, by asking later and silently.
func TestClaimsNeedConsent(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		b.Code(t, app, "scope=openid")
		for _, changes := range [][]string{
			{"scope=openid email"}, {"scope=openid", `claims={"userinfo":{"email":null}}`}, {"scope=openid", `claims={"id_token":{"email":{"essential":true}}}`},
		} {
			silent := b.Authorize(t, app, append(changes, "prompt=none")...)
			require.Equal(t, "consent_required", silent.Query.Get("error"), changes)
			require.Equal(t, http.StatusOK, b.Authorize(t, app, changes...).Status, "the user is asked")
		}
	})
}

// Attack: a signed-in attacker follows the return URL of a victim's sign-in, or repeats a
// request, so that an app believes in a fresh sign-in. auth_time is that of the session.
func TestAuthTimeIsThatOfTheSession(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.NewBrowser(t)
		began := time.Now().Add(-3 * time.Hour)
		b.SignInAt(t, g.User(t, "ada"), began)
		require.Equal(t, began.Unix(), verify(t, g, app, g.Redeem(t, app, b.Code(t, app, "scope=openid", "auth_time=9999999999")).IDToken).AuthTime)
		for _, changes := range [][]string{{"max_age=60"}, {"max_age=0"}, {"prompt=login"}, {"max_age=60", "signed_in_after=gths_" + strings.Repeat("A", 80)}} {
			answer := b.Authorize(t, app, append(changes, "scope=openid")...)
			require.Empty(t, answer.Code(), changes)
			require.Contains(t, answer.Location, "/login?", changes)
		}
	})
}

// Attack: a client gets a key set in which keys are exchanged, replaced or missing. go-oidc
// takes the key that the ID token names, so it accepts no token with such a set. It accepts
// the token with the published set: the key ID of a token names the key that signed it.
func TestClientsFindSwappedKeys(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		for _, algorithm := range gatehouse.SigningAlgorithms() {
			setOpenID(t, g, app, func(o *gatehouse.AppOpenID) { o.IDTokenAlgorithm = algorithm })
			raw := g.Redeem(t, app, b.Code(t, app, "scope=openid")).IDToken
			signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
			require.NoError(t, err)
			keyID := signed.Signatures[0].Header.KeyID

			verify := func(change func([]jose.JSONWebKey) []jose.JSONWebKey) error {
				var set jose.JSONWebKeySet
				document, err := json.Marshal(getJSON(t, g.URL+"/oauth/jwks"))
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(document, &set))
				set.Keys = change(set.Keys)
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(set) }))
				defer server.Close()
				config := &oidc.Config{ClientID: app.ID, SupportedSigningAlgs: []string{algorithm}}
				_, err = oidc.NewVerifier(g.URL, oidc.NewRemoteKeySet(context.Background(), server.URL), config).Verify(t.Context(), raw)
				return err
			}
			signing := func(keys []jose.JSONWebKey) int {
				return slices.IndexFunc(keys, func(k jose.JSONWebKey) bool { return k.KeyID == keyID })
			}
			require.NoError(t, verify(func(keys []jose.JSONWebKey) []jose.JSONWebKey { return keys }))
			exchanged := 0
			require.ErrorContains(t, verify(func(keys []jose.JSONWebKey) []jose.JSONWebKey {
				i := signing(keys)
				for j := range keys {
					if j != i && keys[j].Algorithm == algorithm {
						keys[i].Key, keys[j].Key = keys[j].Key, keys[i].Key
						exchanged++
						break
					}
				}
				return keys
			}), "failed to verify", algorithm)
			require.Equal(t, 1, exchanged, "the next key of the algorithm is published too")
			require.ErrorContains(t, verify(func(keys []jose.JSONWebKey) []jose.JSONWebKey {
				return slices.Delete(keys, signing(keys), signing(keys)+1)
			}), "failed to verify", algorithm)
			require.ErrorContains(t, verify(func(keys []jose.JSONWebKey) []jose.JSONWebKey {
				i := signing(keys)
				keys[i].Key = keys[(i+1)%len(keys)].Key
				return keys
			}), "failed to verify", algorithm)
		}
	})
}
