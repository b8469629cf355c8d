package storagetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func outboxCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"the end of a session or of access queues logouts": logoutsQueued,
		"the least recently seen session queues logouts":   logoutsOfTheOldestSession,
		"a logout is taken once until its next attempt":    logoutTaken,
		"a logout that is queued again is not lost":        logoutQueuedAgain,
		"an old logout is deleted":                         logoutReaped,
		"concurrent nodes take each logout once":           raceOfDeliveries,
		"concurrent ends queue logouts without deadlock":   raceOfEnds,
	}
}

// signedInApp is an app that signed a user in during two sessions.
type signedInApp struct {
	Pair
	sessions [2]gatehouse.Session
}

// newSignedInApp stores a user with two sessions, and an app with grants of both: two of the
// first session, which are one logout.
func newSignedInApp(t *testing.T, store *storage.Store, backchannelURI string) signedInApp {
	t.Helper()
	ctx := context.Background()
	a := signedInApp{Pair: NewPair(t, store)}
	_, err := store.UpdateApp(ctx, a.App.ID, func(app *gatehouse.App) error { app.OpenID.BackchannelLogoutURI = backchannelURI; return nil })
	require.NoError(t, err)
	for i := range a.sessions {
		a.sessions[i] = NewSession(a.User.ID, start.Add(time.Duration(i)*time.Second))
		require.NoError(t, store.CreateSession(ctx, a.sessions[i]))
		for range 2 - i {
			grant := a.NewGrant(start)
			grant.SessionID = a.sessions[i].ID
			require.NoError(t, store.CreateGrant(ctx, grant))
		}
	}
	require.NoError(t, store.CreateGrant(ctx, a.NewGrant(start)), "a grant without OpenID Connect has no session")
	return a
}

const backchannelURI = "https://app.example.com/backchannel"

func logoutsQueued(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	now := start.Add(time.Hour)
	for cause, tc := range map[string]struct {
		end      func(a signedInApp) error
		sessions []int // whose logouts are queued
	}{
		"one session": {func(a signedInApp) error { return store.DeleteSession(ctx, a.sessions[0].ID, now) }, []int{0}},
		"all other sessions": {func(a signedInApp) error {
			_, err := store.DeleteUserSessions(ctx, a.User.ID, a.sessions[0].ID, now)
			return err
		}, []int{1}},
		"all sessions":   {func(a signedInApp) error { _, err := store.DeleteUserSessions(ctx, a.User.ID, "", now); return err }, []int{0, 1}},
		"a new password": {func(a signedInApp) error { return store.SetPassword(ctx, a.User.ID, "hash", a.sessions[0].ID, now) }, []int{0, 1}},
		"a deactivation": {func(a signedInApp) error { return store.DeactivateUser(ctx, a.User.ID, now) }, []int{0, 1}},
		"a deleted user": {func(a signedInApp) error {
			_, err := store.DeleteUser(ctx, a.User.ID, gatehouse.AppsOfDeletedUser{}, now)
			return err
		}, []int{0, 1}},
		"a revoked consent": {func(a signedInApp) error { return store.DeleteConsent(ctx, a.User.ID, a.App.ID, now) }, []int{0, 1}},
		"a lost group": {func(a signedInApp) error {
			group := NewGroup(t, store, a.User)
			restrict(t, store, a.App, group)
			return store.RemoveGroupMember(ctx, group.ID, a.User.ID, now)
		}, []int{0, 1}},
		"an app that is closed": {func(a signedInApp) error {
			return store.SetAppAccess(ctx, a.App.ID, gatehouse.AppAccess{IsRestricted: true}, now)
		}, []int{0, 1}},
		"an unknown session":  {func(signedInApp) error { return store.DeleteSession(ctx, gatehouse.NewID(), now) }, nil},
		"no session":          {func(signedInApp) error { return store.DeleteSession(ctx, "", now) }, nil},
		"a session's renewal": {func(a signedInApp) error { return store.RenewSession(ctx, a.sessions[0], NewSession(a.User.ID, now)) }, nil},
	} {
		t.Run(cause, func(t *testing.T) {
			silent := newSignedInApp(t, store, "") // another user and an app that wants no logouts
			other := newSignedInApp(t, store, backchannelURI)
			a := newSignedInApp(t, store, backchannelURI)
			require.NoError(t, tc.end(a))
			require.NoError(t, store.DeleteSession(ctx, silent.sessions[0].ID, now))
			var want []gatehouse.LogoutDelivery
			for _, i := range tc.sessions {
				want = append(want, gatehouse.LogoutDelivery{AppID: a.App.ID, UserID: a.User.ID, SessionID: a.sessions[i].ID, CreateAt: now, Attempts: 1})
			}
			got, err := store.TakeLogoutDeliveries(ctx, now, 100)
			require.NoError(t, err)
			require.ElementsMatch(t, want, got)
			for _, delivery := range got {
				require.NoError(t, store.FinishLogoutDelivery(ctx, delivery))
			}
			require.Zero(t, d.count("outbox"))
			_, _, err = store.SessionByTokenHash(ctx, other.sessions[0].TokenHash)
			require.NoError(t, err)
		})
	}
}

// Each user may have 500 sessions. The one that makes room ends like any other.
func logoutsOfTheOldestSession(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	a := newSignedInApp(t, store, backchannelURI)
	for i := range 499 {
		require.NoError(t, store.CreateSession(ctx, NewSession(a.User.ID, start.Add(time.Duration(i+2)*time.Second))))
	}
	got, err := store.TakeLogoutDeliveries(ctx, start.Add(time.Hour), 100)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, a.sessions[0].ID, got[0].SessionID)
}

func logoutTaken(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	a := newSignedInApp(t, nodes[0], backchannelURI)
	require.NoError(t, nodes[0].DeleteSession(ctx, a.sessions[0].ID, start))
	take := func(node int, at time.Time) []gatehouse.LogoutDelivery {
		got, err := nodes[node].TakeLogoutDeliveries(ctx, at, 100)
		require.NoError(t, err)
		return got
	}
	require.Empty(t, take(0, start.Add(-time.Millisecond)), "it is not due yet")
	now, first := start, gatehouse.LogoutDelivery{}
	for attempt := range int64(12) {
		got := take(int(attempt%2), now)
		require.Len(t, got, 1)
		require.Equal(t, attempt+1, got[0].Attempts)
		if attempt == 0 {
			first = got[0]
		}
		// The next attempt is as far away as it was before this one was counted.
		before := got[0]
		before.Attempts--
		next := before.NextAttempt(now)
		require.Empty(t, take(1, next.Add(-time.Millisecond)))
		now = next
	}
	require.NoError(t, nodes[1].FinishLogoutDelivery(ctx, first))
	require.Equal(t, 1, d.count("outbox"), "another attempt has begun since")
	got := take(0, now)
	require.NoError(t, nodes[1].FinishLogoutDelivery(ctx, got[0]))
	require.Zero(t, d.count("outbox"))
}

// A user revokes an app, signs in to it again in the same session, and signs out, while a
// node still delivers the first logout.
func logoutQueuedAgain(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	a := newSignedInApp(t, store, backchannelURI)
	require.NoError(t, store.DeleteConsent(ctx, a.User.ID, a.App.ID, start))
	first, err := store.TakeLogoutDeliveries(ctx, start, 100)
	require.NoError(t, err)
	require.Len(t, first, 2)
	consent, err := store.RecordConsent(ctx, a.User.ID, a.App.ID, []string{"openid"}, nil, start)
	require.NoError(t, err)
	grant := a.NewGrant(start)
	grant.ConsentID, grant.SessionID = consent.ID, a.sessions[0].ID
	require.NoError(t, store.CreateGrant(ctx, grant))
	later := start.Add(time.Second)
	require.NoError(t, store.DeleteSession(ctx, a.sessions[0].ID, later))
	for _, delivery := range first {
		require.NoError(t, store.FinishLogoutDelivery(ctx, delivery))
	}
	again, err := store.TakeLogoutDeliveries(ctx, later, 100)
	require.NoError(t, err)
	require.Equal(t, []gatehouse.LogoutDelivery{{AppID: a.App.ID, UserID: a.User.ID, SessionID: a.sessions[0].ID, CreateAt: later, Attempts: 1}}, again)
}

func logoutReaped(t *testing.T, d *database) {
	store := d.node()
	a := newSignedInApp(t, store, backchannelURI)
	require.NoError(t, store.DeleteSession(context.Background(), a.sessions[0].ID, start))
	require.Empty(t, reapAll(t, store, start.Add(gatehouse.LogoutDeliveryLifetime-time.Millisecond), 100, "outbox"))
	require.Equal(t, []int64{1}, reapAll(t, store, start.Add(gatehouse.LogoutDeliveryLifetime), 100, "outbox"))
}

func raceOfDeliveries(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	var want []string
	for range 12 {
		a := newSignedInApp(t, nodes[0], backchannelURI)
		require.NoError(t, nodes[0].DeleteSession(ctx, a.sessions[0].ID, start))
		want = append(want, a.sessions[0].ID)
	}
	taken := make([][]gatehouse.LogoutDelivery, 8)
	for _, err := range race(len(taken), func(i int) (err error) {
		taken[i], err = nodes[i%2].TakeLogoutDeliveries(ctx, start, 5)
		return err
	}) {
		require.NoError(t, err)
	}
	var got []string
	for _, delivery := range slices.Concat(taken...) {
		got = append(got, delivery.SessionID)
	}
	rest, err := nodes[0].TakeLogoutDeliveries(ctx, start, 100) // what a node skipped while another one held it
	require.NoError(t, err)
	for _, delivery := range rest {
		got = append(got, delivery.SessionID)
	}
	require.ElementsMatch(t, want, got)
}

// Everything that ends sessions and grants of a user at the same time.
func raceOfEnds(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	for round := range rounds {
		a := newSignedInApp(t, nodes[0], backchannelURI)
		requireNilOr(t, race(12, func(i int) error {
			node := nodes[i%2]
			switch i % 6 {
			case 0:
				return node.DeleteSession(ctx, a.sessions[0].ID, start)
			case 1:
				_, err := node.DeleteUserSessions(ctx, a.User.ID, "", start)
				return err
			case 2:
				return node.SetPassword(ctx, a.User.ID, fmt.Sprint("hash", i), a.sessions[1].ID, start)
			case 3:
				return node.DeleteConsent(ctx, a.User.ID, a.App.ID, start)
			case 4:
				return node.RenewSession(ctx, a.sessions[1], NewSession(a.User.ID, start))
			}
			_, err := node.TakeLogoutDeliveries(ctx, start.Add(-time.Hour), 1)
			return err
		}), gatehouse.ErrNotFound)
		require.Equal(t, 2*(round+1), d.count("outbox"), "both sessions are logged out")
	}
}
