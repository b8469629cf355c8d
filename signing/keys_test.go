package signing_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/signing"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

var (
	secret    = []byte("a secret of these tests, 32 bytes or more")
	newSecret = []byte("the secret after it, with 32 bytes or more")
)

// node returns the keys of a node.
func node(t *testing.T, store signing.Store, secrets ...[]byte) *signing.Keys {
	t.Helper()
	if len(secrets) == 0 {
		secrets = [][]byte{secret}
	}
	keys, err := signing.NewKeys(signing.KeysConfig{Store: store, Secrets: secrets, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return keys
}

// nodeWithAllKeys returns the keys of a node. The store has keys of each algorithm.
func nodeWithAllKeys(t *testing.T, store signing.Store) *signing.Keys {
	t.Helper()
	keys := node(t, store)
	sign(t, keys, gatehouse.AlgorithmEdDSA)
	return keys
}

func sign(t *testing.T, keys *signing.Keys, algorithm string) string {
	t.Helper()
	token, err := keys.Sign(context.Background(), algorithm, signing.TypeIDToken, map[string]string{"sub": "ada"})
	require.NoError(t, err)
	return token
}

func requireValid(t *testing.T, keys *signing.Keys, token string) {
	t.Helper()
	claims, err := keys.Verify(context.Background(), signing.TypeIDToken, token)
	require.NoError(t, err)
	require.JSONEq(t, `{"sub":"ada"}`, string(claims))
}

func requireInvalid(t *testing.T, keys *signing.Keys, token string) {
	t.Helper()
	_, err := keys.Verify(context.Background(), signing.TypeIDToken, token)
	require.ErrorIs(t, err, gatehouse.ErrNotFound, token)
}

// keySet parses the published keys.
func keySet(t *testing.T, keys *signing.Keys) jose.JSONWebKeySet {
	t.Helper()
	document, err := keys.PublicKeys(context.Background())
	require.NoError(t, err)
	var set jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(document, &set))
	return set
}

// headerOf returns the header of a token, which it does not verify.
func headerOf(t *testing.T, token string) jose.Header {
	t.Helper()
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA})
	require.NoError(t, err)
	return signed.Signatures[0].Protected
}

func TestEachAlgorithmSignsWhatThePublishedKeysVerify(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		store := storagetest.Open(t, url)
		keys, other := node(t, store), node(t, storagetest.Open(t, url))
		require.Equal(t, []string{"RS256", "ES256", "EdDSA"}, keys.Algorithms())
		for _, algorithm := range keys.Algorithms() {
			token := sign(t, keys, algorithm)
			requireValid(t, keys, token)
			requireValid(t, other, token)
			header := headerOf(t, token)
			require.Equal(t, algorithm, header.Algorithm)
			set := keySet(t, other)
			published := set.Key(header.KeyID)
			require.Len(t, published, 1)
			require.True(t, published[0].IsPublic())
			require.Equal(t, "sig", published[0].Use)
			require.Equal(t, algorithm, published[0].Algorithm)
			signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
			require.NoError(t, err)
			_, err = signed.Verify(published[0].Key)
			require.NoError(t, err)
		}
		require.Len(t, keySet(t, keys).Keys, 6, "a signing key and the following key of each algorithm")
		require.Equal(t, "RS256", keySet(t, keys).Keys[0].Algorithm)
	})
}

// Attack: start all nodes at once, so that a node signs with a key that another node
// does not publish.
func TestNodesThatStartTogetherCreateTheSameKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		nodes := []*signing.Keys{node(t, storagetest.Open(t, url)), node(t, storagetest.Open(t, url)), node(t, storagetest.Open(t, url))}
		tokens := make([]string, 64)
		errs := make([]error, len(tokens))
		var wg sync.WaitGroup
		for i := range tokens {
			wg.Go(func() {
				tokens[i], errs[i] = nodes[i%3].Sign(context.Background(), gatehouse.SigningAlgorithms()[i%2], signing.TypeIDToken, map[string]string{"sub": "ada"})
			})
		}
		wg.Wait()
		kids := map[string]bool{}
		for i, token := range tokens {
			require.NoError(t, errs[i])
			kids[headerOf(t, token).KeyID] = true
			for _, n := range nodes {
				requireValid(t, n, token)
			}
		}
		require.Len(t, kids, 2, "one key of each algorithm signed")
		stored, err := storagetest.Open(t, url).SigningKeys(context.Background())
		require.NoError(t, err)
		require.Len(t, stored, 4, "a signing key and the following key of RS256 and of ES256")
	})
}
