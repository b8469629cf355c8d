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

// rounds is how often a race without a certain order is run.
const rounds = 15

func raceCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a code that many redeem at once is redeemed once":         raceToRedeem,
		"a generation that many refresh at once is refreshed once": raceToRotate,
		"answers to a consent that race are all heard":             raceToConsent,
		"revoking an app wins over redeeming its codes":            raceRevokingAndRedeeming,
		"deleting an app wins over redeeming its codes":            raceDeletingAndRedeeming,
		"revoking a grant wins over refreshing it":                 raceRevokingAndRotating,
		"deactivating a user wins over everything":                 raceDeactivating,
		"deactivating users and deleting apps do not deadlock":     raceDeactivatingAndDeleting,
	}
}

// Attack: send the same code twice at the same moment, to two nodes, so that
// both look before either writes (CVE-2026-1035, GHSA-mh4x-rmrx-3hp4).
func raceToRedeem(t *testing.T, d *database) {
	nodes := d.nodes()
	person := NewPerson(t, nodes[0])
	grant := person.NewGrant(start)
	requireOneWinner(t, race(64, func(i int) error { return nodes[i%2].CreateGrant(context.Background(), grant) }), gatehouse.ErrConflict)
	require.Equal(t, 1, d.count("grants"))
}

// Attack: refresh twice at the same moment and get two living families.
func raceToRotate(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	person := NewPerson(t, nodes[0])
	grant := person.NewGrant(start)
	require.NoError(t, nodes[0].CreateGrant(ctx, grant))
	for generation := range int64(3) {
		requireOneWinner(t, race(64, func(i int) error {
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
		consent, err := nodes[i%2].RecordConsent(ctx, user.ID, app.ID, []string{want[i]}, start)
		ids[i] = consent.ID
		return err
	}) {
		require.NoError(t, err)
	}
	require.Len(t, slices.Compact(ids), 1, "everybody got the same consent")
	consent, err := nodes[0].Consent(ctx, user.ID, app.ID)
	require.NoError(t, err)
	require.Equal(t, ids[0], consent.ID)
	slices.Sort(consent.Scopes)
	require.Equal(t, want, consent.Scopes)
	require.Equal(t, 1, d.count("consents"))
}

// requireNoOrphans looks for grants that hang on nothing: the joins of the store would hide them.
func requireNoOrphans(t *testing.T, d *database) {
	t.Helper()
	require.Zero(t, d.count("grants WHERE consent_id NOT IN (SELECT id FROM consents)"))
}

// Attack: redeem a code at the moment in which the user revokes the app, and
// keep a grant that no revocation finds any more.
func raceRevokingAndRedeeming(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		person := NewPerson(t, nodes[0])
		grants := make([]gatehouse.Grant, 9)
		for i := range grants {
			grants[i] = person.NewGrant(start)
		}
		requireNilOr(t, race(9, func(i int) error {
			if i == 4 {
				return nodes[0].DeleteConsent(ctx, person.User.ID, person.App.ID)
			}
			return nodes[i%2].CreateGrant(ctx, grants[i])
		}), gatehouse.ErrNotFound)
		for _, g := range grants { // that of the revocation never was
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
		person := NewPerson(t, nodes[0])
		requireNilOr(t, race(9, func(i int) error {
			switch i {
			case 4:
				return nodes[0].DeleteApp(ctx, person.App.ID)
			case 5:
				_, err := nodes[1].RecordConsent(ctx, person.User.ID, person.App.ID, []string{"more"}, start)
				return err
			}
			return nodes[i%2].CreateGrant(ctx, person.NewGrant(start))
		}), gatehouse.ErrNotFound)
	}
	requireNoOrphans(t, d)
	require.Zero(t, d.count("grants"))
	require.Zero(t, d.count("consents"))
}

// Attack: refresh at the moment of the revocation, and come out revoked on
// paper with a generation that the revocation did not see.
func raceRevokingAndRotating(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		person := NewPerson(t, nodes[0])
		grant := person.NewGrant(start)
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

// Attack: do anything at the moment of the deactivation that works again when
// the user is let in again.
func raceDeactivating(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		person := NewPerson(t, nodes[0])
		old := person.NewGrant(start)
		require.NoError(t, nodes[0].CreateGrant(ctx, old))
		consentIDs := make([]string, 12)
		requireNilOr(t, race(12, func(i int) error {
			store := nodes[i%2]
			switch i {
			case 5:
				return nodes[1].DeactivateUser(ctx, person.User.ID, start)
			case 0, 6:
				return store.CreateSession(ctx, NewSession(person.User.ID, start))
			case 1, 7:
				consent, err := store.RecordConsent(ctx, person.User.ID, person.App.ID, []string{"more"}, start)
				consentIDs[i] = consent.ID
				return err
			case 2:
				app := NewApp()
				if err := store.CreateApp(ctx, app); err != nil {
					return err
				}
				consent, err := store.RecordConsent(ctx, person.User.ID, app.ID, []string{"user"}, start)
				consentIDs[i] = consent.ID
				return err
			case 3:
				if err := store.RotateGrant(ctx, old.ID, 0, start, start.Add(time.Hour)); err != nil {
					require.ErrorIs(t, err, gatehouse.ErrConflict)
				}
				return nil
			}
			return store.CreateGrant(ctx, person.NewGrant(start))
		}), gatehouse.ErrNotFound)
		require.Zero(t, d.count("grants"))
		require.Zero(t, d.count("sessions"))
		require.NoError(t, nodes[0].ActivateUser(ctx, person.User.ID, start))
		for _, id := range append(consentIDs, person.Consent.ID) {
			code := person.NewGrant(start)
			code.ConsentID = id
			require.ErrorIs(t, nodes[0].CreateGrant(ctx, code), gatehouse.ErrNotFound)
		}
	}
}

func raceDeactivatingAndDeleting(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		people := make([]Person, 4)
		for i := range people {
			people[i] = NewPerson(t, nodes[0])
		}
		for _, p := range people { // everybody authorised every app, and has a grant of it
			for _, a := range people {
				consent, err := nodes[0].RecordConsent(ctx, p.User.ID, a.App.ID, []string{"user"}, start)
				require.NoError(t, err)
				grant := p.NewGrant(start)
				grant.ConsentID = consent.ID
				require.NoError(t, nodes[0].CreateGrant(ctx, grant))
			}
		}
		for _, err := range race(8, func(i int) error {
			if i%2 == 0 {
				return nodes[0].DeactivateUser(ctx, people[i/2].User.ID, start)
			}
			return nodes[1].DeleteApp(ctx, people[i/2].App.ID)
		}) {
			require.NoError(t, err)
		}
	}
	require.Zero(t, d.count("grants"))
	require.Zero(t, d.count("consents"))
	require.Zero(t, d.count("apps"))
}
