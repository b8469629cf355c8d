package main

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWeakSecretsAreRefused(t *testing.T) {
	for _, secret := range []string{
		strings.Repeat("a", 32), strings.Repeat("a", 64), strings.Repeat("0", 48), strings.Repeat("ab", 20), strings.Repeat("abc123", 8), strings.Repeat("correct-horse-", 4),
		strings.Repeat("x", 31) + "y", "0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyz012345", "zyxwvutsrqponmlkjihgfedcba987654",
		"12345678901234567890123456789012", "changeme-changeme-changeme-changeme", "CHANGEME_CHANGEME_CHANGEME_CHANGEME!", "please-change-this-secret-to-something-random",
		"your-secret-key-goes-here-please-change", "password123password456password789", "qwertyuiopasdfghjklzxcvbnm1234567890", "super-secret-key-that-must-be-at-least-32-bytes-long",
		"gatehouse-gatehouse-gatehouse-secret", "insecure-default-secret-do-not-use!!", "my-very-secret-string-with-32-bytes", "deadbeefdeadbeefdeadbeefdeadbeef", "secret secret secret secret secret secret",
	} {
		_, err := loadConfig([]string{"GATEHOUSE_SECRET=" + secret}, forServing)
		require.ErrorContains(t, err, "openssl rand", secret)
		require.NotContains(t, err.Error(), secret)
		_, err = loadConfig([]string{"GATEHOUSE_SECRET=" + longSecret, "GATEHOUSE_SECRET_PREVIOUS=" + secret}, forServing)
		require.ErrorContains(t, err, "GATEHOUSE_SECRET_PREVIOUS", "tokens that were sealed with it can be forged: %s", secret)

		database := filepath.Join(t.TempDir(), "gatehouse.db")
		require.NoError(t, os.WriteFile(database+".secret", []byte(secret), 0o600))
		_, err = secretsBeside(database)
		require.ErrorContains(t, err, "easy to guess", secret)
	}
}

func TestRandomSecretsAreAccepted(t *testing.T) {
	lowest := math.Inf(1)
	random := rand.NewChaCha8([32]byte{1}) // the same secrets in each run
	for range 50_000 {
		b := make([]byte, 16)
		_, _ = random.Read(b)
		lowest = min(lowest, secretBits(hex.EncodeToString(b)))
		b = make([]byte, 24)
		_, _ = random.Read(b)
		lowest = min(lowest, secretBits(base64.StdEncoding.EncodeToString(b)))
	}
	require.Greater(t, lowest, float64(minSecretBits)+5, "hex with 128 bits and base64 of 32 characters")
	for _, secret := range []string{"only for tests, and at least 32 bytes long", "a secret for the end-to-end tests, long enough", "violin harvest copper moment drizzle anchor", longSecret} {
		require.False(t, isWeakSecret(secret), "%s: %.0f", secret, secretBits(secret))
	}
}
