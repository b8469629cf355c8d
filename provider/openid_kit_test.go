package provider_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"

	"gatehouse"
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

// decode returns the claims of an ID token that verify has accepted.
func decode(t *testing.T, raw string) map[string]any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims
}

// setOpenID changes what an app has registered for OpenID Connect.
func setOpenID(t *testing.T, g *testkit.Gateway, app testkit.App, change func(*gatehouse.AppOpenID)) {
	t.Helper()
	_, err := g.Store.UpdateApp(context.Background(), app.ID, func(a *gatehouse.App) error { change(&a.OpenID); return nil })
	require.NoError(t, err)
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

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
