package signing_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/seal"
	"gatehouse/signing"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

func stored(t *testing.T, store *storage.Store) []gatehouse.SigningKey {
	t.Helper()
	keys, err := store.SigningKeys(t.Context())
	require.NoError(t, err)
	return keys
}

func TestKeysSurviveTheChangeOfTheSecret(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		store := storagetest.Open(t, url)
		before := node(t, store, secret)
		token := sign(t, before, gatehouse.AlgorithmRS256)
		sealed := stored(t, store)

		// A node with the new secret opens the keys, signs with them, and seals them again.
		during := node(t, store, newSecret, secret)
		require.Equal(t, headerOf(t, token).KeyID, headerOf(t, sign(t, during, gatehouse.AlgorithmRS256)).KeyID)
		require.NoError(t, during.Maintain(t.Context()))
		for i, k := range stored(t, store) {
			require.NotEqual(t, sealed[i].SealedPrivateKey, k.SealedPrivateKey)
			require.Equal(t, sealed[i].ID, k.ID)
			require.Equal(t, sealed[i].ExpiresAt, k.ExpiresAt)
		}

		// A node that has only the old secret and has opened the keys goes on.
		require.NoError(t, before.Maintain(t.Context()))
		requireValid(t, during, sign(t, before, gatehouse.AlgorithmRS256))

		// The previous secret is gone.
		after := node(t, store, newSecret)
		require.Equal(t, headerOf(t, token).KeyID, headerOf(t, sign(t, after, gatehouse.AlgorithmRS256)).KeyID)
		requireValid(t, after, token)
		require.Len(t, stored(t, store), 4)
	})
}

func TestALostSecretGivesNewKeysAndKeepsTheOldOnesPublished(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		store := storagetest.Open(t, url)
		before := node(t, store, secret)
		token := sign(t, before, gatehouse.AlgorithmES256)
		old := kids(t, before)

		var log bytes.Buffer
		after, err := signing.NewKeys(signing.KeysConfig{Store: store, Secrets: [][]byte{newSecret}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		fresh := sign(t, after, gatehouse.AlgorithmES256)
		require.NotContains(t, old, headerOf(t, fresh).KeyID)
		requireValid(t, after, token)
		require.Subset(t, kids(t, after), old)
		require.Contains(t, log.String(), "no secret of this node opens a signing key")
		require.Contains(t, log.String(), headerOf(t, token).KeyID)
		require.Equal(t, 4, bytes.Count(log.Bytes(), []byte("level=ERROR")), "each key once: %s", log.String())
		for _, k := range stored(t, store) {
			require.Equal(t, k.Number == 4, k.ExpiresAt.IsZero(), "a key that does not open is not published for ever: %v", k)
		}

		// A node with the old secret is not disturbed: it signs with its own keys, and the
		// two do not replace each other's keys.
		for range 3 {
			require.NoError(t, before.Maintain(t.Context()))
			require.NoError(t, after.Maintain(t.Context()))
		}
		require.Len(t, stored(t, store), 8)
		again := sign(t, before, gatehouse.AlgorithmES256)
		requireValid(t, after, again)
	})
}

// Attack: steal the database, and sign.
func TestStolenDatabaseCannotSign(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		store := storagetest.Open(t, url)
		sign(t, node(t, store), gatehouse.AlgorithmRS256)
		for _, k := range stored(t, store) {
			var public map[string]any
			require.NoError(t, json.Unmarshal([]byte(k.PublicKey), &public))
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
				require.NotContains(t, public, private)
			}
			raw, err := base64.RawURLEncoding.DecodeString(k.SealedPrivateKey[len("gthk_"):])
			require.NoError(t, err)
			for i := range len(raw) - 16 {
				if raw[i] == 0x30 { // the first byte of each DER structure
					_, err := x509.ParsePKCS8PrivateKey(raw[i:])
					require.Error(t, err)
				}
			}
		}
		thief := node(t, store, newSecret)
		require.NoError(t, thief.Maintain(t.Context()))
		list, err := thief.List(t.Context())
		require.NoError(t, err)
		sealed := 0
		for _, k := range list {
			if k.State == gatehouse.KeySealed {
				sealed++
			}
		}
		require.Equal(t, 4, sealed)
	})
}

// Attack: write a key to the database whose private part is known, beside the sealed
// private part of another key.
func TestRowsThatAreNotConsistentAreNotUsed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		store := storagetest.Open(t, url)
		keys := node(t, store)
		sign(t, keys, gatehouse.AlgorithmES256)
		before := len(kids(t, keys))
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		weak, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // it is refused because it is weak
		require.NoError(t, err)
		jwk := func(key any, id, algorithm string) string {
			text, err := jose.JSONWebKey{Key: key, KeyID: id, Algorithm: algorithm, Use: "sig"}.MarshalJSON()
			require.NoError(t, err)
			return string(text)
		}
		own := stored(t, store)[0]
		for i, k := range []gatehouse.SigningKey{
			{ID: "not-its-thumbprint", Algorithm: "ES256", PublicKey: jwk(private.Public(), "not-its-thumbprint", "ES256")},
			{ID: idOf(t, private.Public()), Algorithm: "RS256", PublicKey: jwk(private.Public(), idOf(t, private.Public()), "RS256")},
			{ID: idOf(t, private.Public()) + "=", Algorithm: "ES256", PublicKey: jwk(private, idOf(t, private.Public()), "ES256")},
			{ID: idOf(t, weak.Public()), Algorithm: "RS256", PublicKey: jwk(weak.Public(), idOf(t, weak.Public()), "RS256")},
			{ID: "oct", Algorithm: "HS256", PublicKey: `{"kty":"oct","k":"c2VjcmV0","alg":"HS256","kid":"oct"}`},
			{ID: "none", Algorithm: "none", PublicKey: `{}`},
			{ID: "text", Algorithm: "ES256", PublicKey: `not JSON`},
		} {
			k.Number, k.CreateAt, k.SignFrom, k.SealedPrivateKey = int64(100+i), own.CreateAt, own.SignFrom, own.SealedPrivateKey
			require.NoError(t, store.ChangeSigningKeys(t.Context(), []gatehouse.SigningKey{k}, nil, nil))
		}
		fresh := node(t, store)
		require.Len(t, kids(t, fresh), before)
		requireValid(t, keys, sign(t, fresh, gatehouse.AlgorithmES256))
		_, err = fresh.Withdraw(t.Context(), gatehouse.Caller{}, gatehouse.SigningAlgorithms()...)
		require.NoError(t, err, "the numbers of such rows are not used again")
	})
}

func idOf(t *testing.T, public any) string {
	t.Helper()
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(5) // crypto.SHA256
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(sum)
}

// Attack: copy the sealed private key of a row to another row, so that a key of the
// attacker's choice signs.
func TestSealedKeyOpensInItsOwnRowOnly(t *testing.T) {
	store := &memory{}
	sign(t, node(t, store), gatehouse.AlgorithmES256)
	first := map[string]string{}
	for i, k := range store.keys {
		if sealed, ok := first[k.Algorithm]; ok {
			store.keys[i].SealedPrivateKey = sealed
		} else {
			first[k.Algorithm] = k.SealedPrivateKey
		}
	}
	list, err := node(t, store).List(t.Context())
	require.NoError(t, err)
	states := map[gatehouse.SigningKeyState]int{}
	for _, k := range list {
		states[k.State]++
	}
	require.Equal(t, map[gatehouse.SigningKeyState]int{gatehouse.KeySigns: 2, gatehouse.KeySealed: 2}, states)
}

func TestNewKeysRefusesShortSecrets(t *testing.T) {
	for _, secrets := range [][][]byte{nil, {[]byte("short")}, {secret, []byte("short")}} {
		_, err := signing.NewKeys(signing.KeysConfig{Store: &memory{}, Secrets: secrets, Log: slog.New(slog.DiscardHandler)})
		require.Error(t, err, fmt.Sprint(secrets))
	}
	require.Greater(t, len(secret), seal.MinSecretLength)
}

func TestKeysHaveTheSizesOfTheirAlgorithms(t *testing.T) {
	for _, k := range keySet(t, nodeWithAllKeys(t, &memory{})).Keys {
		switch key := k.Key.(type) {
		case *rsa.PublicKey:
			require.Equal(t, 2048, key.N.BitLen())
			require.Equal(t, 65537, key.E)
		case *ecdsa.PublicKey:
			require.Equal(t, elliptic.P256(), key.Curve)
		case ed25519.PublicKey:
			require.Equal(t, "EdDSA", k.Algorithm)
		default:
			require.Fail(t, "another type", "%T", key)
		}
		require.Equal(t, idOf(t, k.Key), k.KeyID)
	}
}
