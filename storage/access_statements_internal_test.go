package storage

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"gatehouse"
)

// Groups cost a flow of an app that is open to all users no statement, and a flow of a
// restricted app one statement where the user consents.
func TestOnlyRestrictedAppsCostAStatement(t *testing.T) {
	ctx, now := context.Background(), time.Now().UTC().Truncate(time.Millisecond)
	s, err := Open(ctx, Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.MigrateUp(ctx))
	user := gatehouse.User{ID: gatehouse.NewID(), Username: "ana", Email: "ana@example.com", CreateAt: now}
	require.NoError(t, s.CreateUser(ctx, user))
	group := gatehouse.Group{ID: gatehouse.NewID(), Name: "Group", CreateAt: now, UpdateAt: now}
	require.NoError(t, s.CreateGroup(ctx, group))
	require.NoError(t, s.AddGroupMember(ctx, group.ID, user.ID, now))
	newApp := func() string {
		app := gatehouse.App{ID: gatehouse.NewID(), Name: "App", CreateAt: now, UpdateAt: now}
		require.NoError(t, s.CreateApp(ctx, app))
		return app.ID
	}
	open, restricted := newApp(), newApp()
	require.NoError(t, s.SetAppAccess(ctx, restricted, gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{group.ID}}, now))

	statements := countStatements(t, s)
	consents := map[string]gatehouse.Consent{}
	consent := func(appID string) func() {
		return func() {
			var err error
			consents[appID], err = s.RecordConsent(ctx, user.ID, appID, []string{"user"}, nil, now)
			require.NoError(t, err)
		}
	}
	flow := func(appID string) func() {
		return func() {
			_, err := s.App(ctx, appID)
			require.NoError(t, err)
			_, err = s.Consent(ctx, user.ID, appID)
			require.NoError(t, err)
			grant := gatehouse.Grant{ID: gatehouse.NewID(), ConsentID: consents[appID].ID, CreateAt: now, RotatedAt: now, ExpiresAt: now.Add(time.Hour)}
			require.NoError(t, s.CreateGrant(ctx, grant))
			_, _, err = s.Grant(ctx, grant.ID)
			require.NoError(t, err)
			require.NoError(t, s.RotateGrant(ctx, grant.ID, 0, now, now.Add(time.Hour)))
		}
	}
	require.EqualValues(t, 2, statements(consent(open)))
	require.EqualValues(t, 3, statements(consent(restricted)))
	require.Equal(t, statements(flow(open)), statements(flow(restricted)))
	require.EqualValues(t, 1, statements(func() {
		may, err := s.MayUseApp(ctx, user.ID, restricted)
		require.NoError(t, err)
		require.True(t, may)
	}))
}

// countStatements returns a function that counts the statements of a call.
func countStatements(t *testing.T, s *Store) func(call func()) int64 {
	t.Helper()
	var count atomic.Int64
	for _, db := range []*gorm.DB{s.reads, s.writes} {
		add := func(*gorm.DB) { count.Add(1) }
		c := db.Callback()
		for _, err := range []error{
			c.Create().Before("*").Register("count", add), c.Query().Before("*").Register("count", add), c.Update().Before("*").Register("count", add),
			c.Delete().Before("*").Register("count", add), c.Row().Before("*").Register("count", add), c.Raw().Before("*").Register("count", add),
		} {
			require.NoError(t, err)
		}
	}
	return func(call func()) int64 {
		before := count.Load()
		call()
		return count.Load() - before
	}
}
