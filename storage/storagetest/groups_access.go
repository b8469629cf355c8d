package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func groupAccessCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"an app is open to all users until it is restricted":        appIsOpen,
		"a user who leaves the last group of an app loses access":   leavingEndsAccess,
		"a user in another group of the app keeps the grants":       otherGroupKeepsAccess,
		"deleting a group ends what its members' apps got":          deletingAGroupEndsAccess,
		"an app without its last group is open to no user":          appStaysRestricted,
		"restricting an app ends what it got from other users":      restrictingEndsAccess,
		"a change of an app does not change who may use it":         updateKeepsAccess,
		"a restricted self-registered app is not reaped":            restrictedAppStays,
		"another node refuses a user whose app it has in its cache": cachedAppLetsNoUserIn,
	}
}

// restrict opens an app to groups only.
func restrict(t *testing.T, store *storage.Store, app gatehouse.App, groups ...gatehouse.Group) {
	t.Helper()
	access := gatehouse.AppAccess{IsRestricted: true}
	for _, g := range groups {
		access.GroupIDs = append(access.GroupIDs, g.ID)
	}
	require.NoError(t, store.SetAppAccess(context.Background(), app.ID, access, start))
}

// requireAccess checks whether a user may use an app, and can consent to it.
func requireAccess(t *testing.T, store *storage.Store, user gatehouse.User, app gatehouse.App, want bool) {
	t.Helper()
	ctx := context.Background()
	may, err := store.MayUseApp(ctx, user.ID, app.ID)
	require.NoError(t, err)
	require.Equal(t, want, may)
	_, err = store.RecordConsent(ctx, user.ID, app.ID, []string{"user"}, nil, start)
	if want {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, gatehouse.ErrNoAccess)
	_, err = store.Consent(ctx, user.ID, app.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// requireEnded checks that a grant is gone, and that a code of the same consent cannot be
// redeemed.
func requireEnded(t *testing.T, store *storage.Store, pair Pair, grant gatehouse.Grant) {
	t.Helper()
	ctx := context.Background()
	_, _, err := store.Grant(ctx, grant.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, store.RotateGrant(ctx, grant.ID, 0, start, start.Add(time.Hour)), gatehouse.ErrConflict)
	require.ErrorIs(t, store.CreateGrant(ctx, pair.NewGrant(start)), gatehouse.ErrNotFound)
}

// newGrantOf stores a grant of a pair.
func newGrantOf(t *testing.T, store *storage.Store, pair Pair) gatehouse.Grant {
	t.Helper()
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(context.Background(), grant))
	return grant
}

func appIsOpen(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	group := NewGroup(t, store)
	requireAccess(t, store, pair.User, pair.App, true)
	restrict(t, store, pair.App, group)
	requireAccess(t, store, pair.User, pair.App, false)
	require.NoError(t, store.AddGroupMember(ctx, group.ID, pair.User.ID, start))
	requireAccess(t, store, pair.User, pair.App, true)
	app, err := store.App(ctx, pair.App.ID)
	require.NoError(t, err)
	require.True(t, app.IsRestricted)

	require.NoError(t, store.SetAppAccess(ctx, pair.App.ID, gatehouse.AppAccess{GroupIDs: []string{group.ID}}, start))
	require.Zero(t, d.count("app_groups"), "an app that is open to all users has no groups")
	requireAccess(t, store, NewPair(t, store).User, pair.App, true)

	require.ErrorIs(t, store.SetAppAccess(ctx, gatehouse.NewID(), gatehouse.AppAccess{}, start), gatehouse.ErrNotFound)
	err = store.SetAppAccess(ctx, pair.App.ID, gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{group.ID, gatehouse.NewID()}}, start)
	require.ErrorIs(t, err, gatehouse.ErrGroupNotFound)
	requireAccess(t, store, pair.User, pair.App, true)
	_, err = store.MayUseApp(ctx, pair.User.ID, gatehouse.NewID())
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

func leavingEndsAccess(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	pair, other := NewPair(t, nodes[0]), NewPair(t, nodes[0])
	group := NewGroup(t, nodes[0], pair.User, other.User)
	restrict(t, nodes[0], pair.App, group)
	grant, elsewhere := newGrantOf(t, nodes[0], pair), newGrantOf(t, nodes[0], other)
	require.NoError(t, nodes[0].RemoveGroupMember(ctx, group.ID, pair.User.ID, start))
	requireEnded(t, nodes[1], pair, grant)
	requireAccess(t, nodes[1], pair.User, pair.App, false)
	_, _, err := nodes[1].Grant(ctx, elsewhere.ID)
	require.NoError(t, err, "an app that is open to all users keeps its grants")

	require.NoError(t, nodes[0].AddGroupMember(ctx, group.ID, pair.User.ID, start))
	requireAccess(t, nodes[1], pair.User, pair.App, true)
	requireEnded(t, nodes[1], pair, grant)
}

func otherGroupKeepsAccess(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	one, two := NewGroup(t, store, pair.User), NewGroup(t, store, pair.User)
	restrict(t, store, pair.App, one, two)
	grant := newGrantOf(t, store, pair)
	require.NoError(t, store.RemoveGroupMember(ctx, one.ID, pair.User.ID, start))
	_, _, err := store.Grant(ctx, grant.ID)
	require.NoError(t, err)
	require.NoError(t, store.DeleteGroup(ctx, one.ID, start))
	_, _, err = store.Grant(ctx, grant.ID)
	require.NoError(t, err)
	require.NoError(t, store.RemoveGroupMember(ctx, two.ID, pair.User.ID, start))
	requireEnded(t, store, pair, grant)
}

func deletingAGroupEndsAccess(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair, other := NewPair(t, store), NewPair(t, store)
	group := NewGroup(t, store, pair.User, other.User)
	restrict(t, store, pair.App, group)
	restrict(t, store, other.App, group)
	grants := []gatehouse.Grant{newGrantOf(t, store, pair), newGrantOf(t, store, other)}
	require.NoError(t, store.DeleteGroup(ctx, group.ID, start))
	requireEnded(t, store, pair, grants[0])
	requireEnded(t, store, other, grants[1])
	require.Zero(t, d.count("consents"))
	require.Zero(t, d.count("app_groups"))
}

// Attack: delete the last group of an app, so that the app has no groups, like one that is
// open to all users.
func appStaysRestricted(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	group := NewGroup(t, store, pair.User)
	restrict(t, store, pair.App, group)
	require.NoError(t, store.DeleteGroup(ctx, group.ID, start))
	requireAccess(t, store, pair.User, pair.App, false)
	requireAccess(t, store, NewPair(t, store).User, pair.App, false)
}

func restrictingEndsAccess(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	pair := NewPair(t, nodes[0])
	member := Pair{User: NewUser(), App: pair.App}
	require.NoError(t, nodes[0].CreateUser(ctx, member.User))
	var err error
	member.Consent, err = nodes[0].RecordConsent(ctx, member.User.ID, pair.App.ID, []string{"user"}, nil, start)
	require.NoError(t, err)
	excluded, kept := newGrantOf(t, nodes[0], pair), newGrantOf(t, nodes[0], member)
	group := NewGroup(t, nodes[0], member.User)
	restrict(t, nodes[0], pair.App, group)
	requireEnded(t, nodes[1], pair, excluded)
	_, _, err = nodes[1].Grant(ctx, kept.ID)
	require.NoError(t, err)

	restrict(t, nodes[0], pair.App, NewGroup(t, nodes[0]))
	requireEnded(t, nodes[1], member, kept)
}

func updateKeepsAccess(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	_, err := store.UpdateApp(ctx, pair.App.ID, func(a *gatehouse.App) error { a.IsRestricted = true; return nil })
	require.NoError(t, err)
	requireAccess(t, store, pair.User, pair.App, true)
	restrict(t, store, pair.App, NewGroup(t, store))
	app, err := store.UpdateApp(ctx, pair.App.ID, func(a *gatehouse.App) error { a.IsRestricted = false; return nil })
	require.NoError(t, err)
	require.True(t, app.IsRestricted)
	requireAccess(t, store, pair.User, pair.App, false)
}

func restrictedAppStays(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	app := NewApp()
	app.CreatorID, app.IsDynamicallyRegistered = "", true
	require.NoError(t, store.CreateApp(ctx, app))
	restrict(t, store, app)
	later := start.Add(10 * 365 * 24 * time.Hour)
	reaped, err := store.Reap(ctx, later, 100)
	require.NoError(t, err)
	require.Zero(t, reaped["apps"])
	require.NoError(t, store.SetAppAccess(ctx, app.ID, gatehouse.AppAccess{}, start))
	reaped, err = store.Reap(ctx, later, 100)
	require.NoError(t, err)
	require.EqualValues(t, 1, reaped["apps"])
}

// Attack: authorize the app on a node that still has it in its cache as open to all users.
func cachedAppLetsNoUserIn(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	pair := NewPair(t, nodes[0])
	app, err := nodes[1].App(ctx, pair.App.ID)
	require.NoError(t, err)
	require.False(t, app.IsRestricted)
	restrict(t, nodes[0], pair.App, NewGroup(t, nodes[0]))
	requireAccess(t, nodes[1], pair.User, pair.App, false)
	app, err = nodes[1].App(ctx, pair.App.ID)
	require.NoError(t, err)
	require.True(t, app.IsRestricted, "the refusal has emptied the cache")
}
