package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func accessCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"deactivating a user ends everything":               deactivationEndsEverything,
		"deactivating twice keeps the first time":           deactivationTwice,
		"a new password ends everything except one session": passwordEndsEverything,
		"changing the access of an unknown user fails":      accessOfUnknownUser,
		"users without an active System Admin are noticed":  usersWithoutAdmin,
	}
}

// Attack: an app redeems its code or refreshes after its user was deactivated, or waits
// until the user is activated again.
func deactivationEndsEverything(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	pair, otherPair := NewPair(t, store), NewPair(t, store)
	grant, otherGrant := pair.NewGrant(start), otherPair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.CreateGrant(ctx, otherGrant))
	session := NewSession(pair.User.ID, start)
	require.NoError(t, store.CreateSession(ctx, session))

	now := start.Add(time.Minute)
	require.NoError(t, store.DeactivateUser(ctx, pair.User.ID, now))

	requireNoAccess := func() {
		t.Helper()
		_, _, err := other.Grant(ctx, grant.ID)
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		require.ErrorIs(t, other.RotateGrant(ctx, grant.ID, 0, now, now.Add(time.Hour)), gatehouse.ErrConflict)
		require.ErrorIs(t, other.CreateGrant(ctx, pair.NewGrant(start)), gatehouse.ErrNotFound, "a code that was issued before")
		_, _, err = other.SessionByTokenHash(ctx, session.TokenHash)
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
	}
	requireNoAccess()
	user, err := other.User(ctx, pair.User.ID)
	require.NoError(t, err)
	require.Equal(t, now, user.DeleteAt)
	require.Equal(t, now, user.UpdateAt)
	require.ErrorIs(t, other.CreateSession(ctx, NewSession(pair.User.ID, now)), gatehouse.ErrNotFound)
	_, err = other.RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{"more"}, nil, now)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	consent, err := other.Consent(ctx, pair.User.ID, pair.App.ID)
	require.NoError(t, err)
	fresh := pair
	fresh.Consent = consent
	require.ErrorIs(t, other.CreateGrant(ctx, fresh.NewGrant(now)), gatehouse.ErrNotFound, "the user is inactive, also with the new id of the consent")

	require.NoError(t, store.ActivateUser(ctx, pair.User.ID, now.Add(time.Minute)))
	requireNoAccess()
	want := pair.Consent
	want.ID = consent.ID
	require.Equal(t, want, consent, "the consent stays")
	require.NotEqual(t, pair.Consent.ID, consent.ID)
	require.NoError(t, other.CreateGrant(ctx, fresh.NewGrant(now)))
	require.NoError(t, other.CreateSession(ctx, NewSession(pair.User.ID, now)))

	_, _, err = other.Grant(ctx, otherGrant.ID)
	require.NoError(t, err, "another user keeps access")
}

func deactivationTwice(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	require.NoError(t, store.DeactivateUser(ctx, pair.User.ID, start))
	require.NoError(t, store.DeactivateUser(ctx, pair.User.ID, start.Add(time.Hour)))
	user, err := store.User(ctx, pair.User.ID)
	require.NoError(t, err)
	require.Equal(t, start, user.DeleteAt)
}

// Attack: the attacker learned the password, signed in and authorized an app. After the
// password is changed, neither the session nor the app may work.
func passwordEndsEverything(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	current, stolen := NewSession(pair.User.ID, start), NewSession(pair.User.ID, start)
	require.NoError(t, store.CreateSession(ctx, current))
	require.NoError(t, store.CreateSession(ctx, stolen))

	now := start.Add(time.Minute)
	require.NoError(t, store.SetPassword(ctx, pair.User.ID, "new hash", current.ID, now))
	user, err := store.User(ctx, pair.User.ID)
	require.NoError(t, err)
	require.Equal(t, "new hash", user.PasswordHash)
	require.Equal(t, now, user.LastPasswordUpdate)
	_, _, err = store.SessionByTokenHash(ctx, current.TokenHash)
	require.NoError(t, err)
	_, _, err = store.SessionByTokenHash(ctx, stolen.TokenHash)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, _, err = store.Grant(ctx, grant.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, store.CreateGrant(ctx, pair.NewGrant(now)), gatehouse.ErrNotFound, "a code that was issued before")
	_, err = store.Consent(ctx, pair.User.ID, pair.App.ID)
	require.NoError(t, err)
}

func accessOfUnknownUser(t *testing.T, d *database) {
	ctx, store, unknown := context.Background(), d.node(), gatehouse.NewID()
	require.ErrorIs(t, store.DeactivateUser(ctx, unknown, start), gatehouse.ErrNotFound)
	require.ErrorIs(t, store.ActivateUser(ctx, unknown, start), gatehouse.ErrNotFound)
	require.ErrorIs(t, store.SetPassword(ctx, unknown, "hash", "", start), gatehouse.ErrNotFound)
	require.ErrorIs(t, store.SetSystemAdmin(ctx, unknown, true, start), gatehouse.ErrNotFound)
}

func usersWithoutAdmin(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	requireLacks := func(want bool, why string) {
		lacks, err := store.LacksSystemAdmin(ctx)
		require.NoError(t, err)
		require.Equal(t, want, lacks, why)
	}
	requireLacks(false, "there is no user")
	user, admin := NewUser(), NewUser()
	user.Roles = []string{gatehouse.RoleSystemUser, "not_system_admin", "system-admin", "systemxadmin"}
	require.NoError(t, store.CreateUser(ctx, user))
	requireLacks(true, "no role of the user is system_admin")
	admin.Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
	admin.DeleteAt = start
	require.NoError(t, store.CreateUser(ctx, admin))
	requireLacks(true, "the only System Admin is deactivated")
	require.NoError(t, store.ActivateUser(ctx, admin.ID, start))
	requireLacks(false, "there is a System Admin")
}
