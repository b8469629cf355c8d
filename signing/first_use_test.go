package signing_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/signing"
	"gatehouse/test/testdb"
)

// keyTypes counts the published keys by their algorithm.
func keyTypes(t *testing.T, keys *signing.Keys) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, k := range keySet(t, keys).Keys {
		count[k.Algorithm]++
	}
	return count
}

// Some clients cannot read a key set with a key of type OKP.
func TestKeysOfEdDSAArePublishedFromItsFirstTokenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		here, there := node(t, store), node(t, store)
		withoutEdDSA := map[string]int{gatehouse.AlgorithmRS256: 2, gatehouse.AlgorithmES256: 2}
		require.Equal(t, withoutEdDSA, keyTypes(t, here))
		sign(t, here, gatehouse.AlgorithmRS256)
		sign(t, there, gatehouse.AlgorithmES256)
		for range 3 {
			time.Sleep(gatehouse.SigningKeyPeriod)
			require.NoError(t, there.Maintain(t.Context()))
			_, err := here.Rotate(t.Context(), gatehouse.Caller{}, gatehouse.SigningAlgorithms()...)
			require.NoError(t, err)
			_, err = here.Withdraw(t.Context(), gatehouse.Caller{}, gatehouse.SigningAlgorithms()...)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			require.Equal(t, withoutEdDSA, keyTypes(t, there), "neither time nor an operator creates keys of an algorithm that no app uses")
		}

		began := time.Now()
		first := sign(t, here, gatehouse.AlgorithmEdDSA)
		require.GreaterOrEqual(t, time.Since(began), time.Second, "signing waits until each node publishes the key")
		requireValid(t, there, first)
		require.Equal(t, map[string]int{gatehouse.AlgorithmRS256: 2, gatehouse.AlgorithmES256: 2, gatehouse.AlgorithmEdDSA: 2}, keyTypes(t, there))
		began = time.Now()
		require.Equal(t, headerOf(t, first).KeyID, headerOf(t, sign(t, there, gatehouse.AlgorithmEdDSA)).KeyID)
		require.Zero(t, time.Since(began))

		time.Sleep(gatehouse.SigningKeyPeriod + time.Minute)
		require.NoError(t, here.Maintain(t.Context()))
		second := sign(t, there, gatehouse.AlgorithmEdDSA)
		require.NotEqual(t, headerOf(t, first).KeyID, headerOf(t, second).KeyID, "EdDSA is rotated like the others")
		requireValid(t, here, first)
		require.Equal(t, 3, keyTypes(t, here)[gatehouse.AlgorithmEdDSA], "the previous key, the signing key and the next key")
	})
}

func TestAnAlgorithmWithoutKeysIsNotRotatedOrWithdrawn(t *testing.T) {
	store := &memory{}
	keys := node(t, store)
	sign(t, keys, gatehouse.AlgorithmES256)
	for _, change := range []func(context.Context, gatehouse.Caller, ...string) ([]gatehouse.PublishedSigningKey, error){keys.Rotate, keys.Withdraw} {
		_, err := change(t.Context(), gatehouse.Caller{}, gatehouse.AlgorithmEdDSA)
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		require.ErrorContains(t, err, "there are no keys of EdDSA yet")
		list, err := change(t.Context(), gatehouse.Caller{}, gatehouse.AlgorithmEdDSA, gatehouse.AlgorithmES256)
		require.NoError(t, err)
		require.Len(t, list, 4)
	}
}

// Attack: let all nodes sign with EdDSA for the first time at once, so that a node signs
// with a key that another node does not publish.
func TestConcurrentFirstUsesOfEdDSAAddOneKeyAndItsFollower(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		nodes, store := nodesOn(t, url)
		sign(t, nodes[0], gatehouse.AlgorithmRS256)
		tokens := make([]string, 64)
		errs := make([]error, len(tokens))
		begin := make(chan struct{})
		var wg sync.WaitGroup
		for i := range tokens {
			wg.Go(func() {
				<-begin
				tokens[i], errs[i] = nodes[i%3].Sign(context.Background(), gatehouse.AlgorithmEdDSA, signing.TypeIDToken, map[string]string{"sub": "ada"})
			})
		}
		close(begin)
		wg.Wait()
		kids := map[string]bool{}
		for i, token := range tokens {
			require.NoError(t, errs[i])
			kids[headerOf(t, token).KeyID] = true
			for _, n := range nodes {
				requireValid(t, n, token)
			}
		}
		require.Len(t, kids, 1)
		require.Len(t, stored(t, store), 6)
	})
}
