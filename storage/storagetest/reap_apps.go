package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func reapAppCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"an app that no user authorized is reaped after a week": reapsUnusedApps,
		"an app whose authorization was begun is not unused":    keepsBegunApps,
		"an app that no user uses is reaped after 90 days":      reapsIdleApps,
		"an app whose consent was revoked is kept 90 days":      reapsRevokedApps,
		"an app with a grant that can be used is not reaped":    keepsAppsWithGrants,
		"the settings say when apps are reaped":                 reapsAppsBySettings,
		"a reaped app is not in the cache":                      reapedAppIsNotCached,
		"an app is authorized or reaped, but not both":          reapAndConsentRace,
	}
}

const (
	unusedAfter = 7 * 24 * time.Hour
	idleAfter   = 90 * 24 * time.Hour
)

// newSelfRegisteredApp stores a self-registered app.
func newSelfRegisteredApp(t *testing.T, store *storage.Store) gatehouse.App {
	t.Helper()
	app := NewApp()
	app.CreatorID, app.IsDynamicallyRegistered = "", true
	require.NoError(t, store.CreateApp(context.Background(), app))
	return app
}

// newSelfRegisteredPair is NewPair with a self-registered app.
func newSelfRegisteredPair(t *testing.T, store *storage.Store) Pair {
	t.Helper()
	ctx := context.Background()
	p := Pair{User: NewUser(), App: newSelfRegisteredApp(t, store)}
	require.NoError(t, store.CreateUser(ctx, p.User))
	var err error
	p.Consent, err = store.RecordConsent(ctx, p.User.ID, p.App.ID, []string{gatehouse.DefaultScope}, nil, start)
	require.NoError(t, err)
	return p
}

// requireReaped checks that Reap deletes an app at a time, and not before.
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

func reapsUnusedApps(t *testing.T, d *database) {
	store := d.node()
	require.NoError(t, store.CreateApp(context.Background(), NewApp()))
	NewPair(t, store)
	app := newSelfRegisteredApp(t, store)
	requireReaped(t, d, app, start.Add(unusedAfter))
	require.Equal(t, 2, d.count("apps"), "apps that a user registered stay")
	for range 5 {
		newSelfRegisteredApp(t, store)
	}
	require.Equal(t, []int64{2, 2, 1}, reapAll(t, store, start.Add(unusedAfter), 2, "apps"), "in batches")
	require.Empty(t, reapAll(t, store, start.Add(1000*idleAfter), 2, "apps"), "apps that a user registered are never idle")
}

func keepsBegunApps(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	updateAt := func(id string) time.Time {
		app, err := d.node().App(ctx, id)
		require.NoError(t, err)
		return app.UpdateAt
	}
	app, atOnce := newSelfRegisteredApp(t, store), newSelfRegisteredApp(t, store)
	require.NoError(t, store.TouchApp(ctx, atOnce.ID, start), "in the same millisecond")
	require.True(t, updateAt(atOnce.ID).After(start))

	begun := start.Add(unusedAfter - time.Hour)
	require.NoError(t, store.TouchApp(ctx, app.ID, begun))
	require.True(t, begun.Equal(updateAt(app.ID)))
	require.NoError(t, store.TouchApp(ctx, app.ID, begun.Add(gatehouse.ConsentTouchInterval-time.Millisecond)))
	require.True(t, begun.Equal(updateAt(app.ID)), "at most once in each interval")
	require.NoError(t, store.TouchApp(ctx, app.ID, begun.Add(-24*time.Hour)))
	require.True(t, begun.Equal(updateAt(app.ID)), "a clock that was set back changes nothing")
	require.Empty(t, reapAll(t, store, start.Add(2*unusedAfter), 100, "apps"))
	require.Equal(t, []int64{1}, reapAll(t, store, start.Add(idleAfter+time.Millisecond), 100, "apps"), "an app that was begun and never used is idle at last")
	requireReaped(t, d, app, begun.Add(idleAfter))

	manual := NewApp()
	require.NoError(t, store.CreateApp(ctx, manual))
	require.NoError(t, store.TouchApp(ctx, manual.ID, begun))
	require.True(t, manual.UpdateAt.Equal(updateAt(manual.ID)), "apps that a user registered do not store their last use")
	require.NoError(t, store.TouchApp(ctx, gatehouse.NewID(), begun))
}

func reapsIdleApps(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := newSelfRegisteredPair(t, store)
	used := start.Add(30 * 24 * time.Hour)
	require.NoError(t, store.TouchConsent(ctx, pair.Consent.ID, used))
	requireReaped(t, d, pair.App, used.Add(idleAfter))
	require.Zero(t, d.count("consents"))
	require.Equal(t, 1, d.count("users"))
}

// A user who revokes a consent may return the next day with the same client. Its app
// must still exist then.
func reapsRevokedApps(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := newSelfRegisteredPair(t, store)
	used := start.Add(30 * 24 * time.Hour)
	require.NoError(t, store.TouchConsent(ctx, pair.Consent.ID, used))
	require.NoError(t, store.DeleteConsent(ctx, pair.User.ID, pair.App.ID, start))
	require.ErrorIs(t, store.DeleteConsent(ctx, pair.User.ID, pair.App.ID, start), gatehouse.ErrNotFound)
	requireReaped(t, d, pair.App, used.Add(idleAfter))

	unused := newSelfRegisteredPair(t, store)
	require.NoError(t, store.DeleteConsent(ctx, unused.User.ID, unused.App.ID, start))
	requireReaped(t, d, unused.App, start.Add(idleAfter+time.Millisecond))

	manual := NewPair(t, store)
	require.NoError(t, store.DeleteConsent(ctx, manual.User.ID, manual.App.ID, start))
	app, err := store.App(ctx, manual.App.ID)
	require.NoError(t, err)
	require.Equal(t, manual.App.UpdateAt, app.UpdateAt, "apps that a user registered do not store their last use")
}

func keepsAppsWithGrants(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := newSelfRegisteredPair(t, store)
	grant := pair.NewGrant(start)
	grant.ExpiresAt = start.Add(2 * idleAfter)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.Empty(t, reapAll(t, store, grant.ExpiresAt.Add(-time.Millisecond), 100, "apps"))

	require.NoError(t, store.RevokeGrant(ctx, grant.ID, start))
	requireReaped(t, d, pair.App, start.Add(idleAfter))
	require.Zero(t, d.count("grants"))
}

func reapsAppsBySettings(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	require.NoError(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingDCRUnusedLifetime: "1h"}, "", start))
	require.NoError(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingDCRIdleLifetime: "2h"}, "", start))
	requireReaped(t, d, newSelfRegisteredApp(t, store), start.Add(time.Hour))
	requireReaped(t, d, newSelfRegisteredPair(t, store).App, start.Add(2*time.Hour))
}

func reapedAppIsNotCached(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	app := newSelfRegisteredApp(t, store)
	_, err := store.App(ctx, app.ID)
	require.NoError(t, err, "the app is now cached")
	_, err = store.Reap(ctx, start.Add(unusedAfter), 100)
	require.NoError(t, err)
	_, err = store.App(ctx, app.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// A user consents while Reap deletes the app as unused. Either the consent fails, or the
// app stays.
func reapAndConsentRace(t *testing.T, d *database) {
	ctx, nodes := context.Background(), d.nodes()
	user := NewUser()
	require.NoError(t, nodes[0].CreateUser(ctx, user))
	const count = 20
	consents := map[string]error{}
	var apps []gatehouse.App
	for range count {
		apps = append(apps, newSelfRegisteredApp(t, nodes[0]))
	}
	results := race(2*count, func(i int) error {
		if i%2 == 0 {
			_, err := nodes[0].Reap(ctx, start.Add(unusedAfter), 3)
			return err
		}
		_, err := nodes[1].RecordConsent(ctx, user.ID, apps[i/2].ID, []string{gatehouse.DefaultScope}, nil, start.Add(unusedAfter))
		return err
	})
	for i, err := range results {
		if i%2 == 0 {
			require.NoError(t, err)
			continue
		}
		consents[apps[i/2].ID] = err
	}
	store := d.node()
	for id, err := range consents {
		_, getErr := store.App(ctx, id)
		if err == nil {
			require.NoError(t, getErr, "a user consented to it")
			continue
		}
		require.ErrorIs(t, err, gatehouse.ErrNotFound)
		require.ErrorIs(t, getErr, gatehouse.ErrNotFound)
	}
}
