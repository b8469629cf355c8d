package signing_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/signing"
)

func BenchmarkSign(b *testing.B) {
	keys, err := signing.NewKeys(signing.KeysConfig{Store: &memory{}, Secrets: [][]byte{secret}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	claims := map[string]any{"iss": "https://sso.example.com", "sub": gatehouse.NewID(), "aud": gatehouse.NewID(), "iat": 1795000000, "exp": 1795003600, "nonce": "n-0S6_WzA2Mj"}
	for _, algorithm := range keys.Algorithms() {
		_, err := keys.Sign(context.Background(), algorithm, signing.TypeIDToken, claims) // creates the keys
		require.NoError(b, err)
		b.Run(algorithm, func(b *testing.B) {
			for b.Loop() {
				if _, err := keys.Sign(context.Background(), algorithm, signing.TypeIDToken, claims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type providerOn struct{}

func (providerOn) Settings(context.Context) (gatehouse.Settings, error) {
	return gatehouse.Settings{EnableOAuthServiceProvider: true, EnableOpenIDConnect: true}, nil
}

func BenchmarkKeySet(b *testing.B) {
	keys, err := signing.NewKeys(signing.KeysConfig{Store: &memory{}, Secrets: [][]byte{secret}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	handler := signing.NewHandler(signing.HandlerConfig{Keys: keys, Settings: providerOn{}, Log: slog.New(slog.DiscardHandler)}).Routes()[0].Handler
	request := httptest.NewRequest(http.MethodGet, signing.Path, nil)
	for b.Loop() {
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, request); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
