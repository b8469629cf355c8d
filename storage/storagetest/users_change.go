package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func userChangeCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"the names of a user change and nothing else":           namesChange,
		"a taken username or email changes nothing":             takenNamesChangeNothing,
		"a deleted user has no row in any table":                deletedUserLeavesNothing,
		"the apps of a deleted user stay, move or are deleted":  appsOfDeletedUser,
		"the last System Admin is not deleted":                  lastAdminIsNotDeleted,
		"admins who delete each other leave one admin":          raceOfDeletedAdmins,
		"no access appears while a user is deleted":             raceOfDeletionAndAccess,
		"a new creator who is deleted meanwhile gets no apps":   raceOfCreators,
		"deletions of users and apps at the same time finish":   raceOfDeletions,
		"a setting returns to its default":                      settingReturnsToDefault,
		"a setting that the environment fixes is not unset":     fixedSettingIsNotUnset,
		"a setting with a value that is not valid can be unset": brokenSettingIsUnset,
	}
}

func namesChange(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	pair := NewPair(t, store)
	session := NewSession(pair.User.ID, start)
	require.NoError(t, store.CreateSession(ctx, session))
	changed, err := store.UpdateUser(ctx, pair.User.ID, func(u *gatehouse.User) error {
		require.Equal(t, pair.User, *u)
		u.Username, u.Email, u.EmailVerified = "NEW", "New@Example.com", true
		u.FirstName, u.LastName, u.Nickname, u.Position, u.Locale, u.UpdateAt = "A", "B", "C", "D", "sv", start.Add(time.Hour)
		u.ID, u.Roles, u.PasswordHash, u.CreateAt, u.DeleteAt = "x", []string{gatehouse.RoleSystemAdmin}, "x", start.Add(time.Hour), start
		return nil
	})
	require.NoError(t, err)
	want := pair.User
	want.Username, want.Email, want.EmailVerified = "new", "new@example.com", true
	want.FirstName, want.LastName, want.Nickname, want.Position, want.Locale, want.UpdateAt = "A", "B", "C", "D", "sv", start.Add(time.Hour)
	require.Equal(t, want, changed)
	got, err := other.UserByLogin(ctx, "new")
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = other.UserByLogin(ctx, pair.User.Username)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, user, err := other.SessionByTokenHash(ctx, session.TokenHash)
	require.NoError(t, err)
	require.Equal(t, "new", user.Username)

	refused := errors.New("refused")
	_, err = store.UpdateUser(ctx, pair.User.ID, func(u *gatehouse.User) error { u.Username = "other"; return refused })
	require.Equal(t, refused, err)
	got, err = other.User(ctx, pair.User.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = store.UpdateUser(ctx, gatehouse.NewID(), func(*gatehouse.User) error { return nil })
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

func takenNamesChangeNothing(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	ann, ben := NewUser(), NewUser()
	require.NoError(t, store.CreateUser(ctx, ann))
	require.NoError(t, store.CreateUser(ctx, ben))
	_, err := store.UpdateUser(ctx, ben.ID, func(u *gatehouse.User) error { u.Username = ann.Username; return nil })
	require.ErrorIs(t, err, gatehouse.ErrUsernameTaken)
	require.ErrorIs(t, err, gatehouse.ErrConflict)
	_, err = store.UpdateUser(ctx, ben.ID, func(u *gatehouse.User) error { u.Email = ann.Email; return nil })
	require.ErrorIs(t, err, gatehouse.ErrEmailTaken)
	got, err := store.User(ctx, ben.ID)
	require.NoError(t, err)
	require.Equal(t, ben, got)

	// Of several users who take the same name at the same time, one gets it.
	users, nodes := make([]gatehouse.User, 8), d.nodes()
	for i := range users {
		users[i] = NewUser()
		require.NoError(t, store.CreateUser(ctx, users[i]))
	}
	won := 0
	for _, err := range race(len(users), func(i int) error {
		_, err := nodes[i%2].UpdateUser(ctx, users[i].ID, func(u *gatehouse.User) error { u.Username = "wanted"; return nil })
		return err
	}) {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, gatehouse.ErrUsernameTaken)
	}
	require.Equal(t, 1, won)
}

// rowsWith returns the columns of all tables that have a value, and how many rows have it.
func (d *database) rowsWith(value string) map[string]int {
	d.t.Helper()
	ctx, db := context.Background(), d.sql()
	list := "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND p.type = 'TEXT'"
	if d.url[:8] == "postgres" {
		list = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text'"
	}
	rows, err := db.QueryContext(ctx, list)
	require.NoError(d.t, err)
	defer func() { require.NoError(d.t, rows.Close()) }()
	var columns [][2]string
	for rows.Next() {
		var c [2]string
		require.NoError(d.t, rows.Scan(&c[0], &c[1]))
		columns = append(columns, c)
	}
	require.NoError(d.t, rows.Err())
	require.Greater(d.t, len(columns), 20)
	found := map[string]int{}
	for _, c := range columns {
		var n int
		require.NoError(d.t, db.QueryRowContext(ctx, fmt.Sprintf(`SELECT COUNT(*) FROM "%s" WHERE "%s" LIKE '%%%s%%'`, c[0], c[1], value)).Scan(&n))
		if n > 0 {
			found[c[0]+"."+c[1]] = n
		}
	}
	return found
}

// Attack: an app keeps access through a row that refers to the deleted user.
func deletedUserLeavesNothing(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	pair, otherPair := NewPair(t, store), NewPair(t, store)
	grant, otherGrant := pair.NewGrant(start), otherPair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.CreateGrant(ctx, otherGrant))
	session := NewSession(pair.User.ID, start)
	require.NoError(t, store.CreateSession(ctx, session))
	own := NewApp()
	own.CreatorID = pair.User.ID
	require.NoError(t, store.CreateApp(ctx, own))
	require.NoError(t, store.RecordAuditEvent(ctx, gatehouse.AuditEvent{ID: gatehouse.NewID(), At: start, ActorID: pair.User.ID, Event: gatehouse.AuditLogin}))
	require.Contains(t, d.rowsWith(pair.User.ID), "apps.creator_id")

	apps, err := store.DeleteUser(ctx, pair.User.ID, gatehouse.AppsOfDeletedUser{}, start)
	require.NoError(t, err)
	require.Equal(t, []gatehouse.App{own}, apps)
	require.Equal(t, map[string]int{"audit_events.actor_id": 1}, d.rowsWith(pair.User.ID))

	_, err = other.User(ctx, pair.User.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, _, err = other.Grant(ctx, grant.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, other.CreateGrant(ctx, pair.NewGrant(start)), gatehouse.ErrNotFound, "a code that was issued before")
	require.ErrorIs(t, other.RotateGrant(ctx, grant.ID, 0, start, start.Add(time.Hour)), gatehouse.ErrConflict)
	_, _, err = other.SessionByTokenHash(ctx, session.TokenHash)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, other.CreateSession(ctx, NewSession(pair.User.ID, start)), gatehouse.ErrNotFound)
	_, err = other.RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{"more"}, nil, start)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, _, err = other.Grant(ctx, otherGrant.ID)
	require.NoError(t, err, "another user keeps access")

	_, err = store.DeleteUser(ctx, pair.User.ID, gatehouse.AppsOfDeletedUser{}, start)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	again := NewUser()
	again.Username, again.Email = pair.User.Username, pair.User.Email
	require.NoError(t, store.CreateUser(ctx, again), "the names are free")
}

func appsOfDeletedUser(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	heir, inactive := NewUser(), NewUser()
	require.NoError(t, store.CreateUser(ctx, heir))
	require.NoError(t, store.CreateUser(ctx, inactive))
	require.NoError(t, store.DeactivateUser(ctx, inactive.ID, start))
	for name, tc := range map[string]struct {
		apps    gatehouse.AppsOfDeletedUser
		creator string
		err     error
	}{
		"stay":                    {gatehouse.AppsOfDeletedUser{}, "", nil},
		"move":                    {gatehouse.AppsOfDeletedUser{NewCreatorID: heir.ID}, heir.ID, nil},
		"are deleted":             {gatehouse.AppsOfDeletedUser{Delete: true}, "", nil},
		"to a deactivated user":   {gatehouse.AppsOfDeletedUser{NewCreatorID: inactive.ID}, "", gatehouse.ErrNewCreatorNotFound},
		"to an unknown user":      {gatehouse.AppsOfDeletedUser{NewCreatorID: gatehouse.NewID()}, "", gatehouse.ErrNewCreatorNotFound},
		"to the deleted user":     {gatehouse.AppsOfDeletedUser{NewCreatorID: "self"}, "", gatehouse.ErrNewCreatorNotFound},
		"of the user who is last": {gatehouse.AppsOfDeletedUser{NewCreatorID: heir.ID}, heir.ID, nil},
	} {
		creator := NewUser()
		require.NoError(t, store.CreateUser(ctx, creator), name)
		app, foreign := NewApp(), NewApp()
		app.CreatorID = creator.ID
		require.NoError(t, store.CreateApp(ctx, app), name)
		require.NoError(t, store.CreateApp(ctx, foreign), name)
		_, err := store.App(ctx, app.ID) // in the cache of this node
		require.NoError(t, err)
		if tc.apps.NewCreatorID == "self" {
			tc.apps.NewCreatorID = creator.ID
		}
		deleted, err := store.DeleteUser(ctx, creator.ID, tc.apps, start.Add(time.Hour))
		got, appErr := store.App(ctx, app.ID)
		unchanged, foreignErr := store.App(ctx, foreign.ID)
		require.NoError(t, foreignErr, name)
		require.Equal(t, foreign, unchanged, name)
		switch {
		case tc.err != nil:
			require.ErrorIs(t, err, tc.err, name)
			require.NoError(t, appErr, name)
			require.Equal(t, app, got, name)
			_, err = store.User(ctx, creator.ID)
			require.NoError(t, err, name)
			continue
		case tc.apps.Delete:
			require.ErrorIs(t, appErr, gatehouse.ErrNotFound, name)
		default:
			want := app
			want.CreatorID, want.UpdateAt = tc.creator, start.Add(time.Hour)
			require.NoError(t, appErr, name)
			require.Equal(t, want, got, name)
		}
		require.NoError(t, err, name)
		require.Equal(t, []gatehouse.App{app}, deleted, name)
	}
}

func newAdmin() gatehouse.User {
	admin := NewUser()
	admin.Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
	return admin
}

func lastAdminIsNotDeleted(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	first, second, user := newAdmin(), newAdmin(), NewUser()
	for _, u := range []gatehouse.User{first, second, user} {
		require.NoError(t, store.CreateUser(ctx, u))
	}
	require.NoError(t, store.DeactivateUser(ctx, second.ID, start))
	_, err := store.DeleteUser(ctx, first.ID, gatehouse.AppsOfDeletedUser{}, start)
	require.ErrorIs(t, err, gatehouse.ErrLastSystemAdmin, "the other admin is deactivated")
	_, err = store.DeleteUser(ctx, user.ID, gatehouse.AppsOfDeletedUser{}, start)
	require.NoError(t, err)
	require.NoError(t, store.ActivateUser(ctx, second.ID, start))
	_, err = store.DeleteUser(ctx, first.ID, gatehouse.AppsOfDeletedUser{}, start)
	require.NoError(t, err)
	_, err = store.DeleteUser(ctx, second.ID, gatehouse.AppsOfDeletedUser{}, start)
	require.ErrorIs(t, err, gatehouse.ErrLastSystemAdmin)
}

// Attack: two admins delete each other at the same time, and no admin remains.
func raceOfDeletedAdmins(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	admins := make([]gatehouse.User, 6)
	for i := range admins {
		admins[i] = newAdmin()
		require.NoError(t, nodes[0].CreateUser(ctx, admins[i]))
	}
	requireNilOr(t, race(len(admins), func(i int) error {
		if i%3 == 0 {
			return nodes[0].DeactivateUser(ctx, admins[i].ID, start)
		}
		_, err := nodes[i%2].DeleteUser(ctx, admins[i].ID, gatehouse.AppsOfDeletedUser{}, start)
		return err
	}), gatehouse.ErrLastSystemAdmin)
	left := 0
	for _, admin := range admins {
		if user, err := nodes[0].User(ctx, admin.ID); err == nil && user.Active() {
			left++
		}
	}
	require.Equal(t, 1, left)
}

func raceOfDeletionAndAccess(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		pair := NewPair(t, nodes[0])
		for i, err := range race(12, func(i int) error {
			switch i % 4 {
			case 0:
				return nodes[0].CreateSession(ctx, NewSession(pair.User.ID, start))
			case 1:
				_, err := nodes[1].RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{fmt.Sprint("scope", i)}, nil, start)
				return err
			case 2:
				return nodes[1].CreateGrant(ctx, pair.NewGrant(start))
			}
			_, err := nodes[i%2].DeleteUser(ctx, pair.User.ID, gatehouse.AppsOfDeletedUser{}, start)
			return err
		}) {
			if err != nil {
				require.ErrorIs(t, err, gatehouse.ErrNotFound, i)
			}
		}
		require.Empty(t, d.rowsWith(pair.User.ID))
		require.Empty(t, d.rowsWith(pair.Consent.ID))
	}
}

func raceOfCreators(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		ann, ben, app := NewUser(), NewUser(), NewApp()
		app.CreatorID = ann.ID
		require.NoError(t, nodes[0].CreateUser(ctx, ann))
		require.NoError(t, nodes[0].CreateUser(ctx, ben))
		require.NoError(t, nodes[0].CreateApp(ctx, app))
		for _, err := range race(2, func(i int) error {
			if i == 0 {
				_, err := nodes[0].DeleteUser(ctx, ann.ID, gatehouse.AppsOfDeletedUser{NewCreatorID: ben.ID}, start)
				return err
			}
			_, err := nodes[1].DeleteUser(ctx, ben.ID, gatehouse.AppsOfDeletedUser{}, start)
			return err
		}) {
			if err != nil {
				require.ErrorIs(t, err, gatehouse.ErrNewCreatorNotFound)
			}
		}
		require.Empty(t, d.rowsWith(ben.ID), "no app has a creator who does not exist")
	}
}

func raceOfDeletions(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		users, apps := make([]gatehouse.User, 4), make([]gatehouse.App, 4)
		for i := range users {
			users[i], apps[i] = NewUser(), NewApp()
			apps[i].CreatorID = users[i].ID
			require.NoError(t, nodes[0].CreateUser(ctx, users[i]))
			require.NoError(t, nodes[0].CreateApp(ctx, apps[i]))
		}
		for _, user := range users {
			for _, app := range apps {
				_, err := nodes[0].RecordConsent(ctx, user.ID, app.ID, []string{"user"}, nil, start)
				require.NoError(t, err)
			}
		}
		for i, err := range race(8, func(i int) error {
			if i < 4 {
				_, err := nodes[i%2].DeleteUser(ctx, users[i].ID, gatehouse.AppsOfDeletedUser{}, start)
				return err
			}
			return nodes[i%2].DeleteApp(ctx, apps[i-4].ID)
		}) {
			require.NoError(t, err, i)
		}
		require.Zero(t, d.count("consents"))
	}
}

func settingReturnsToDefault(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	require.NoError(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingAccessTokenLifetime: "5m", gatehouse.SettingEnableImplicitGrant: "false"}, "", start))
	for range 2 { // The second call changes nothing.
		require.NoError(t, store.UnsetSetting(ctx, gatehouse.SettingAccessTokenLifetime))
		for _, node := range []interface {
			Settings(ctx context.Context) (gatehouse.Settings, error)
		}{store, other} {
			settings, err := node.Settings(ctx)
			require.NoError(t, err)
			require.Equal(t, time.Hour, settings.AccessTokenLifetime)
			require.False(t, settings.EnableImplicitGrant, "other settings keep their values")
		}
	}
	require.Equal(t, 1, d.count("settings"))
	var field *gatehouse.FieldError
	require.ErrorAs(t, store.UnsetSetting(ctx, "nonsense"), &field)
}

func fixedSettingIsNotUnset(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	require.NoError(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true"}, "", start))
	fixed := open(t, storage.Options{URL: d.url, FixedSettings: map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "false"}})
	require.ErrorIs(t, fixed.UnsetSetting(ctx, gatehouse.SettingEnableOAuthServiceProvider), gatehouse.ErrSettingFixed)
	require.Equal(t, 1, d.count("settings"))
}

func brokenSettingIsUnset(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	_, err := d.sql().ExecContext(ctx, "INSERT INTO settings (key, value, actor_id, update_at) VALUES ('refresh_token_lifetime', 'never', '', 0)")
	require.NoError(t, err)
	_, err = store.Settings(ctx)
	require.Error(t, err)
	require.NoError(t, store.UnsetSetting(ctx, gatehouse.SettingRefreshTokenLifetime))
	settings, err := store.Settings(ctx)
	require.NoError(t, err)
	require.Equal(t, 720*time.Hour, settings.RefreshTokenLifetime)
}
