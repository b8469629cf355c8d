package storagetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func appCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"an app comes back as stored":                                                   appComesBack,
		"an update of an app stores everything or nothing":                              appUpdates,
		"a caller cannot change the cached app":                                         appCacheIsNotShared,
		"a node sees its own changes of an app immediately, and others within a second": appChangesAreSeen,
		"deleting an app deletes its consents and grants":                               appDeleted,
		"apps are listed and searched by name":                                          appsListed,
		"a search has no wildcards":                                                     appSearchIsLiteral,
		"the usage of an app is its number of users":                                    appUsage,
	}
}

func appComesBack(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	app := gatehouse.App{
		ID: gatehouse.NewID(), CreatorID: gatehouse.NewID(), SecretHash: gatehouse.HashSecret("secret"), Name: "Café App",
		Description: "d", Homepage: "https://h.example", IconURL: "https://i.example/i.png",
		RedirectURIs: []string{"https://a.example/cb?x=1&y=<2>", "com.example.app:/cb"},
		IsTrusted:    true, IsPublic: true, IsDynamicallyRegistered: true, MattermostAppID: "m",
		TokenEndpointAuthMethod: gatehouse.AuthMethodNone, AccessTokenLifetime: 90 * time.Second, RefreshTokenLifetime: 48 * time.Hour,
		CreateAt: start, UpdateAt: start.Add(time.Second),
	}
	require.NoError(t, store.CreateApp(ctx, app))
	require.ErrorIs(t, store.CreateApp(ctx, app), gatehouse.ErrConflict)
	for range 2 { // from the database, then from the cache
		got, err := store.App(ctx, app.ID)
		require.NoError(t, err)
		require.Equal(t, app, got)
	}
	for _, id := range []string{gatehouse.NewID(), "", "\x00", "\xff"} {
		_, err := store.App(ctx, id)
		require.ErrorIs(t, err, gatehouse.ErrNotFound, "%q", id)
	}
}

func appUpdates(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	app := NewApp()
	require.NoError(t, store.CreateApp(ctx, app))
	want := app
	want.Name, want.RedirectURIs, want.IsTrusted, want.SecretHash = "New", []string{"https://new.example"}, true, gatehouse.HashSecret("new")
	got, err := store.UpdateApp(ctx, app.ID, func(a *gatehouse.App) error {
		*a = want
		// These fields never change, above all the type (A2 in docs/requirements.md).
		a.ID, a.CreateAt, a.IsPublic = "another", start.Add(time.Hour), true
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = store.App(ctx, app.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)

	refused := errors.New("refused")
	_, err = store.UpdateApp(ctx, app.ID, func(a *gatehouse.App) error { a.Name = "Never"; return refused })
	require.Equal(t, refused, err, "change's error is returned as it is")
	got, err = d.node().App(ctx, app.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = store.UpdateApp(ctx, gatehouse.NewID(), func(*gatehouse.App) error { return nil })
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// A caller that sorts or edits the redirect URIs that it got must not change where the
// codes of other requests are sent.
func appCacheIsNotShared(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	app := NewApp()
	require.NoError(t, store.CreateApp(ctx, app))
	for range 3 {
		got, err := store.App(ctx, app.ID)
		require.NoError(t, err)
		require.Equal(t, app.RedirectURIs, got.RedirectURIs)
		got.RedirectURIs[0] = "https://evil.example"
	}
}

func appChangesAreSeen(t *testing.T, d *database) {
	ctx, here, there := context.Background(), d.node(), d.node()
	app := NewApp()
	require.NoError(t, here.CreateApp(ctx, app))
	name := func(s *storage.Store) string {
		got, err := s.App(ctx, app.ID)
		if errors.Is(err, gatehouse.ErrNotFound) {
			return "deleted"
		}
		require.NoError(t, err)
		return got.Name
	}
	require.Equal(t, "App", name(here))
	require.Equal(t, "App", name(there))
	_, err := here.UpdateApp(ctx, app.ID, func(a *gatehouse.App) error { a.Name = "New"; return nil })
	require.NoError(t, err)
	require.Equal(t, "New", name(here))
	require.Eventually(t, func() bool { return name(there) == "New" }, time.Minute, 10*time.Millisecond)
	require.NoError(t, here.DeleteApp(ctx, app.ID))
	require.Equal(t, "deleted", name(here))
	require.Eventually(t, func() bool { return name(there) == "deleted" }, time.Minute, 10*time.Millisecond)
}

// Attack: an app that was deleted goes on with its tokens.
func appDeleted(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	pair := NewPair(t, store)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.DeleteApp(ctx, pair.App.ID))
	_, _, err := other.Grant(ctx, grant.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, other.CreateGrant(ctx, pair.NewGrant(start)), gatehouse.ErrNotFound)
	_, err = other.Consent(ctx, pair.User.ID, pair.App.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, err = other.RecordConsent(ctx, pair.User.ID, pair.App.ID, nil, nil, start)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, store.DeleteApp(ctx, pair.App.ID), gatehouse.ErrNotFound)
	require.Zero(t, d.count("consents"))
	require.Zero(t, d.count("grants"))
	require.Equal(t, 1, d.count("users"))
}

// list returns the names of the apps that a query finds, joined.
func list(t *testing.T, store *storage.Store, q gatehouse.AppQuery) string {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	apps, err := store.Apps(context.Background(), q)
	require.NoError(t, err)
	var names []string
	for _, app := range apps {
		names = append(names, app.Name)
	}
	return strings.Join(names, "|")
}

func appsListed(t *testing.T, d *database) {
	ctx, store, creator := context.Background(), d.node(), gatehouse.NewID()
	for i, name := range []string{"delta", "Charlie", "bravo", "Älpha", "bravo"} {
		app := NewApp()
		app.Name = name
		if i < 2 {
			app.CreatorID = creator
		}
		require.NoError(t, store.CreateApp(ctx, app))
	}
	require.Equal(t, "bravo|bravo|Charlie|delta|Älpha", list(t, store, gatehouse.AppQuery{}))
	require.Equal(t, "bravo|Charlie", list(t, store, gatehouse.AppQuery{Offset: 1, Limit: 2}))
	require.Equal(t, "Charlie|delta", list(t, store, gatehouse.AppQuery{CreatorID: creator}))
	require.Equal(t, "bravo|bravo|Charlie|delta", list(t, store, gatehouse.AppQuery{Search: "a", Limit: 4}))
	require.Equal(t, "Charlie", list(t, store, gatehouse.AppQuery{Search: "ARL"}))
	require.Equal(t, "Älpha", list(t, store, gatehouse.AppQuery{Search: "äLP"}), "upper and lower case of every alphabet, on both engines")
	require.Equal(t, "delta", list(t, store, gatehouse.AppQuery{CreatorID: creator, Search: "T"}))
	require.Empty(t, list(t, store, gatehouse.AppQuery{Search: "zulu"}))

	both, err := store.Apps(ctx, gatehouse.AppQuery{Limit: 2})
	require.NoError(t, err)
	require.Less(t, both[0].ID, both[1].ID, "apps with the same name have a fixed order, so that pages do not overlap")
}

func appSearchIsLiteral(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	for _, name := range []string{"100% sure", "a_b", "wow!", `back\slash`, "it's", "plain"} {
		app := NewApp()
		app.Name = name
		require.NoError(t, store.CreateApp(ctx, app))
	}
	for search, want := range map[string]string{
		"%": "100% sure", "_": "a_b", "!": "wow!", `\`: `back\slash`, "'": "it's", "!%": "", "' OR 1=1 --": "", "\x00": "", "\xff": "",
	} {
		require.Equal(t, want, list(t, store, gatehouse.AppQuery{Search: search}), "%q", search)
	}
}

func appUsage(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	ann, bob := NewPair(t, store), NewPair(t, store)
	_, err := store.RecordConsent(ctx, bob.User.ID, ann.App.ID, nil, nil, start.Add(time.Hour))
	require.NoError(t, err)
	unused := NewApp()
	require.NoError(t, store.CreateApp(ctx, unused))
	usage, err := store.AppUsage(ctx, []string{ann.App.ID, bob.App.ID, unused.ID})
	require.NoError(t, err)
	require.Equal(t, map[string]gatehouse.AppUsage{
		ann.App.ID: {Users: 2, LastUsedAt: start.Add(time.Hour)},
		bob.App.ID: {Users: 1, LastUsedAt: start},
	}, usage)
	usage, err = store.AppUsage(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, usage)
}
