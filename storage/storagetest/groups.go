package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func groupCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"names of groups are unique in any case":           groupNamesAreUnique,
		"groups are listed by name":                        groupsListed,
		"a user is in a group once":                        membersComeAndGo,
		"the names of a user's groups are sorted by bytes": groupNamesSorted,
		"a deleted user is in no group":                    deletedUserLeavesGroups,
		"a refused change of a group stores nothing":       groupChangeRefused,
	}
}

func groupNamesAreUnique(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	group := gatehouse.Group{ID: gatehouse.NewID(), Name: "Geschäftsführung", CreateAt: start, UpdateAt: start}
	require.NoError(t, store.CreateGroup(ctx, group))
	err := store.CreateGroup(ctx, gatehouse.Group{ID: gatehouse.NewID(), Name: "GESCHÄFTSFÜHRUNG", CreateAt: start, UpdateAt: start})
	require.ErrorIs(t, err, gatehouse.ErrGroupNameTaken)
	require.ErrorIs(t, err, gatehouse.ErrConflict)
	got, err := store.GroupByName(ctx, "geschäftsFÜHRUNG")
	require.NoError(t, err)
	require.Equal(t, group, got)

	other := NewGroup(t, store)
	rename := func(name string) error {
		_, err := store.UpdateGroup(ctx, other.ID, func(g *gatehouse.Group) error { g.Name = name; return nil })
		return err
	}
	require.ErrorIs(t, rename("geschäftsführung"), gatehouse.ErrGroupNameTaken)
	require.NoError(t, rename("Other"))
	require.NoError(t, rename("OTHER"), "a group can change the case of its own name")
	requireOneSuccess(t, race(8, func(int) error {
		return store.CreateGroup(ctx, gatehouse.Group{ID: gatehouse.NewID(), Name: "New", CreateAt: start, UpdateAt: start})
	}), gatehouse.ErrGroupNameTaken)

	_, err = store.Group(ctx, gatehouse.NewID())
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, err = store.GroupByName(ctx, "none")
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, store.DeleteGroup(ctx, gatehouse.NewID(), start), gatehouse.ErrNotFound)
}

func groupsListed(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	var groups []gatehouse.Group
	for _, name := range []string{"beta", "Alpha 50%", "gamma"} {
		group := gatehouse.Group{ID: gatehouse.NewID(), Name: name, CreateAt: start, UpdateAt: start}
		require.NoError(t, store.CreateGroup(ctx, group))
		groups = append(groups, group)
	}
	beta, alpha, gamma := groups[0], groups[1], groups[2]
	require.NoError(t, store.AddGroupMember(ctx, beta.ID, pair.User.ID, start))
	require.NoError(t, store.SetAppAccess(ctx, pair.App.ID, gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{beta.ID, gamma.ID}}, start))
	for name, c := range map[string]struct {
		query gatehouse.GroupQuery
		want  []gatehouse.Group
	}{
		"all":       {gatehouse.GroupQuery{Limit: 9}, []gatehouse.Group{alpha, beta, gamma}},
		"page":      {gatehouse.GroupQuery{Offset: 1, Limit: 1}, []gatehouse.Group{beta}},
		"search":    {gatehouse.GroupQuery{Search: "ALPHA", Limit: 9}, []gatehouse.Group{alpha}},
		"wildcard":  {gatehouse.GroupQuery{Search: "%", Limit: 9}, []gatehouse.Group{alpha}},
		"of a user": {gatehouse.GroupQuery{UserID: pair.User.ID, Limit: 9}, []gatehouse.Group{beta}},
		"of an app": {gatehouse.GroupQuery{AppID: pair.App.ID, Limit: 9}, []gatehouse.Group{beta, gamma}},
	} {
		got, err := store.Groups(ctx, c.query)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	sizes, err := store.GroupSizes(ctx, []string{alpha.ID, beta.ID, gamma.ID, gatehouse.NewID()})
	require.NoError(t, err)
	require.Equal(t, map[string]gatehouse.GroupSize{alpha.ID: {}, beta.ID: {Members: 1, Apps: 1}, gamma.ID: {Apps: 1}}, sizes)
	sizes, err = store.GroupSizes(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, sizes)
}

func membersComeAndGo(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	ana, ben := NewUser(), NewUser()
	ana.Username, ben.Username = "ana", "ben"
	require.NoError(t, store.CreateUser(ctx, ben))
	require.NoError(t, store.CreateUser(ctx, ana))
	group, other := NewGroup(t, store, ben, ana), NewGroup(t, store, ana)
	requireMembers(t, store, group, ana.ID, ben.ID)
	requireMembers(t, store, other, ana.ID)
	page, err := store.GroupMembers(ctx, group.ID, 1, 1)
	require.NoError(t, err)
	require.Equal(t, []gatehouse.User{ben}, page)

	require.ErrorIs(t, store.AddGroupMember(ctx, group.ID, ana.ID, start), gatehouse.ErrConflict)
	require.ErrorIs(t, store.AddGroupMember(ctx, group.ID, gatehouse.NewID(), start), gatehouse.ErrNotFound)
	require.ErrorIs(t, store.AddGroupMember(ctx, gatehouse.NewID(), ana.ID, start), gatehouse.ErrNotFound)
	require.NoError(t, store.RemoveGroupMember(ctx, group.ID, ana.ID, start))
	require.ErrorIs(t, store.RemoveGroupMember(ctx, group.ID, ana.ID, start), gatehouse.ErrNotFound)
	require.ErrorIs(t, store.RemoveGroupMember(ctx, gatehouse.NewID(), ana.ID, start), gatehouse.ErrNotFound)
	requireMembers(t, store, group, ben.ID)
	requireMembers(t, store, other, ana.ID)
	requireOneSuccess(t, race(8, func(int) error { return store.AddGroupMember(ctx, group.ID, ana.ID, start) }), gatehouse.ErrConflict)
	require.NoError(t, store.DeleteGroup(ctx, group.ID, start))
	require.Equal(t, 1, d.count("group_members"))
}

func requireMembers(t *testing.T, store *storage.Store, group gatehouse.Group, want ...string) {
	t.Helper()
	members, err := store.GroupMembers(context.Background(), group.ID, 0, 10)
	require.NoError(t, err)
	var got []string
	for _, user := range members {
		got = append(got, user.ID)
	}
	require.Equal(t, want, got)
}

func groupNamesSorted(t *testing.T, d *database) {
	ctx, store, user := context.Background(), d.node(), NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	names, err := store.GroupNames(ctx, user.ID)
	require.NoError(t, err)
	require.Equal(t, []string{}, names)
	for _, name := range []string{"ärzte", "b", "a-2", "A", "a 1"} {
		group := gatehouse.Group{ID: gatehouse.NewID(), Name: name + " team", CreateAt: start, UpdateAt: start}
		require.NoError(t, store.CreateGroup(ctx, group))
		require.NoError(t, store.AddGroupMember(ctx, group.ID, user.ID, start))
	}
	names, err = store.GroupNames(ctx, user.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"A team", "a 1 team", "a-2 team", "b team", "ärzte team"}, names)
}

func deletedUserLeavesGroups(t *testing.T, d *database) {
	ctx, store, user := context.Background(), d.node(), NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	group := NewGroup(t, store, user)
	_, err := store.DeleteUser(ctx, user.ID, gatehouse.AppsOfDeletedUser{}, start)
	require.NoError(t, err)
	requireMembers(t, store, group)
	require.Zero(t, d.count("group_members"))
}

func groupChangeRefused(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	group, refused := NewGroup(t, store), errors.New("refused")
	_, err := store.UpdateGroup(ctx, group.ID, func(g *gatehouse.Group) error { g.Name = "changed"; return refused })
	require.Equal(t, refused, err)
	got, err := store.Group(ctx, group.ID)
	require.NoError(t, err)
	require.Equal(t, group, got)
	_, err = store.UpdateGroup(ctx, gatehouse.NewID(), func(*gatehouse.Group) error { return nil })
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	got, err = store.UpdateGroup(ctx, group.ID, func(g *gatehouse.Group) error {
		g.ID, g.CreateAt, g.UpdateAt = gatehouse.NewID(), start.Add(time.Hour), start.Add(time.Hour)
		return nil
	})
	require.NoError(t, err)
	group.UpdateAt = start.Add(time.Hour)
	require.Equal(t, group, got)
}
