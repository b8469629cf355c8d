package storagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func signingKeyCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"signing keys are listed by algorithm and number":     signingKeyOrder,
		"one node adds a signing key with a number":           signingKeyRace,
		"signing keys change together or not at all":          signingKeysTogether,
		"a signing key that another node changed is not lost": signingKeyChangeRace,
		"signing keys are reaped when they expire":            signingKeysReaped,
	}
}

func newSigningKey(algorithm string, number int64) gatehouse.SigningKey {
	return gatehouse.SigningKey{
		ID: gatehouse.NewID(), Algorithm: algorithm, Number: number, PublicKey: "{}", SealedPrivateKey: "sealed", CreateAt: start, SignFrom: start,
	}
}

func storedSigningKeys(t *testing.T, store *storage.Store) []gatehouse.SigningKey {
	t.Helper()
	keys, err := store.SigningKeys(context.Background())
	require.NoError(t, err)
	return keys
}

func signingKeyOrder(t *testing.T, d *database) {
	store := d.node()
	require.Empty(t, storedSigningKeys(t, store))
	a1, a2, b1 := newSigningKey("a", 1), newSigningKey("a", 10), newSigningKey("b", 1)
	require.NoError(t, store.ChangeSigningKeys(context.Background(), []gatehouse.SigningKey{b1, a2, a1}, nil, nil))
	require.Equal(t, []gatehouse.SigningKey{a1, a2, b1}, storedSigningKeys(t, d.node()))
}

// Attack: start many nodes at once, so that they sign with different keys.
func signingKeyRace(t *testing.T, d *database) {
	nodes := d.nodes()
	for round := range rounds {
		algorithm := fmt.Sprint(round)
		results := race(16, func(i int) error {
			keys := []gatehouse.SigningKey{newSigningKey(algorithm, 1), newSigningKey(algorithm, 2)}
			return nodes[i%2].ChangeSigningKeys(context.Background(), keys, nil, nil)
		})
		requireOneSuccess(t, results, gatehouse.ErrConflict)
	}
	require.Len(t, storedSigningKeys(t, nodes[0]), 2*rounds)
}

func signingKeysTogether(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	stored := newSigningKey("a", 1)
	require.NoError(t, store.ChangeSigningKeys(ctx, []gatehouse.SigningKey{stored}, nil, nil))
	added, changed := newSigningKey("a", 2), stored
	changed.ExpiresAt = start.Add(time.Hour)
	change := []gatehouse.SigningKeyChange{{Before: stored, After: changed}}
	require.ErrorIs(t, store.ChangeSigningKeys(ctx, []gatehouse.SigningKey{added}, change, []string{"no such key"}), gatehouse.ErrConflict)
	require.Equal(t, []gatehouse.SigningKey{stored}, storedSigningKeys(t, store))
	require.NoError(t, store.ChangeSigningKeys(ctx, []gatehouse.SigningKey{added}, change, nil))
	require.Equal(t, []gatehouse.SigningKey{changed, added}, storedSigningKeys(t, store))
	require.ErrorIs(t, store.ChangeSigningKeys(ctx, nil, change, nil), gatehouse.ErrConflict, "the key is no longer as it was")
	require.NoError(t, store.ChangeSigningKeys(ctx, nil, nil, []string{stored.ID}))
	require.Equal(t, []gatehouse.SigningKey{added}, storedSigningKeys(t, store))
}

func signingKeyChangeRace(t *testing.T, d *database) {
	nodes := d.nodes()
	for round := range rounds {
		stored := newSigningKey(fmt.Sprint(round), 1)
		require.NoError(t, nodes[0].ChangeSigningKeys(context.Background(), []gatehouse.SigningKey{stored}, nil, nil))
		requireOneSuccess(t, race(16, func(i int) error {
			after := stored
			after.SignFrom = start.Add(time.Duration(i+1) * time.Hour)
			return nodes[i%2].ChangeSigningKeys(context.Background(), nil, []gatehouse.SigningKeyChange{{Before: stored, After: after}}, nil)
		}), gatehouse.ErrConflict)
	}
}

func signingKeysReaped(t *testing.T, d *database) {
	store := d.node()
	old, current := newSigningKey("a", 1), newSigningKey("a", 2)
	old.ExpiresAt = start.Add(time.Hour)
	require.NoError(t, store.ChangeSigningKeys(context.Background(), []gatehouse.SigningKey{old, current}, nil, nil))
	require.Empty(t, reapAll(t, store, start.Add(time.Hour-time.Millisecond), 10, "signing_keys"))
	require.Equal(t, []int64{1}, reapAll(t, store, start.Add(time.Hour), 10, "signing_keys"))
	require.Empty(t, reapAll(t, store, start.Add(100000*time.Hour), 10, "signing_keys"))
	require.Equal(t, []gatehouse.SigningKey{current}, storedSigningKeys(t, store))
}
