package storagetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func userRaceCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"admins who remove each other leave one admin": raceOfAdmins,
		"concurrent changes of a user do not deadlock": raceOfChanges,
	}
}

// A transaction that locks all admins and one that locks a single user must not wait for
// each other.
func raceOfChanges(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for range rounds {
		user := NewUser()
		require.NoError(t, nodes[0].CreateUser(ctx, user))
		for _, err := range race(12, func(i int) error {
			switch i % 4 {
			case 0:
				return nodes[0].DeactivateUser(ctx, user.ID, start)
			case 1:
				return nodes[1].SetSystemAdmin(ctx, user.ID, false, start)
			case 2:
				return nodes[1].SetPassword(ctx, user.ID, "hash", "", start)
			}
			return nodes[0].ActivateUser(ctx, user.ID, start)
		}) {
			require.NoError(t, err)
		}
	}
}

// Attack: two admins remove each other's role at the same time, and no admin remains.
func raceOfAdmins(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	admins := make([]gatehouse.User, 6)
	for i := range admins {
		admins[i] = NewUser()
		admins[i].Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
		require.NoError(t, nodes[0].CreateUser(ctx, admins[i]))
	}
	requireNilOr(t, race(len(admins), func(i int) error {
		if i%2 == 0 {
			return nodes[0].DeactivateUser(ctx, admins[i].ID, start)
		}
		return nodes[1].SetSystemAdmin(ctx, admins[i].ID, false, start)
	}), gatehouse.ErrLastSystemAdmin)
	left := 0
	for _, admin := range admins {
		user, err := nodes[0].User(ctx, admin.ID)
		require.NoError(t, err)
		if user.Active() && user.IsSystemAdmin() {
			left++
		}
	}
	require.Equal(t, 1, left)
}
