package console_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// TestRacingSystemAdminsLeaveOne lets two System Admins demote or deactivate each
// other at the same time, several times.
func TestRacingSystemAdminsLeaveOne(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		left := g.Admin(t, "root")
		for _, actions := range [][2]string{{"demote", "demote"}, {"deactivate", "deactivate"}, {"demote", "deactivate"}} {
			for round := range 5 {
				pair := []gatehouse.User{left, g.Admin(t, fmt.Sprintf("admin-%s-%s-%d", actions[0], actions[1], round))}
				browsers := []*testkit.Browser{g.SignedIn(t, pair[0]), g.SignedIn(t, pair[1])}
				statuses := make([]int, 2)
				var ready, all sync.WaitGroup
				ready.Add(2)
				for i := range 2 {
					all.Go(func() {
						ready.Done()
						ready.Wait()
						statuses[i] = browsers[i].Post(t, "/console/users/"+pair[1-i].ID+"/"+actions[i], nil).Status
					})
				}
				all.Wait()
				var still []gatehouse.User
				for _, u := range pair {
					u, err := g.Store.User(t.Context(), u.ID)
					require.NoError(t, err)
					if u.IsSystemAdmin() && u.Active() {
						still = append(still, u)
					}
				}
				require.Len(t, still, 1, "%v: %v", actions, statuses)
				require.Contains(t, statuses, http.StatusSeeOther)
				left = still[0]
			}
		}
	})
}

func TestTheLastSystemAdminStays(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.Admin(t, "root")
		require.ErrorIs(t, g.Store.SetSystemAdmin(t.Context(), root.ID, false, root.CreateAt), gatehouse.ErrLastSystemAdmin)
		require.ErrorIs(t, g.Store.DeactivateUser(t.Context(), root.ID, root.CreateAt), gatehouse.ErrLastSystemAdmin)
		idle := g.Admin(t, "idle")
		require.NoError(t, g.Store.DeactivateUser(t.Context(), idle.ID, root.CreateAt))
		require.ErrorIs(t, g.Store.SetSystemAdmin(t.Context(), root.ID, false, root.CreateAt), gatehouse.ErrLastSystemAdmin, "an inactive System Admin does not count")
		require.NoError(t, g.Store.SetSystemAdmin(t.Context(), idle.ID, false, root.CreateAt))
		require.NoError(t, g.Store.DeactivateUser(t.Context(), g.User(t, "ana").ID, root.CreateAt))
	})
}
