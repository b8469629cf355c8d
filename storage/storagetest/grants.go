package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func grantCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a grant comes back with its user":        grantComesBack,
		"a code is redeemed once":                 codeIsRedeemedOnce,
		"a replay is detected after a revocation": replayIsDetectedAfterRevocation,
		"a grant needs a consent":                 grantNeedsConsent,
		"a second revocation changes nothing":     grantRevokedOnce,
	}
}

func grantComesBack(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	grant.Scopes, grant.Resource, grant.Generation = []string{"a", "b"}, "https://api.example.com/x?y=1", 7
	grant.RotatedAt = start.Add(time.Second)
	require.NoError(t, store.CreateGrant(ctx, grant))
	got, user, err := store.Grant(ctx, grant.ID)
	require.NoError(t, err)
	require.Equal(t, grant, got)
	require.Equal(t, pair.User, user)
	_, _, err = store.Grant(ctx, gatehouse.NewID())
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// Attack: redeem a code from a log, a referrer or a shared browser a second time
// (RFC 6749 §4.1.2).
func codeIsRedeemedOnce(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	replay := grant
	replay.Scopes, replay.Resource = []string{"more"}, "https://evil.example"
	require.ErrorIs(t, other.CreateGrant(ctx, replay), gatehouse.ErrConflict)
	got, _, err := store.Grant(ctx, grant.ID)
	require.NoError(t, err)
	require.Equal(t, grant, got, "the replay changes nothing")
}

func replayIsDetectedAfterRevocation(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.RevokeGrant(ctx, grant.ID, start))
	require.ErrorIs(t, store.CreateGrant(ctx, grant), gatehouse.ErrConflict)
}

func grantNeedsConsent(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	for _, consentID := range []string{gatehouse.NewID(), "", pair.User.ID, pair.App.ID} {
		grant := pair.NewGrant(start)
		grant.ConsentID = consentID
		require.ErrorIs(t, store.CreateGrant(ctx, grant), gatehouse.ErrNotFound)
	}
	require.Zero(t, d.count("grants"))
}

func grantRevokedOnce(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.RevokeGrant(ctx, grant.ID, start.Add(time.Minute)))
	require.NoError(t, store.RevokeGrant(ctx, grant.ID, start.Add(time.Hour)))
	got, _, err := store.Grant(ctx, grant.ID)
	require.NoError(t, err)
	require.Equal(t, start.Add(time.Minute), got.RevokedAt)
	require.Equal(t, gatehouse.TokenRevoked, got.AccessTokenStatus(0, start.Add(2*time.Minute)))
	require.NoError(t, store.RevokeGrant(ctx, gatehouse.NewID(), start), "a grant that does not exist needs no revocation")
}
