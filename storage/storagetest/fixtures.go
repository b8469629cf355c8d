package storagetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

// Open opens and migrates the database of a URL. The store is closed when the test ends.
func Open(t testing.TB, url string) *storage.Store {
	t.Helper()
	return open(t, storage.Options{URL: url})
}

func open(t testing.TB, o storage.Options) *storage.Store {
	t.Helper()
	store, err := storage.Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(context.Background()))
	return store
}

// start is the creation time of the fixtures.
var start = time.Date(2026, 11, 24, 12, 0, 0, 123_000_000, time.UTC)

// NewUser returns a user with a unique name, and stores nothing.
func NewUser() gatehouse.User {
	id := gatehouse.NewID()
	return gatehouse.User{
		ID: id, Username: "user-" + id, Email: id + "@example.com", Locale: "en", Roles: []string{gatehouse.RoleSystemUser},
		PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", CreateAt: start, UpdateAt: start, LastPasswordUpdate: start,
	}
}

// NewApp returns a confidential app, and stores nothing.
func NewApp() gatehouse.App {
	return gatehouse.App{
		ID: gatehouse.NewID(), CreatorID: gatehouse.NewID(), SecretHash: gatehouse.HashSecret(gatehouse.NewSecret()),
		Name: "App", Description: "For tests", Homepage: "https://app.example.com", RedirectURIs: []string{"https://app.example.com/callback"},
		TokenEndpointAuthMethod: gatehouse.AuthMethodPost, CreateAt: start, UpdateAt: start,
	}
}

// NewSession returns a session of a user, seen at the time now, and stores nothing.
func NewSession(userID string, now time.Time) gatehouse.Session {
	return gatehouse.Session{
		ID: gatehouse.NewID(), TokenHash: gatehouse.HashSecret(gatehouse.NewSecret()), UserID: userID,
		UserAgent: "Test/1.0", IP: "192.0.2.1", CreateAt: now, LastSeenAt: now, ExpiresAt: now.Add(gatehouse.SessionLifetime),
	}
}

// Pair is a user, an app, and the user's consent to the app.
type Pair struct {
	User    gatehouse.User
	App     gatehouse.App
	Consent gatehouse.Consent
}

// NewPair stores a new user, a new app and the user's consent to it.
func NewPair(t testing.TB, store *storage.Store) Pair {
	t.Helper()
	ctx := context.Background()
	p := Pair{User: NewUser(), App: NewApp()}
	require.NoError(t, store.CreateUser(ctx, p.User))
	require.NoError(t, store.CreateApp(ctx, p.App))
	var err error
	p.Consent, err = store.RecordConsent(ctx, p.User.ID, p.App.ID, []string{gatehouse.DefaultScope}, nil, start)
	require.NoError(t, err)
	return p
}

// NewGroup stores a new group with members.
func NewGroup(t testing.TB, store *storage.Store, members ...gatehouse.User) gatehouse.Group {
	t.Helper()
	id := gatehouse.NewID()
	group := gatehouse.Group{ID: id, Name: "Group " + id, Description: "For tests", CreateAt: start, UpdateAt: start}
	require.NoError(t, store.CreateGroup(context.Background(), group))
	for _, user := range members {
		require.NoError(t, store.AddGroupMember(context.Background(), group.ID, user.ID, start))
	}
	return group
}

// NewGrant returns a grant of the user to the app, as of a code that is redeemed at the
// time now, and stores nothing.
func (p Pair) NewGrant(now time.Time) gatehouse.Grant {
	now = now.UTC().Truncate(time.Millisecond)
	return gatehouse.Grant{
		ID: gatehouse.NewID(), ConsentID: p.Consent.ID, UserID: p.User.ID, AppID: p.App.ID, Scopes: strings.Fields(gatehouse.DefaultScope),
		CreateAt: now, RotatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}
