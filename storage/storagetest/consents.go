package storagetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func consentCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a consent comes back as stored":               consentComesBack,
		"a second consent adds scopes to the first":    consentGrows,
		"a consent needs a user and an app":            consentNeedsBoth,
		"revoking a consent ends its codes and tokens": consentRevoked,
		"a new consent does not make old codes valid":  consentIsNew,
		"the use of a consent is stored once an hour":  consentTouched,
		"authorized apps are listed by name":           consentsListed,
	}
}

func consentComesBack(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	require.Equal(t, gatehouse.Consent{
		ID: pair.Consent.ID, UserID: pair.User.ID, AppID: pair.App.ID, Scopes: []string{"user"}, Resources: []string{}, CreateAt: start, LastUsedAt: start,
	}, pair.Consent)
	got, err := store.Consent(ctx, pair.User.ID, pair.App.ID)
	require.NoError(t, err)
	require.Equal(t, pair.Consent, got)

	other := NewPair(t, store)
	_, err = store.Consent(ctx, other.User.ID, pair.App.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, err = store.Consent(ctx, pair.User.ID, "\x00")
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

func consentGrows(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	later := start.Add(time.Minute)
	got, err := store.RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{"b", "user", "a", "b"}, []string{"https://one.example"}, later)
	require.NoError(t, err)
	want := pair.Consent
	want.Scopes, want.Resources, want.LastUsedAt = []string{"user", "b", "a"}, []string{"https://one.example"}, later
	require.Equal(t, want, got)
	got, err = store.RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{"a"}, []string{"urn:two", "https://one.example"}, start)
	want.Resources = append(want.Resources, "urn:two")
	require.NoError(t, err)
	require.Equal(t, want, got, "no scope is removed, and LastUsedAt does not go back")
	got, err = store.Consent(ctx, pair.User.ID, pair.App.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func consentNeedsBoth(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	_, err := store.RecordConsent(ctx, gatehouse.NewID(), pair.App.ID, nil, nil, start)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, err = store.RecordConsent(ctx, pair.User.ID, gatehouse.NewID(), nil, nil, start)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// Attack: an app whose consent was revoked goes on with its tokens or its code.
func consentRevoked(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	pair := NewPair(t, store)
	otherPair := NewPair(t, store)
	grant, otherGrant := pair.NewGrant(start), otherPair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.CreateGrant(ctx, otherGrant))
	require.NoError(t, store.DeleteConsent(ctx, pair.User.ID, pair.App.ID, start))
	_, _, err := other.Grant(ctx, grant.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, other.CreateGrant(ctx, pair.NewGrant(start)), gatehouse.ErrNotFound)
	require.ErrorIs(t, other.RotateGrant(ctx, grant.ID, 0, start, start.Add(time.Hour)), gatehouse.ErrConflict)
	require.ErrorIs(t, store.DeleteConsent(ctx, pair.User.ID, pair.App.ID, start), gatehouse.ErrNotFound)
	_, _, err = other.Grant(ctx, otherGrant.ID)
	require.NoError(t, err, "another user keeps the grant")
}

// Attack: keep a code until the user, who revoked the consent, authorizes the app again.
func consentIsNew(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	require.NoError(t, store.DeleteConsent(ctx, pair.User.ID, pair.App.ID, start))
	again, err := store.RecordConsent(ctx, pair.User.ID, pair.App.ID, []string{"user"}, nil, start)
	require.NoError(t, err)
	require.NotEqual(t, pair.Consent.ID, again.ID)
	require.ErrorIs(t, store.CreateGrant(ctx, pair.NewGrant(start)), gatehouse.ErrNotFound)
}

func consentTouched(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	lastUsed := func() time.Time {
		c, err := store.Consent(ctx, pair.User.ID, pair.App.ID)
		require.NoError(t, err)
		return c.LastUsedAt
	}
	require.NoError(t, store.TouchConsent(ctx, pair.Consent.ID, start.Add(59*time.Minute)))
	require.Equal(t, start, lastUsed())
	require.NoError(t, store.TouchConsent(ctx, pair.Consent.ID, start.Add(60*time.Minute)))
	require.Equal(t, start.Add(time.Hour), lastUsed())
	require.NoError(t, store.TouchConsent(ctx, gatehouse.NewID(), start))
}

func consentsListed(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	apps := []gatehouse.App{pair.App}
	for _, name := range []string{"Zoo", "aardvark"} {
		app := NewApp()
		app.Name = name
		require.NoError(t, store.CreateApp(ctx, app))
		_, err := store.RecordConsent(ctx, pair.User.ID, app.ID, []string{"s-" + name}, nil, start)
		require.NoError(t, err)
		apps = append(apps, app)
	}
	NewPair(t, store)
	got, err := store.UserConsents(ctx, pair.User.ID, 0, 10)
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, []gatehouse.App{apps[2], apps[0], apps[1]}, []gatehouse.App{got[0].App, got[1].App, got[2].App})
	require.Equal(t, pair.Consent, got[1].Consent)
	require.Equal(t, "s-Zoo", strings.Join(got[2].Consent.Scopes, " "))
	page, err := store.UserConsents(ctx, pair.User.ID, 1, 1)
	require.NoError(t, err)
	require.Equal(t, got[1:2], page)
}
