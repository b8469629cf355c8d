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
		"a consent is remembered":                        consentRemembered,
		"a second yes adds scopes and keeps the consent": consentGrows,
		"nobody consents to nothing":                     consentNeedsBoth,
		"revoking a consent kills what hung on it":       consentRevoked,
		"consenting again does not revive old codes":     consentIsNew,
		"the use of a consent is noted coarsely":         consentTouched,
		"authorised apps are listed by name":             consentsListed,
	}
}

func consentRemembered(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	require.Equal(t, gatehouse.Consent{
		ID: person.Consent.ID, UserID: person.User.ID, AppID: person.App.ID, Scopes: []string{"user"}, CreateAt: start, LastUsedAt: start,
	}, person.Consent)
	got, err := store.Consent(ctx, person.User.ID, person.App.ID)
	require.NoError(t, err)
	require.Equal(t, person.Consent, got)

	stranger := NewPerson(t, store)
	_, err = store.Consent(ctx, stranger.User.ID, person.App.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, err = store.Consent(ctx, person.User.ID, "\x00")
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

func consentGrows(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	later := start.Add(time.Minute)
	got, err := store.RecordConsent(ctx, person.User.ID, person.App.ID, []string{"b", "user", "a", "b"}, later)
	require.NoError(t, err)
	want := person.Consent
	want.Scopes, want.LastUsedAt = []string{"user", "b", "a"}, later
	require.Equal(t, want, got)
	got, err = store.RecordConsent(ctx, person.User.ID, person.App.ID, []string{"a"}, start)
	require.NoError(t, err)
	require.Equal(t, want, got, "nothing is taken away, and time does not go back")
	got, err = store.Consent(ctx, person.User.ID, person.App.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func consentNeedsBoth(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	_, err := store.RecordConsent(ctx, gatehouse.NewID(), person.App.ID, nil, start)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	_, err = store.RecordConsent(ctx, person.User.ID, gatehouse.NewID(), nil, start)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
}

// Attack: an app that was revoked goes on with the tokens or the code that it has.
func consentRevoked(t *testing.T, d *database) {
	ctx, store, other := context.Background(), d.node(), d.node()
	person := NewPerson(t, store)
	bystander := NewPerson(t, store)
	grant, theirs := person.NewGrant(start), bystander.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.CreateGrant(ctx, theirs))
	require.NoError(t, store.DeleteConsent(ctx, person.User.ID, person.App.ID))
	_, _, err := other.Grant(ctx, grant.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.ErrorIs(t, other.CreateGrant(ctx, person.NewGrant(start)), gatehouse.ErrNotFound)
	require.ErrorIs(t, other.RotateGrant(ctx, grant.ID, 0, start, start.Add(time.Hour)), gatehouse.ErrConflict)
	require.ErrorIs(t, store.DeleteConsent(ctx, person.User.ID, person.App.ID), gatehouse.ErrNotFound)
	_, _, err = other.Grant(ctx, theirs.ID)
	require.NoError(t, err, "nobody else is touched")
}

// Attack: keep a code until the user, who revoked the app, authorises it again.
func consentIsNew(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	require.NoError(t, store.DeleteConsent(ctx, person.User.ID, person.App.ID))
	again, err := store.RecordConsent(ctx, person.User.ID, person.App.ID, []string{"user"}, start)
	require.NoError(t, err)
	require.NotEqual(t, person.Consent.ID, again.ID)
	require.ErrorIs(t, store.CreateGrant(ctx, person.NewGrant(start)), gatehouse.ErrNotFound)
}

func consentTouched(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	lastUsed := func() time.Time {
		c, err := store.Consent(ctx, person.User.ID, person.App.ID)
		require.NoError(t, err)
		return c.LastUsedAt
	}
	require.NoError(t, store.TouchConsent(ctx, person.Consent.ID, start.Add(59*time.Minute)))
	require.Equal(t, start, lastUsed())
	require.NoError(t, store.TouchConsent(ctx, person.Consent.ID, start.Add(60*time.Minute)))
	require.Equal(t, start.Add(time.Hour), lastUsed())
	require.NoError(t, store.TouchConsent(ctx, gatehouse.NewID(), start))
}

func consentsListed(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	apps := []gatehouse.App{person.App}
	for _, name := range []string{"Zoo", "aardvark"} {
		app := NewApp()
		app.Name = name
		require.NoError(t, store.CreateApp(ctx, app))
		_, err := store.RecordConsent(ctx, person.User.ID, app.ID, []string{"s-" + name}, start)
		require.NoError(t, err)
		apps = append(apps, app)
	}
	NewPerson(t, store)
	got, err := store.UserConsents(ctx, person.User.ID, 0, 10)
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, []gatehouse.App{apps[2], apps[0], apps[1]}, []gatehouse.App{got[0].App, got[1].App, got[2].App})
	require.Equal(t, person.Consent, got[1].Consent)
	require.Equal(t, "s-Zoo", strings.Join(got[2].Consent.Scopes, " "))
	page, err := store.UserConsents(ctx, person.User.ID, 1, 1)
	require.NoError(t, err)
	require.Equal(t, got[1:2], page)
}
