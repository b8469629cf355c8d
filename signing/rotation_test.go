package signing_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/signing"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// run lets nodes maintain their keys until the test ends.
func run(t *testing.T, nodes ...*signing.Keys) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, n := range nodes {
		wg.Go(func() { n.Run(ctx) })
	}
	t.Cleanup(func() { stop(); wg.Wait() })
}

// kids returns the ids of the published keys.
func kids(t *testing.T, keys *signing.Keys) (ids []string) {
	t.Helper()
	for _, k := range keySet(t, keys).Keys {
		ids = append(ids, k.KeyID)
	}
	return ids
}

// A year of two nodes and a client that keeps the key set for JWKSMaxAge.
func TestScheduledRotationLosesNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		nodes := []*signing.Keys{node(t, store), node(t, store)}
		type issued struct {
			token string
			at    time.Time
		}
		var tokens []issued
		used := map[string]bool{}
		const step = 20 * time.Hour
		for i := range 365 * 24 / 20 {
			cached := kids(t, nodes[i%2])
			time.Sleep(gatehouse.JWKSMaxAge)
			token := sign(t, nodes[(i+1)%2], gatehouse.AlgorithmES256)
			kid := headerOf(t, token).KeyID
			require.Contains(t, cached, kid, "a client with a key set that is as old as allowed has the key")
			used[kid] = true
			tokens = append(tokens, issued{token, time.Now()})
			for len(tokens) > 0 && time.Since(tokens[0].at) > gatehouse.SigningKeyRetention {
				tokens = tokens[1:]
			}
			for _, old := range []issued{tokens[0], tokens[len(tokens)/2], tokens[len(tokens)-1]} {
				requireValid(t, nodes[i%2], old.token)
			}
			require.LessOrEqual(t, len(cached), 9, "old keys are not published for ever")
			time.Sleep(step - gatehouse.JWKSMaxAge)
			require.NoError(t, nodes[i%2].Maintain(t.Context()))
		}
		require.Len(t, used, 5, "a key signs for 90 days")
	})
}

func TestNothingIsCreatedBeforeAKeyIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		keys := node(t, store)
		run(t, keys)
		time.Sleep(time.Hour)
		list, err := keys.List(t.Context())
		require.NoError(t, err)
		require.Empty(t, list)
		require.Empty(t, store.keys)
		_, err = keys.Rotate(t.Context(), gatehouse.Caller{}, gatehouse.AlgorithmES256)
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		_, err = keys.Withdraw(t.Context(), gatehouse.Caller{}, gatehouse.AlgorithmES256)
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		require.Empty(t, store.keys)
	})
}

func TestRotateUsesTheNextKeyAndKeepsThePreviousOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		here, there := node(t, store), node(t, store)
		before := sign(t, here, gatehouse.AlgorithmES256)
		requireValid(t, there, before)
		time.Sleep(gatehouse.SigningKeyLead)
		published := kids(t, there)

		list, err := here.Rotate(t.Context(), gatehouse.Caller{User: gatehouse.User{ID: "admin"}}, gatehouse.AlgorithmES256)
		require.NoError(t, err)
		require.Len(t, list, 5, "a new key follows")
		time.Sleep(2 * time.Second)
		after := sign(t, there, gatehouse.AlgorithmES256)
		require.NotEqual(t, headerOf(t, before).KeyID, headerOf(t, after).KeyID)
		require.Contains(t, published, headerOf(t, after).KeyID, "clients had the key before")
		for _, n := range []*signing.Keys{here, there} {
			requireValid(t, n, before)
			requireValid(t, n, after)
		}
		require.Equal(t, []string{headerOf(t, after).KeyID}, store.recorded(gatehouse.AuditRotateSigningKey))
		require.Equal(t, "admin", store.events[len(store.events)-1].ActorID)
		require.Equal(t, headerOf(t, sign(t, here, gatehouse.AlgorithmRS256)).KeyID, kids(t, here)[0], "the other algorithms did not rotate")

		time.Sleep(gatehouse.SigningKeyRetention - time.Second)
		requireValid(t, there, before)
		time.Sleep(2 * time.Second)
		requireInvalid(t, there, before)
		requireValid(t, there, after)
	})
}

// Attack on availability: rotate again and again, so that clients never have the key.
func TestAKeyThatBeganToSignIsNotRotatedForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := node(t, &memory{})
		signs := func() string { return headerOf(t, sign(t, keys, gatehouse.AlgorithmEdDSA)).KeyID }
		rotate := func() {
			_, err := keys.Rotate(t.Context(), gatehouse.Caller{}, gatehouse.AlgorithmEdDSA)
			require.NoError(t, err)
			time.Sleep(10 * time.Minute)
		}
		first := signs()
		for range 6 {
			rotate()
			require.Equal(t, first, signs())
		}
		require.Len(t, kids(t, keys), 6)
		rotate()
		second := signs()
		require.NotEqual(t, first, second)
		for range 5 {
			rotate()
			require.Equal(t, second, signs())
		}
		require.Len(t, kids(t, keys), 7)
	})
}

// A node that was stopped for a year finds a key that was to sign long ago, and adds the
// one after it, which is not published for an hour yet.
func TestRotateWaitsUntilTheNextKeyIsPublishedForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		keys := node(t, store)
		first := headerOf(t, sign(t, keys, gatehouse.AlgorithmEdDSA)).KeyID
		time.Sleep(365 * 24 * time.Hour)
		second := headerOf(t, sign(t, keys, gatehouse.AlgorithmEdDSA)).KeyID
		require.NotEqual(t, first, second)
		_, err := keys.Rotate(t.Context(), gatehouse.Caller{}, gatehouse.AlgorithmEdDSA)
		require.NoError(t, err)
		time.Sleep(gatehouse.SigningKeyLead - time.Second)
		require.Equal(t, second, headerOf(t, sign(t, keys, gatehouse.AlgorithmEdDSA)).KeyID)
		time.Sleep(2 * time.Second)
		require.NotEqual(t, second, headerOf(t, sign(t, keys, gatehouse.AlgorithmEdDSA)).KeyID)
	})
}

// Attack: sign with a stolen key after the operator withdrew it.
func TestWithdrawnKeysAreNeitherPublishedNorAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		here, there := node(t, store), node(t, store)
		stolen := sign(t, here, gatehouse.AlgorithmES256)
		other := sign(t, here, gatehouse.AlgorithmEdDSA)
		time.Sleep(time.Hour)
		requireValid(t, there, stolen)
		old := kids(t, there)

		list, err := here.Withdraw(t.Context(), gatehouse.Caller{}, gatehouse.AlgorithmES256)
		require.NoError(t, err)
		require.Len(t, list, 6)
		requireInvalid(t, here, stolen)
		time.Sleep(time.Second)
		requireInvalid(t, there, stolen)
		published := kids(t, there)
		require.Len(t, published, 6)
		fresh := slices.DeleteFunc(slices.Clone(published), func(id string) bool { return slices.Contains(old, id) })
		require.Len(t, fresh, 2, "the next key is replaced too: it was stored beside the stolen one")

		began := time.Now()
		token := sign(t, here, gatehouse.AlgorithmES256)
		require.LessOrEqual(t, time.Since(began), time.Second, "signing waits until each node publishes the key")
		require.Contains(t, published, headerOf(t, token).KeyID)
		requireValid(t, there, token)
		requireValid(t, there, other)
		require.Len(t, store.recorded(gatehouse.AuditWithdrawSigningKey), 2)
	})
}

// A request that gives up does not stop the creation of the keys, for which others wait.
func TestSignStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := node(t, &memory{})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := keys.Sign(ctx, gatehouse.AlgorithmES256, signing.TypeIDToken, nil)
		require.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		requireValid(t, keys, sign(t, keys, gatehouse.AlgorithmES256))
		require.Len(t, kids(t, keys), 4)
	})
}

// nodesOn returns the keys of three nodes on one database, and its store.
func nodesOn(t *testing.T, url string) ([]*signing.Keys, *storage.Store) {
	t.Helper()
	var nodes []*signing.Keys
	for range 3 {
		nodes = append(nodes, node(t, storagetest.Open(t, url)))
	}
	return nodes, storagetest.Open(t, url)
}

// age makes the stored keys look as if they had been created earlier.
func age(t *testing.T, store *storage.Store, by time.Duration) {
	t.Helper()
	stored, err := store.SigningKeys(t.Context())
	require.NoError(t, err)
	var aged []gatehouse.SigningKey
	var ids []string
	for _, k := range stored {
		ids = append(ids, k.ID)
		k.CreateAt = k.CreateAt.Add(-by)
		if k.Number == 1 {
			k.SignFrom = k.SignFrom.Add(-by)
		}
		aged = append(aged, k)
	}
	require.NoError(t, store.ChangeSigningKeys(t.Context(), nil, nil, ids))
	require.NoError(t, store.ChangeSigningKeys(t.Context(), aged, nil, nil))
}

func TestConcurrentRotationsAddOneKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		nodes, store := nodesOn(t, url)
		sign(t, nodes[0], gatehouse.AlgorithmEdDSA)
		age(t, store, 2*time.Hour)
		before, err := store.SigningKeys(t.Context())
		require.NoError(t, err)
		var wg sync.WaitGroup
		errs := make([]error, 12)
		begin := make(chan struct{})
		for i := range errs {
			wg.Go(func() {
				<-begin
				_, errs[i] = nodes[i%3].Rotate(context.Background(), gatehouse.Caller{}, gatehouse.AlgorithmES256, gatehouse.AlgorithmEdDSA)
			})
		}
		close(begin)
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		after, err := store.SigningKeys(t.Context())
		require.NoError(t, err)
		moved, added := 0, map[string]int{}
		for _, k := range after {
			i := slices.IndexFunc(before, func(b gatehouse.SigningKey) bool { return b.ID == k.ID })
			if i < 0 {
				added[k.Algorithm]++
			} else if !before[i].SignFrom.Equal(k.SignFrom) {
				moved++
			}
		}
		require.Equal(t, 2, moved, "the next key of each algorithm signs earlier")
		require.Equal(t, map[string]int{gatehouse.AlgorithmES256: 1, gatehouse.AlgorithmEdDSA: 1}, added)
	})
}

func TestConcurrentWithdrawalsLeaveOnePairOfKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		nodes, store := nodesOn(t, url)
		sign(t, nodes[0], gatehouse.AlgorithmEdDSA)
		old := kids(t, nodes[0])
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = nodes[i%3].Withdraw(context.Background(), gatehouse.Caller{}, gatehouse.AlgorithmES256, gatehouse.AlgorithmEdDSA)
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		stored, err := store.SigningKeys(t.Context())
		require.NoError(t, err)
		require.Len(t, stored, 6)
		for _, k := range stored {
			require.Equal(t, k.Algorithm == gatehouse.AlgorithmRS256, slices.Contains(old, k.ID), "%s %s", k.Algorithm, k.ID)
		}
	})
}
