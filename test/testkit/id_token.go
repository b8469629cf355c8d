package testkit

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/signing"
)

// Expired returns an ID token that says the same as another one and expired a year ago.
func (g *Gateway) Expired(t *testing.T, idToken string) string {
	t.Helper()
	parts := strings.Split(idToken, ".")
	require.Len(t, parts, 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	past := time.Now().AddDate(-1, 0, 0)
	claims["auth_time"], claims["iat"], claims["exp"] = past.Unix(), past.Unix(), past.Add(time.Hour).Unix()
	keys, err := signing.NewKeys(signing.KeysConfig{Store: g.Store, Secrets: [][]byte{secret}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	expired, err := keys.Sign(t.Context(), "RS256", signing.TypeIDToken, claims)
	require.NoError(t, err)
	return expired
}
