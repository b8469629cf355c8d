package groups_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/groups"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// each runs a test once for each engine.
func each(t *testing.T, test func(t *testing.T, store *storage.Store, service *groups.Service)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, url string) {
		store := storagetest.Open(t, url)
		test(t, store, groups.NewService(groups.ServiceConfig{Store: store, Log: slog.New(slog.DiscardHandler)}))
	})
}

// events returns the audit trail as "event: detail". The order of events of the same
// millisecond is random.
func events(t *testing.T, store *storage.Store) []string {
	t.Helper()
	trail, err := store.AuditEvents(context.Background(), "", 100)
	require.NoError(t, err)
	var list []string
	for _, e := range trail {
		list = append(list, e.Event+": "+e.Detail)
	}
	return list
}

func TestNamesOfGroupsKeepTheirMeaningInLists(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store, service *groups.Service) {
		for _, name := range []string{
			"admins", "Grafana Admins", "team:platform/on-call", "a", "Geschäftsführung", "日本支社", "R&D (EU)", "ops@example.com", strings.Repeat("é", 64),
		} {
			group, err := service.Create(t.Context(), gatehouse.Caller{}, "  "+name+" ", " A description ")
			require.NoError(t, err, name)
			require.Equal(t, name, group.Name)
			require.Equal(t, "A description", group.Description)
		}
		for _, name := range []string{"", " ", "a,b", "a;b", `a"b`, "a\nb", "a\tb", "a  b", "a*", "<b>", "a\x00b", "a\u200bb", "a\u202eb", "\xff", strings.Repeat("a", 65)} {
			_, err := service.Create(t.Context(), gatehouse.Caller{}, name, "")
			require.Len(t, gatehouse.FieldErrors(err), 1, "%q", name)
			require.Equal(t, "name", gatehouse.FieldErrors(err)[0].Field)
		}
		_, err := service.Create(t.Context(), gatehouse.Caller{}, ",", "two\nlines")
		require.Len(t, gatehouse.FieldErrors(err), 2, "every broken rule is reported")
		_, err = service.Create(t.Context(), gatehouse.Caller{}, "ADMINS", "")
		require.ErrorIs(t, err, gatehouse.ErrGroupNameTaken)
		require.Equal(t, "name", gatehouse.FieldErrors(err)[0].Field)
	})
}

func TestEachChangeOfAGroupIsInTheAuditTrail(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store, service *groups.Service) {
		ctx, pair := t.Context(), storagetest.NewPair(t, store)
		actor := gatehouse.Caller{User: pair.User}
		group, err := service.Create(ctx, actor, "Admins", "")
		require.NoError(t, err)
		group, err = service.Update(ctx, actor, group.ID, func(g *gatehouse.Group) { g.Name, g.Description = "Ops", "New" })
		require.NoError(t, err)
		_, err = service.Update(ctx, actor, group.ID, func(*gatehouse.Group) {})
		require.NoError(t, err, "a change without an effect is not in the trail")
		require.NoError(t, service.AddMember(ctx, actor, group, pair.User))
		require.ErrorIs(t, service.AddMember(ctx, actor, group, pair.User), gatehouse.ErrConflict)
		require.NoError(t, service.OpenToGroups(ctx, actor, pair.App.ID, []gatehouse.Group{group}))
		require.NoError(t, service.OpenToAll(ctx, actor, pair.App.ID))
		require.NoError(t, service.RemoveMember(ctx, actor, group, pair.User))
		require.ErrorIs(t, service.RemoveMember(ctx, actor, group, pair.User), gatehouse.ErrNotFound)
		require.NoError(t, service.Delete(ctx, actor, group.ID))
		require.ErrorIs(t, service.Delete(ctx, actor, group.ID), gatehouse.ErrNotFound)
		require.ElementsMatch(t, []string{
			`createGroup: The group is called "Admins".`,
			`updateGroup: The name changed from "Admins" to "Ops".`, "updateGroup: The description changed.",
			`addGroupMember: The user "` + pair.User.Username + `" was added.`,
			"updateOAuthAppAccess: Only members of these groups can use the app: Ops.", "updateOAuthAppAccess: All users can use the app.",
			`removeGroupMember: The user "` + pair.User.Username + `" was removed.`,
			`deleteGroup: The group was called "Ops".`,
		}, events(t, store))
	})
}

func TestAppIsOpenToExistingGroupsOnly(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store, service *groups.Service) {
		ctx, pair := t.Context(), storagetest.NewPair(t, store)
		group := storagetest.NewGroup(t, store)
		require.NoError(t, service.Delete(ctx, gatehouse.Caller{}, group.ID))
		for _, chosen := range [][]gatehouse.Group{{group}, nil} {
			err := service.OpenToGroups(ctx, gatehouse.Caller{}, pair.App.ID, chosen)
			require.Len(t, gatehouse.FieldErrors(err), 1)
			require.Equal(t, "groups", gatehouse.FieldErrors(err)[0].Field)
		}
		app, err := store.App(ctx, pair.App.ID)
		require.NoError(t, err)
		require.False(t, app.IsRestricted)
	})
}
