package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func groupRaceCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"leaving a group ends what an app gets meanwhile":         raceLeavingAGroup,
		"deleting a group ends what an app gets meanwhile":        raceDeletingAGroup,
		"restricting an app ends what it gets meanwhile":          raceRestrictingAnApp,
		"leaving two groups at the same time ends the access":     raceLeavingTwoGroups,
		"a user who leaves a group that an app gets loses access": raceGrantingAndLeaving,
		"leaving a group and a new password do not deadlock":      raceLeavingAndPasswords,
		"changes of groups, users and apps do not deadlock":       raceOfGroupChanges,
	}
}

// raceAgainst runs a change that takes access to an app from a user, together with
// consents, redemptions and refreshes on both nodes. Afterwards the user has nothing.
func raceAgainst(t *testing.T, d *database, nodes [2]*storage.Store, pair Pair, change func() error) {
	t.Helper()
	ctx := context.Background()
	old := newGrantOf(t, nodes[0], pair)
	consentIDs, grantIDs := make([]string, 12), make([]string, 12)
	for _, err := range race(12, func(i int) error {
		store := nodes[i%2]
		switch {
		case i == 5:
			return change()
		case i%3 == 0:
			consent, err := store.RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{"more"}, nil, start)
			if err != nil {
				return err
			}
			consentIDs[i] = consent.ID
			grant := pair.NewGrant(start)
			grant.ConsentID, grantIDs[i] = consent.ID, grant.ID
			return store.CreateGrant(ctx, grant)
		case i%3 == 1:
			grant := pair.NewGrant(start)
			grantIDs[i] = grant.ID
			return store.CreateGrant(ctx, grant)
		}
		if err := store.RotateGrant(ctx, old.ID, 0, start, start.Add(time.Hour)); err != nil {
			require.ErrorIs(t, err, gatehouse.ErrConflict)
		}
		return nil
	}) {
		if err != nil && !isOneOf(err, gatehouse.ErrNotFound, gatehouse.ErrNoAccess) {
			require.NoError(t, err)
		}
	}
	for _, id := range append(grantIDs, old.ID) {
		_, _, err := nodes[1].Grant(ctx, id)
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
	}
	for _, id := range append(consentIDs, pair.Consent.ID) {
		code := pair.NewGrant(start)
		code.ConsentID = id
		require.ErrorIs(t, nodes[1].CreateGrant(ctx, code), gatehouse.ErrNotFound)
	}
	requireAccess(t, nodes[1], pair.User, pair.App, false)
	requireNoOrphans(t, d)
}

// Attack: consent, redeem and refresh while the user leaves the group, and keep a grant.
func raceLeavingAGroup(t *testing.T, d *database) {
	nodes := d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		group := NewGroup(t, nodes[0], pair.User)
		restrict(t, nodes[0], pair.App, group)
		raceAgainst(t, d, nodes, pair, func() error { return nodes[0].RemoveGroupMember(context.Background(), group.ID, pair.User.ID, start) })
	}
}

func raceDeletingAGroup(t *testing.T, d *database) {
	nodes := d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		group := NewGroup(t, nodes[0], pair.User)
		restrict(t, nodes[0], pair.App, group)
		raceAgainst(t, d, nodes, pair, func() error { return nodes[1].DeleteGroup(context.Background(), group.ID, start) })
	}
}

func raceRestrictingAnApp(t *testing.T, d *database) {
	nodes := d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		access := gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{NewGroup(t, nodes[0]).ID}}
		raceAgainst(t, d, nodes, pair, func() error { return nodes[0].SetAppAccess(context.Background(), pair.App.ID, access, start) })
	}
}

// Attack: leave both groups of an app at the same time, so that each removal sees the
// other group.
func raceLeavingTwoGroups(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		groups := []gatehouse.Group{NewGroup(t, nodes[0], pair.User), NewGroup(t, nodes[0], pair.User)}
		restrict(t, nodes[0], pair.App, groups...)
		grant := newGrantOf(t, nodes[0], pair)
		for _, err := range race(2, func(i int) error { return nodes[i].RemoveGroupMember(ctx, groups[i].ID, pair.User.ID, start) }) {
			require.NoError(t, err)
		}
		requireEnded(t, nodes[0], pair, grant)
		requireAccess(t, nodes[0], pair.User, pair.App, false)
	}
}

// Attack: leave a group while an app changes to this group, so that the app does not know
// of the removal, and the removal does not know of the app.
func raceGrantingAndLeaving(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		one, two := NewGroup(t, nodes[0], pair.User), NewGroup(t, nodes[0], pair.User)
		restrict(t, nodes[0], pair.App, one)
		grant := newGrantOf(t, nodes[0], pair)
		for _, err := range race(2, func(i int) error {
			if i == 0 {
				return nodes[0].RemoveGroupMember(ctx, two.ID, pair.User.ID, start)
			}
			return nodes[1].SetAppAccess(ctx, pair.App.ID, gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{two.ID}}, start)
		}) {
			require.NoError(t, err)
		}
		requireEnded(t, nodes[0], pair, grant)
		requireAccess(t, nodes[0], pair.User, pair.App, false)
	}
}

// A removal and a new password both lock all consents of the user, each in another order. The
// lock on the user keeps them apart.
func raceLeavingAndPasswords(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		user := NewUser()
		require.NoError(t, nodes[0].CreateUser(ctx, user))
		groups := []gatehouse.Group{NewGroup(t, nodes[0], user), NewGroup(t, nodes[0], user)}
		for range 12 {
			app := NewApp()
			require.NoError(t, nodes[0].CreateApp(ctx, app))
			restrict(t, nodes[0], app, groups...)
			_, err := nodes[0].RecordConsent(ctx, user.ID, app.ID, []string{"user"}, nil, start)
			require.NoError(t, err)
		}
		for _, err := range race(10, func(i int) error {
			switch i {
			case 4:
				return nodes[0].RemoveGroupMember(ctx, groups[0].ID, user.ID, start)
			case 5:
				return nodes[1].DeleteGroup(ctx, groups[1].ID, start)
			}
			return nodes[i%2].SetPassword(ctx, user.ID, "hash", "", start)
		}) {
			require.NoError(t, err)
		}
		require.Zero(t, d.count("consents"))
	}
}

// Transactions that lock several groups, users, apps and consents must not wait for each
// other in a circle. PostgreSQL would end one of them, and the store return ErrUnavailable.
func raceOfGroupChanges(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pairs := make([]Pair, 4)
		var users []gatehouse.User
		for i := range pairs {
			pairs[i] = NewPair(t, nodes[0])
			users = append(users, pairs[i].User)
		}
		groups := []gatehouse.Group{NewGroup(t, nodes[0], users...), NewGroup(t, nodes[0], users...), NewGroup(t, nodes[0], users...)}
		for _, user := range pairs { // each user is in each group and has a grant of each app
			for _, app := range pairs {
				consent, err := nodes[0].RecordConsent(ctx, user.User.ID, app.App.ID, []string{"user"}, nil, start)
				require.NoError(t, err)
				grant := user.NewGrant(start)
				grant.ConsentID = consent.ID
				require.NoError(t, nodes[0].CreateGrant(ctx, grant))
			}
			restrict(t, nodes[0], user.App, groups...)
		}
		access := gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{groups[2].ID, groups[0].ID}}
		for _, err := range race(20, func(i int) error {
			store, pair, group := nodes[i%2], pairs[i%4], groups[i%3]
			switch i % 10 {
			case 0:
				return store.DeleteGroup(ctx, groups[1].ID, start)
			case 1:
				return store.RemoveGroupMember(ctx, group.ID, pair.User.ID, start)
			case 2:
				return store.SetAppAccess(ctx, pair.App.ID, access, start)
			case 3:
				return store.DeactivateUser(ctx, pair.User.ID, start)
			case 4:
				_, err := store.DeleteUser(ctx, pairs[3].User.ID, gatehouse.AppsOfDeletedUser{}, start)
				return err
			case 5:
				return store.DeleteApp(ctx, pairs[2].App.ID)
			case 6:
				return store.AddGroupMember(ctx, group.ID, pair.User.ID, start)
			case 7:
				return store.SetPassword(ctx, pair.User.ID, "hash", "", start)
			case 8:
				return store.DeleteConsent(ctx, pair.User.ID, pairs[1].App.ID, start)
			}
			_, err := store.RecordConsent(ctx, pair.User.ID, pairs[0].App.ID, []string{"more"}, nil, start)
			return err
		}) {
			if err != nil && !isOneOf(err, gatehouse.ErrNotFound, gatehouse.ErrNoAccess, gatehouse.ErrConflict) {
				require.NoError(t, err)
			}
		}
	}
	requireNoOrphans(t, d)
}
