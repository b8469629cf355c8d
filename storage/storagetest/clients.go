package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func clientCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a client that nobody authorised goes after a day":     reapsUnusedClients,
		"a client that nobody uses goes after a while":         reapsIdleClients,
		"a client that was taken back is kept like an idle":    reapsRevokedClients,
		"a client that a grant still works for stays":          keepsClientsWithGrants,
		"the settings say how long clients are kept":           reapsClientsBySettings,
		"a client that was reaped is gone at once":             reapedClientIsGone,
		"a client is authorised or reaped, never both at once": clientReapRace,
	}
}

const (
	unusedAfter = 24 * time.Hour
	idleAfter   = 90 * 24 * time.Hour
)

// newClient stores an app that registered itself at the start.
func newClient(t *testing.T, store *storage.Store) gatehouse.App {
	t.Helper()
	app := NewApp()
	app.CreatorID, app.IsDynamicallyRegistered = "", true
	require.NoError(t, store.CreateApp(context.Background(), app))
	return app
}

// newClientPerson is somebody who agreed to such an app at the start.
func newClientPerson(t *testing.T, store *storage.Store) Person {
	t.Helper()
	ctx := context.Background()
	p := Person{User: NewUser(), App: newClient(t, store)}
	require.NoError(t, store.CreateUser(ctx, p.User))
	var err error
	p.Consent, err = store.RecordConsent(ctx, p.User.ID, p.App.ID, []string{gatehouse.DefaultScope}, start)
	require.NoError(t, err)
	return p
}

// requireReaped checks that an app is there up to a moment, and gone at it.
func requireReaped(t *testing.T, d *database, app gatehouse.App, at time.Time) {
	t.Helper()
	ctx, store := context.Background(), d.node()
	require.Empty(t, reapAll(t, store, at.Add(-time.Millisecond), 100, "apps"))
	_, err := store.App(ctx, app.ID)
	require.NoError(t, err)
	require.Equal(t, []int64{1}, reapAll(t, store, at, 100, "apps"))
	_, err = store.App(ctx, app.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

func reapsUnusedClients(t *testing.T, d *database) {
	store := d.node()
	require.NoError(t, store.CreateApp(context.Background(), NewApp()))
	NewPerson(t, store)
	app := newClient(t, store)
	requireReaped(t, d, app, start.Add(unusedAfter))
	require.Equal(t, 2, d.count("apps"), "what people registered stays")
	for range 5 {
		newClient(t, store)
	}
	require.Equal(t, []int64{2, 2, 1}, reapAll(t, store, start.Add(unusedAfter), 2, "apps"), "small batches")
	require.Empty(t, reapAll(t, store, start.Add(1000*idleAfter), 2, "apps"), "nor do they ever grow idle")
}

func reapsIdleClients(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := newClientPerson(t, store)
	used := start.Add(30 * 24 * time.Hour)
	require.NoError(t, store.TouchConsent(ctx, person.Consent.ID, used))
	requireReaped(t, d, person.App, used.Add(idleAfter))
	require.Zero(t, d.count("consents"))
	require.Equal(t, 1, d.count("users"))
}

// Somebody who takes their yes back may come back the next day with the client
// that they have: it must not be a stranger to us by then.
func reapsRevokedClients(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := newClientPerson(t, store)
	used := start.Add(30 * 24 * time.Hour)
	require.NoError(t, store.TouchConsent(ctx, person.Consent.ID, used))
	require.NoError(t, store.DeleteConsent(ctx, person.User.ID, person.App.ID))
	require.ErrorIs(t, store.DeleteConsent(ctx, person.User.ID, person.App.ID), gatehouse.ErrNotFound)
	requireReaped(t, d, person.App, used.Add(idleAfter))

	atOnce := newClientPerson(t, store)
	require.NoError(t, store.DeleteConsent(ctx, atOnce.User.ID, atOnce.App.ID))
	requireReaped(t, d, atOnce.App, start.Add(idleAfter+time.Millisecond))

	manual := NewPerson(t, store)
	require.NoError(t, store.DeleteConsent(ctx, manual.User.ID, manual.App.ID))
	app, err := store.App(ctx, manual.App.ID)
	require.NoError(t, err)
	require.Equal(t, manual.App.UpdateAt, app.UpdateAt, "other apps need no such memory")
}

func keepsClientsWithGrants(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := newClientPerson(t, store)
	grant := person.NewGrant(start)
	grant.ExpiresAt = start.Add(2 * idleAfter)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.Empty(t, reapAll(t, store, grant.ExpiresAt.Add(-time.Millisecond), 100, "apps"))

	require.NoError(t, store.RevokeGrant(ctx, grant.ID, start))
	requireReaped(t, d, person.App, start.Add(idleAfter))
	require.Zero(t, d.count("grants"))
}

func reapsClientsBySettings(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	require.NoError(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingDCRUnusedLifetime: "1h"}, "", start))
	require.NoError(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingDCRIdleLifetime: "2h"}, "", start))
	requireReaped(t, d, newClient(t, store), start.Add(time.Hour))
	requireReaped(t, d, newClientPerson(t, store).App, start.Add(2*time.Hour))
}

func reapedClientIsGone(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	app := newClient(t, store)
	_, err := store.App(ctx, app.ID)
	require.NoError(t, err, "now it is in the cache")
	_, err = store.Reap(ctx, start.Add(unusedAfter), 100)
	require.NoError(t, err)
	_, err = store.App(ctx, app.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// Somebody agrees at the moment at which the client is reaped as unused. Either
// they are told that it is gone, or it stays.
func clientReapRace(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	user := NewUser()
	require.NoError(t, nodes[0].CreateUser(ctx, user))
	const clients = 20
	agreed := map[string]error{}
	var apps []gatehouse.App
	for range clients {
		apps = append(apps, newClient(t, nodes[0]))
	}
	results := race(2*clients, func(i int) error {
		if i%2 == 0 {
			_, err := nodes[0].Reap(ctx, start.Add(unusedAfter), 3)
			return err
		}
		_, err := nodes[1].RecordConsent(ctx, user.ID, apps[i/2].ID, []string{gatehouse.DefaultScope}, start.Add(unusedAfter))
		return err
	})
	for i, err := range results {
		if i%2 == 0 {
			require.NoError(t, err)
			continue
		}
		agreed[apps[i/2].ID] = err
	}
	store := d.node()
	for id, err := range agreed {
		_, gone := store.App(ctx, id)
		if err == nil {
			require.NoError(t, gone, "somebody agreed to it")
			continue
		}
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		require.ErrorIs(t, gone, gatehouse.ErrNotFound)
	}
}
