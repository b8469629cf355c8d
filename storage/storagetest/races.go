package storagetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

// rounds is how often a race is repeated, because its order is random.
const rounds = 15

func raceCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"one of many concurrent redemptions of a code succeeds":     raceToRedeem,
		"one of many concurrent refreshes of a generation succeeds": raceToRotate,
		"concurrent consents all take effect":                       raceToConsent,
		"revoking a consent ends codes that are redeemed meanwhile": raceRevokingAndRedeeming,
		"deleting an app ends codes that are redeemed meanwhile":    raceDeletingAndRedeeming,
		"revoking a grant ends a refresh that happens meanwhile":    raceRevokingAndRotating,
		"deactivating a user ends everything that starts meanwhile": raceDeactivating,
		"deactivating users and deleting apps do not deadlock":      raceDeactivatingAndDeleting,
	}
}

// Attack: send the same code to two nodes at the same time, so that both read before
// either writes (CVE-2026-1035, GHSA-mh4x-rmrx-3hp4).
func raceToRedeem(t *testing.T, d *database) {
	nodes := d.nodes()
	pair := NewPair(t, nodes[0])
	grant := pair.NewGrant(start)
	requireOneSuccess(t, race(64, func(i int) error { return nodes[i%2].CreateGrant(context.Background(), grant) }), gatehouse.ErrConflict)
	require.Equal(t, 1, d.count("grants"))
}

// Attack: refresh twice at the same time and get two families of tokens.
func raceToRotate(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	pair := NewPair(t, nodes[0])
	grant := pair.NewGrant(start)
	require.NoError(t, nodes[0].CreateGrant(ctx, grant))
	for generation := range int64(3) {
		requireOneSuccess(t, race(64, func(i int) error {
			return nodes[i%2].RotateGrant(ctx, grant.ID, generation, start.Add(2*time.Minute), start.Add(time.Hour))
		}), gatehouse.ErrConflict)
	}
	got, _, err := nodes[1].Grant(ctx, grant.ID)
	require.NoError(t, err)
	require.EqualValues(t, 3, got.Generation)
}

func raceToConsent(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	user, app := NewUser(), NewApp()
	require.NoError(t, nodes[0].CreateUser(ctx, user))
	require.NoError(t, nodes[0].CreateApp(ctx, app))
	ids, want := make([]string, 24), make([]string, 24)
	for _, err := range race(24, func(i int) error {
		want[i] = fmt.Sprintf("scope-%02d", i)
		consent, err := nodes[i%2].RecordConsent(ctx, user.ID, app.ID, []string{want[i]}, nil, start)
		ids[i] = consent.ID
		return err
	}) {
		require.NoError(t, err)
	}
	require.Len(t, slices.Compact(ids), 1, "all calls return the same consent")
	consent, err := nodes[0].Consent(ctx, user.ID, app.ID)
	require.NoError(t, err)
	require.Equal(t, ids[0], consent.ID)
	slices.Sort(consent.Scopes)
	require.Equal(t, want, consent.Scopes)
	require.Equal(t, 1, d.count("consents"))
}

// requireNoOrphans checks that no grant is without a consent. The joins of the store would hide it.
func requireNoOrphans(t *testing.T, d *database) {
	t.Helper()
	require.Zero(t, d.count("grants WHERE consent_id NOT IN (SELECT id FROM consents)"))
}

// Attack: redeem a code while the user revokes the consent, and keep a grant that no
// later revocation finds.
func raceRevokingAndRedeeming(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		grants := make([]gatehouse.Grant, 9)
		for i := range grants {
			grants[i] = pair.NewGrant(start)
		}
		requireNilOr(t, race(9, func(i int) error {
			if i == 4 {
				return nodes[0].DeleteConsent(ctx, pair.User.ID, pair.App.ID, start)
			}
			return nodes[i%2].CreateGrant(ctx, grants[i])
		}), gatehouse.ErrNotFound)
		for _, g := range grants { // grants[4] was never created
			_, _, err := nodes[1].Grant(ctx, g.ID)
			require.ErrorIs(t, err, gatehouse.ErrNotFound)
		}
	}
	requireNoOrphans(t, d)
	require.Zero(t, d.count("grants"))
}

func raceDeletingAndRedeeming(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		requireNilOr(t, race(9, func(i int) error {
			switch i {
			case 4:
				return nodes[0].DeleteApp(ctx, pair.App.ID)
			case 5:
				_, err := nodes[1].RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{"more"}, nil, start)
				return err
			}
			return nodes[i%2].CreateGrant(ctx, pair.NewGrant(start))
		}), gatehouse.ErrNotFound)
	}
	requireNoOrphans(t, d)
	require.Zero(t, d.count("grants"))
	require.Zero(t, d.count("consents"))
}

// Attack: refresh during the revocation, and get a generation that the revocation did
// not see.
func raceRevokingAndRotating(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		grant := pair.NewGrant(start)
		require.NoError(t, nodes[0].CreateGrant(ctx, grant))
		requireNilOr(t, race(6, func(i int) error {
			if i == 3 {
				return nodes[0].RevokeGrant(ctx, grant.ID, start)
			}
			return nodes[i%2].RotateGrant(ctx, grant.ID, 0, start, start.Add(time.Hour))
		}), gatehouse.ErrConflict)
		got, _, err := nodes[1].Grant(ctx, grant.ID)
		require.NoError(t, err)
		require.Equal(t, start, got.RevokedAt)
		require.ErrorIs(t, nodes[1].RotateGrant(ctx, grant.ID, got.Generation, start, start.Add(time.Hour)), gatehouse.ErrConflict)
	}
}

// Attack: get a session, consent or grant during the deactivation that works after the
// user is activated again.
func raceDeactivating(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		old := pair.NewGrant(start)
		require.NoError(t, nodes[0].CreateGrant(ctx, old))
		consentIDs := make([]string, 12)
		requireNilOr(t, race(12, func(i int) error {
			store := nodes[i%2]
			switch i {
			case 5:
				return nodes[1].DeactivateUser(ctx, pair.User.ID, start)
			case 0, 6:
				return store.CreateSession(ctx, NewSession(pair.User.ID, start))
			case 1, 7:
				consent, err := store.RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{"more"}, nil, start)
				consentIDs[i] = consent.ID
				return err
			case 2:
				app := NewApp()
				if err := store.CreateApp(ctx, app); err != nil {
					return err
				}
				consent, err := store.RecordConsent(ctx, pair.User.ID, app.ID, []string{"user"}, nil, start)
				consentIDs[i] = consent.ID
				return err
			case 3:
				if err := store.RotateGrant(ctx, old.ID, 0, start, start.Add(time.Hour)); err != nil {
					require.ErrorIs(t, err, gatehouse.ErrConflict)
				}
				return nil
			}
			return store.CreateGrant(ctx, pair.NewGrant(start))
		}), gatehouse.ErrNotFound)
		require.Zero(t, d.count("grants"))
		require.Zero(t, d.count("sessions"))
		require.NoError(t, nodes[0].ActivateUser(ctx, pair.User.ID, start))
		for _, id := range append(consentIDs, pair.Consent.ID) {
			code := pair.NewGrant(start)
			code.ConsentID = id
			require.ErrorIs(t, nodes[0].CreateGrant(ctx, code), gatehouse.ErrNotFound)
		}
	}
}

func raceDeactivatingAndDeleting(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pairs := make([]Pair, 4)
		for i := range pairs {
			pairs[i] = NewPair(t, nodes[0])
		}
		for _, user := range pairs { // each user authorized each app and has a grant of it
			for _, app := range pairs {
				consent, err := nodes[0].RecordConsent(ctx, user.User.ID, app.App.ID, []string{"user"}, nil, start)
				require.NoError(t, err)
				grant := user.NewGrant(start)
				grant.ConsentID = consent.ID
				require.NoError(t, nodes[0].CreateGrant(ctx, grant))
			}
		}
		for _, err := range race(8, func(i int) error {
			if i%2 == 0 {
				return nodes[0].DeactivateUser(ctx, pairs[i/2].User.ID, start)
			}
			return nodes[1].DeleteApp(ctx, pairs[i/2].App.ID)
		}) {
			require.NoError(t, err)
		}
	}
	require.Zero(t, d.count("grants"))
	require.Zero(t, d.count("consents"))
	require.Zero(t, d.count("apps"))
}
