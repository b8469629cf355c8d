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
		"deactivating a user ends everything":            deactivationEndsEverything,
		"deactivating twice keeps the first time":        deactivationTwice,
		"a new password ends everything but one session": passwordEndsEverything,
		"what has consequences asks for the user":        accessOfNobody,
	}
}

// Attack: an app redeems its code or refreshes after its user was locked out,
// or waits until the user is let in again.
func deactivationEndsEverything(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	person, bystander := NewPerson(t, store), NewPerson(t, store)
	grant, theirs := person.NewGrant(start), bystander.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.CreateGrant(ctx, theirs))
	session := NewSession(person.User.ID, start)
	require.NoError(t, store.CreateSession(ctx, session))

	now := start.Add(time.Minute)
	require.NoError(t, store.DeactivateUser(ctx, person.User.ID, now))

	dead := func() {
		t.Helper()
		_, _, err := other.Grant(ctx, grant.ID)
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		require.ErrorIs(t, other.RotateGrant(ctx, grant.ID, 0, now, now.Add(time.Hour)), gatehouse.ErrConflict)
		require.ErrorIs(t, other.CreateGrant(ctx, person.NewGrant(start)), gatehouse.ErrNotFound, "a code that was issued before")
		_, _, err = other.SessionByTokenHash(ctx, session.TokenHash)
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
	}
	dead()
	user, err := other.User(ctx, person.User.ID)
	require.NoError(t, err)
	require.Equal(t, now, user.DeleteAt)
	require.Equal(t, now, user.UpdateAt)
	require.ErrorIs(t, other.CreateSession(ctx, NewSession(person.User.ID, now)), gatehouse.ErrNotFound)
	_, err = other.RecordConsent(ctx, person.User.ID, person.App.ID, []string{"more"}, now)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	renamed, err := other.Consent(ctx, person.User.ID, person.App.ID)
	require.NoError(t, err)
	fresh := person
	fresh.Consent = renamed
	require.ErrorIs(t, other.CreateGrant(ctx, fresh.NewGrant(now)), gatehouse.ErrNotFound, "the user is inactive, whatever the consent is called")

	require.NoError(t, store.ActivateUser(ctx, person.User.ID, now.Add(time.Minute)))
	dead()
	want := person.Consent
	want.ID = renamed.ID
	require.Equal(t, want, renamed, "what they agreed to is remembered")
	require.NotEqual(t, person.Consent.ID, renamed.ID)
	require.NoError(t, other.CreateGrant(ctx, fresh.NewGrant(now)))
	require.NoError(t, other.CreateSession(ctx, NewSession(person.User.ID, now)))

	_, _, err = other.Grant(ctx, theirs.ID)
	require.NoError(t, err, "nobody else is touched")
}

func deactivationTwice(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	require.NoError(t, store.DeactivateUser(ctx, person.User.ID, start))
	require.NoError(t, store.DeactivateUser(ctx, person.User.ID, start.Add(time.Hour)))
	user, err := store.User(ctx, person.User.ID)
	require.NoError(t, err)
	require.Equal(t, start, user.DeleteAt)
}

// Attack: somebody learned the password, signed in and authorised an app of
// theirs; changing the password must throw them out of all of it.
func passwordEndsEverything(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	grant := person.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	mine, theirs := NewSession(person.User.ID, start), NewSession(person.User.ID, start)
	require.NoError(t, store.CreateSession(ctx, mine))
	require.NoError(t, store.CreateSession(ctx, theirs))

	now := start.Add(time.Minute)
	require.NoError(t, store.SetPassword(ctx, person.User.ID, "new hash", mine.ID, now))
	user, err := store.User(ctx, person.User.ID)
	require.NoError(t, err)
	require.Equal(t, "new hash", user.PasswordHash)
	require.Equal(t, now, user.LastPasswordUpdate)
	_, _, err = store.SessionByTokenHash(ctx, mine.TokenHash)
	require.NoError(t, err)
	_, _, err = store.SessionByTokenHash(ctx, theirs.TokenHash)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, _, err = store.Grant(ctx, grant.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, store.CreateGrant(ctx, person.NewGrant(now)), gatehouse.ErrNotFound, "a code that was issued before")
	_, err = store.Consent(ctx, person.User.ID, person.App.ID)
	require.NoError(t, err)
}

func accessOfNobody(t *testing.T, d *database) {
	ctx, store, nobody := context.Background(), d.node(), gatehouse.NewID()
	require.ErrorIs(t, store.DeactivateUser(ctx, nobody, start), gatehouse.ErrNotFound)
	require.ErrorIs(t, store.ActivateUser(ctx, nobody, start), gatehouse.ErrNotFound)
	require.ErrorIs(t, store.SetPassword(ctx, nobody, "hash", "", start), gatehouse.ErrNotFound)
}
