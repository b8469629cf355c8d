package storagetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func sessionCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a session comes back with its user":         sessionComesBack,
		"signing out ends one session":               sessionDeleted,
		"a session is renewed once":                  sessionRenewed,
		"all sessions end except one":                sessionsDeleted,
		"the last use of a session never goes back":  sessionTouched,
		"the least recently seen session is deleted": sessionLimit,
		"sessions are listed by last use":            sessionsListed,
	}
}

func sessionComesBack(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	user := NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	session := NewSession(user.ID, start)
	require.NoError(t, store.CreateSession(ctx, session))
	got, owner, err := store.SessionByTokenHash(ctx, session.TokenHash)
	require.NoError(t, err)
	require.Equal(t, session, got)
	require.Equal(t, user, owner)

	_, _, err = store.SessionByTokenHash(ctx, gatehouse.HashSecret("another"))
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, _, err = store.SessionByTokenHash(ctx, "")
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, store.CreateSession(ctx, NewSession(gatehouse.NewID(), start)), gatehouse.ErrNotFound)
	// Attack: create a session with a token that the attacker knows already.
	double := NewSession(user.ID, start)
	double.TokenHash = session.TokenHash
	require.ErrorIs(t, store.CreateSession(ctx, double), gatehouse.ErrConflict)
}

func sessionDeleted(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	user := NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	session, stays := NewSession(user.ID, start), NewSession(user.ID, start)
	require.NoError(t, store.CreateSession(ctx, session))
	require.NoError(t, store.CreateSession(ctx, stays))
	require.NoError(t, store.DeleteSession(ctx, session.ID, start))
	require.NoError(t, store.DeleteSession(ctx, session.ID, start), "signing out twice is no error")
	_, _, err := other.SessionByTokenHash(ctx, session.TokenHash)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, _, err = other.SessionByTokenHash(ctx, stays.TokenHash)
	require.NoError(t, err)
}

// Two tabs sign in again at the same time. Only one of them renews the session; the other
// one gets a session of its own.
func sessionRenewed(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	user := NewUser()
	require.NoError(t, nodes[0].CreateUser(ctx, user))
	previous := NewSession(user.ID, start)
	require.NoError(t, nodes[0].CreateSession(ctx, previous))
	renewed := make([]gatehouse.Session, 4)
	results := race(len(renewed), func(i int) error {
		renewed[i] = NewSession(user.ID, start.Add(time.Hour))
		return nodes[i%2].RenewSession(ctx, previous, renewed[i])
	})
	won := slices.Index(results, nil)
	require.NotEqual(t, -1, won)
	for i, err := range results {
		if i != won {
			require.ErrorIs(t, err, gatehouse.ErrNotFound)
		}
	}
	_, _, err := nodes[0].SessionByTokenHash(ctx, previous.TokenHash)
	require.ErrorIs(t, err, gatehouse.ErrNotFound, "the old token is useless")
	got, _, err := nodes[1].SessionByTokenHash(ctx, renewed[won].TokenHash)
	require.NoError(t, err)
	want := renewed[won]
	want.ID = previous.ID
	require.Equal(t, want, got)
	require.Equal(t, 1, d.count("sessions"))

	require.NoError(t, nodes[0].DeactivateUser(ctx, user.ID, start))
	require.ErrorIs(t, nodes[0].RenewSession(ctx, got, NewSession(user.ID, start)), gatehouse.ErrNotFound)
}

func sessionsDeleted(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	user, other := NewUser(), NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	require.NoError(t, store.CreateUser(ctx, other))
	sessions := []gatehouse.Session{NewSession(user.ID, start), NewSession(user.ID, start), NewSession(user.ID, start)}
	for _, s := range append(sessions, NewSession(other.ID, start)) {
		require.NoError(t, store.CreateSession(ctx, s))
	}
	n, err := store.DeleteUserSessions(ctx, user.ID, sessions[1].ID, start)
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	left, err := store.UserSessions(ctx, user.ID)
	require.NoError(t, err)
	require.Equal(t, sessions[1:2], left)
	n, err = store.DeleteUserSessions(ctx, user.ID, "", start)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, 1, d.count("sessions"))
}

func sessionTouched(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	user := NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	session := NewSession(user.ID, start)
	require.NoError(t, store.CreateSession(ctx, session))
	later := start.Add(10 * time.Minute)
	require.NoError(t, store.TouchSession(ctx, session.ID, later, later.Add(time.Hour)))
	require.NoError(t, store.TouchSession(ctx, session.ID, start, start.Add(time.Hour)), "an older request may come later")
	got, _, err := store.SessionByTokenHash(ctx, session.TokenHash)
	require.NoError(t, err)
	require.Equal(t, later, got.LastSeenAt)
	require.Equal(t, later.Add(time.Hour), got.ExpiresAt)
	require.NoError(t, store.TouchSession(ctx, gatehouse.NewID(), later, later))
}

// Attack: sign in again and again to fill the database (C 2.2).
func sessionLimit(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	user := NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	var first, second gatehouse.Session
	for i := range 501 {
		session := NewSession(user.ID, start.Add(time.Duration(i)*time.Second))
		require.NoError(t, store.CreateSession(ctx, session))
		switch i {
		case 0:
			first = session
		case 1:
			second = session
		}
	}
	require.Equal(t, 500, d.count("sessions"))
	_, _, err := store.SessionByTokenHash(ctx, first.TokenHash)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, _, err = store.SessionByTokenHash(ctx, second.TokenHash)
	require.NoError(t, err)

	late := NewSession(user.ID, start.Add(-time.Hour)) // from a node whose clock is behind
	require.NoError(t, store.CreateSession(ctx, late))
	_, _, err = store.SessionByTokenHash(ctx, late.TokenHash)
	require.NoError(t, err, "the new session is never the one that is deleted")
	require.Equal(t, 500, d.count("sessions"))
}

func sessionsListed(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	user := NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	old, recent := NewSession(user.ID, start), NewSession(user.ID, start.Add(time.Hour))
	require.NoError(t, store.CreateSession(ctx, old))
	require.NoError(t, store.CreateSession(ctx, recent))
	got, err := store.UserSessions(ctx, user.ID)
	require.NoError(t, err)
	require.Equal(t, []gatehouse.Session{recent, old}, got)
}
