package storagetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func userCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a user comes back as stored":                                 userComesBack,
		"usernames and emails are unique without regard to case":      namesAreUnique,
		"a login id is a username or an email in upper or lower case": loginIDs,
		"a username has priority over the email of another user":      usernameBeforeEmail,
		"users are listed by username":                                usersByUsername,
		"users are found by their ids":                                usersByID,
		"only one first user is created":                              firstUser,
		"concurrent set-ups create one user":                          firstUserRace,
	}
}

func userComesBack(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	user := gatehouse.User{
		ID: gatehouse.NewID(), Username: "ann", Email: "ann@example.com", EmailVerified: true,
		Nickname: "Annie", FirstName: "Ann", LastName: "Ström", Position: "Boss", Locale: "sv",
		Roles: []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}, PasswordHash: "$argon2id$…",
		CreateAt: start, UpdateAt: start.Add(time.Millisecond), LastPasswordUpdate: start.Add(2 * time.Millisecond),
	}
	require.NoError(t, store.CreateUser(ctx, user))
	got, err := store.User(ctx, user.ID)
	require.NoError(t, err)
	require.Equal(t, user, got)
	require.True(t, got.Active())

	_, err = store.User(ctx, gatehouse.NewID())
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	n, err := store.CountUsers(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

func usersByID(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	ann, ben, cem := NewUser(), NewUser(), NewUser()
	ann.Username, ben.Username, cem.Username = "ann", "ben", "cem"
	ben.DeleteAt = start
	for _, u := range []gatehouse.User{cem, ben, ann} {
		require.NoError(t, store.CreateUser(ctx, u))
	}
	for name, tc := range map[string]struct {
		ids  []string
		want []string // usernames
	}{
		"in the order of their usernames": {[]string{cem.ID, ann.ID}, []string{"ann", "cem"}},
		"also deactivated":                {[]string{ben.ID}, []string{"ben"}},
		"each once":                       {[]string{ann.ID, ann.ID}, []string{"ann"}},
		"unknown ids are left out":        {[]string{gatehouse.NewID(), cem.ID, ""}, []string{"cem"}},
		"no ids":                          {nil, nil},
	} {
		users, err := store.UsersByID(ctx, tc.ids)
		require.NoError(t, err, name)
		var names []string
		for _, u := range users {
			names = append(names, u.Username)
		}
		require.Equal(t, tc.want, names, name)
	}
	many := []string{ann.ID}
	for range 1000 {
		many = append(many, gatehouse.NewID())
	}
	users, err := store.UsersByID(ctx, many)
	require.NoError(t, err)
	require.Len(t, users, 1)
}

// Attack: create the user "Admin" beside "admin" to be mistaken for that user.
func namesAreUnique(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	ann := NewUser()
	ann.Username, ann.Email = "Ann", "Ann@Example.com"
	require.NoError(t, store.CreateUser(ctx, ann))
	got, err := store.User(ctx, ann.ID)
	require.NoError(t, err)
	require.Equal(t, "ann", got.Username)
	require.Equal(t, "ann@example.com", got.Email)

	other := NewUser()
	other.Username = "aNN"
	err = store.CreateUser(ctx, other)
	require.ErrorIs(t, err, gatehouse.ErrUsernameTaken)
	require.ErrorIs(t, err, gatehouse.ErrConflict)
	require.NotErrorIs(t, err, gatehouse.ErrEmailTaken)

	other = NewUser()
	other.Email = "aNN@example.COM"
	err = store.CreateUser(ctx, other)
	require.ErrorIs(t, err, gatehouse.ErrEmailTaken)
	require.ErrorIs(t, err, gatehouse.ErrConflict)
	require.NotErrorIs(t, err, gatehouse.ErrUsernameTaken)

	other = NewUser()
	other.ID = ann.ID
	require.ErrorIs(t, store.CreateUser(ctx, other), gatehouse.ErrConflict)
}

func loginIDs(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	ann := NewUser()
	ann.Username, ann.Email = "ann", "ann@example.com"
	require.NoError(t, store.CreateUser(ctx, ann))
	for _, login := range []string{"ann", "ANN", "ann@example.com", "Ann@Example.COM"} {
		got, err := store.UserByLogin(ctx, login)
		require.NoError(t, err, login)
		require.Equal(t, ann.ID, got.ID)
	}
	for _, login := range []string{"", "an", "ann%", "_nn", "ann' OR '1'='1", "ann\x00", "ann\xff"} {
		_, err := store.UserByLogin(ctx, login)
		require.ErrorIs(t, err, gatehouse.ErrNotFound, "%q", login)
	}
}

func usernameBeforeEmail(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	mail, name := NewUser(), NewUser()
	mail.Email, name.Username = "x@example.com", "x@example.com"
	require.NoError(t, store.CreateUser(ctx, mail))
	require.NoError(t, store.CreateUser(ctx, name))
	got, err := store.UserByLogin(ctx, "x@example.com")
	require.NoError(t, err)
	require.Equal(t, name.ID, got.ID)
}

func usersByUsername(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	for _, name := range []string{"cleo", "ann", "bob"} {
		u := NewUser()
		u.Username = name
		require.NoError(t, store.CreateUser(ctx, u))
	}
	names := func(offset, limit int) string {
		users, err := store.SearchUsers(ctx, "", offset, limit)
		require.NoError(t, err)
		var names []string
		for _, u := range users {
			names = append(names, u.Username)
		}
		return strings.Join(names, " ")
	}
	require.Equal(t, "ann bob cleo", names(0, 10))
	require.Equal(t, "ann bob", names(0, 2))
	require.Equal(t, "cleo", names(2, 2))
	require.Empty(t, names(3, 2))
}

func firstUser(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	require.NoError(t, store.CreateFirstUser(ctx, NewUser()))
	require.ErrorIs(t, store.CreateFirstUser(ctx, NewUser()), gatehouse.ErrConflict)
	require.NoError(t, store.CreateUser(ctx, NewUser()))
	require.Equal(t, 2, d.count("users"))
}

// Attack: two requests use the set-up link at the same time, and both create a System Admin.
func firstUserRace(t *testing.T, d *database) {
	nodes := d.nodes()
	requireOneSuccess(t, race(16, func(i int) error {
		return nodes[i%2].CreateFirstUser(context.Background(), NewUser())
	}), gatehouse.ErrConflict)
	require.Equal(t, 1, d.count("users"))
}
