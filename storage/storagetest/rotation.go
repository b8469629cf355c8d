package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func rotationCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a refresh moves the grant to the next generation": rotationMovesOn,
		"only a grant that can be used is refreshed":       rotationNeedsUsableGrant,
		"a refresh stores that the app was used":           rotationTouchesConsent,
		"a refresh is committed when it returns":           rotationIsCommitted,
		"the use of a generation is stored once":           generationIsMarkedUsed,
		"grace is stored once for each generation":         graceIsMarkedOnce,
	}
}

func rotationMovesOn(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	now := start.Add(10 * time.Minute)
	require.NoError(t, store.RotateGrant(ctx, grant.ID, 0, now, now.Add(2*time.Hour)))
	got, _, err := store.Grant(ctx, grant.ID)
	require.NoError(t, err)
	want := grant
	want.Generation, want.PreviousRotatedAt, want.RotatedAt, want.ExpiresAt = 1, start, now, now.Add(2*time.Hour)
	require.Equal(t, want, got)
	require.NoError(t, store.RotateGrant(ctx, grant.ID, 1, now, now.Add(2*time.Hour)))
}

func generationIsMarkedUsed(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	grant := NewPair(t, store).NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	used := func() int64 {
		got, _, err := store.Grant(ctx, grant.ID)
		require.NoError(t, err)
		return got.UsedGeneration
	}
	require.NoError(t, store.RotateGrant(ctx, grant.ID, 0, start, start.Add(time.Hour)))
	require.NoError(t, store.MarkGrantUsed(ctx, grant.ID, 0))
	require.Zero(t, used(), "the generation is not the current one any longer")
	require.NoError(t, store.MarkGrantUsed(ctx, grant.ID, 1))
	require.NoError(t, store.MarkGrantUsed(ctx, grant.ID, 1))
	require.Equal(t, int64(1), used())
	require.NoError(t, store.RotateGrant(ctx, grant.ID, 1, start, start.Add(time.Hour)))
	require.Equal(t, int64(1), used())
	require.NoError(t, store.MarkGrantUsed(ctx, gatehouse.NewID(), 1), "a grant that does not exist")
}

func graceIsMarkedOnce(t *testing.T, d *database) {
	ctx := context.Background()
	nodes := [2]*storage.Store{d.node(), d.node()}
	grant := NewPair(t, nodes[0]).NewGrant(start)
	require.NoError(t, nodes[0].CreateGrant(ctx, grant))
	require.NoError(t, nodes[0].RotateGrant(ctx, grant.ID, 0, start, start.Add(time.Hour)))
	errs := race(64, func(i int) error { return nodes[i%2].MarkGrace(ctx, grant.ID, 1) })
	var marked int
	for _, err := range errs {
		if err == nil {
			marked++
			continue
		}
		require.ErrorIs(t, err, gatehouse.ErrConflict)
	}
	require.Equal(t, 1, marked)
	got, _, err := nodes[1].Grant(ctx, grant.ID)
	require.NoError(t, err)
	require.Equal(t, int64(1), got.GraceGeneration)
	require.ErrorIs(t, nodes[0].MarkGrace(ctx, grant.ID, 2), gatehouse.ErrConflict, "a generation that the grant does not have")
}

// Attack: use a stolen refresh token after its owner used it, or from a generation that
// does not exist, or after the grant was revoked or has expired.
func rotationNeedsUsableGrant(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	rotate := func(prepare func(gatehouse.Grant), generation int64, now time.Time) error {
		grant := pair.NewGrant(start)
		grant.Generation = 5
		require.NoError(t, store.CreateGrant(ctx, grant))
		prepare(grant)
		err := store.RotateGrant(ctx, grant.ID, generation, now, now.Add(time.Hour))
		if got, _, getErr := store.Grant(ctx, grant.ID); getErr == nil && err != nil {
			require.Equal(t, int64(5), got.Generation)
		}
		return err
	}
	unchanged := func(gatehouse.Grant) {}
	require.NoError(t, rotate(unchanged, 5, start))
	require.NoError(t, rotate(unchanged, 5, start.Add(time.Hour-time.Millisecond)))
	require.ErrorIs(t, rotate(unchanged, 5, start.Add(time.Hour)), gatehouse.ErrConflict, "it has expired at this millisecond")
	require.ErrorIs(t, rotate(unchanged, 4, start), gatehouse.ErrConflict)
	require.ErrorIs(t, rotate(unchanged, 6, start), gatehouse.ErrConflict)
	require.ErrorIs(t, rotate(func(g gatehouse.Grant) { require.NoError(t, store.RevokeGrant(ctx, g.ID, start)) }, 5, start), gatehouse.ErrConflict)
	require.ErrorIs(t, store.RotateGrant(ctx, gatehouse.NewID(), 0, start, start.Add(time.Hour)), gatehouse.ErrConflict)
	require.ErrorIs(t, rotate(func(gatehouse.Grant) { require.NoError(t, store.DeactivateUser(ctx, pair.User.ID, start)) }, 5, start), gatehouse.ErrConflict)
}

func rotationTouchesConsent(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	for generation, step := range []struct{ now, want time.Time }{
		{start.Add(59 * time.Minute), start},
		{start.Add(61 * time.Minute), start.Add(61 * time.Minute)},
		{start.Add(120 * time.Minute), start.Add(61 * time.Minute)},
	} {
		require.NoError(t, store.RotateGrant(ctx, grant.ID, int64(generation), step.now, step.now.Add(2*time.Hour)))
		consent, err := store.Consent(ctx, pair.User.ID, pair.App.ID)
		require.NoError(t, err)
		require.Equal(t, step.want, consent.LastUsedAt)
	}
}

// The statement returns a row. On some engines the commit could wait until the caller has
// read all rows.
func rotationIsCommitted(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	for generation := range int64(20) {
		require.NoError(t, store.RotateGrant(ctx, grant.ID, generation, start, start.Add(time.Hour)))
		got, _, err := other.Grant(ctx, grant.ID)
		require.NoError(t, err)
		require.Equal(t, generation+1, got.Generation)
	}
}
