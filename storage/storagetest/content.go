package storagetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func contentCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"every character comes back as stored":          everyCharacter,
		"characters that cannot be stored are replaced": unstorableCharacters,
		"times are stored in milliseconds":              timesComeBack,
		"no usable secret is stored":                    noUsableSecretIsStored,
	}
}

func everyCharacter(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	for name, value := range map[string]string{
		"four bytes": "🏰 Gatehouse 𝔊", "quotes": `'"` + "`" + `\'; DROP TABLE users; --`, "placeholders": "? $1 :a @b %s",
		"lines": "a\r\n\tb", "combining": "e\u0301 ≠ é", "right to left": "\u202eevil", "long": strings.Repeat("é", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			user, app := NewUser(), NewApp()
			user.Nickname, user.FirstName = value, value
			app.Name, app.Description, app.RedirectURIs = value, value, []string{value, value}
			require.NoError(t, store.CreateUser(ctx, user))
			require.NoError(t, store.CreateApp(ctx, app))
			gotUser, err := store.User(ctx, user.ID)
			require.NoError(t, err)
			require.Equal(t, user, gotUser)
			gotApp, err := store.App(ctx, app.ID)
			require.NoError(t, err)
			require.Equal(t, app, gotApp)
		})
	}
}

// Attack: a User-Agent header that the database refuses, so that the sign-in
// fails with a 500, or that its audit record is lost.
func unstorableCharacters(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	user := NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	session := NewSession(user.ID, start)
	session.UserAgent = "a\x00b\xffc" + strings.Repeat("é", 300)
	require.NoError(t, store.CreateSession(ctx, session))
	got, _, err := store.SessionByTokenHash(ctx, session.TokenHash)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(got.UserAgent, "a\uFFFDb\uFFFDc"))
	require.LessOrEqual(t, len(got.UserAgent), 256)
	require.NotContains(t, got.UserAgent[len(got.UserAgent)-2:], "\uFFFD", "the text is cut between characters")
	require.NoError(t, store.RecordAuditEvent(ctx, gatehouse.AuditEvent{At: start, Event: "\x00", Detail: "\xff", TargetID: "\x00", IP: "\xff"}))
}

func timesComeBack(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	for _, at := range []time.Time{
		time.Date(2026, 2, 28, 23, 59, 59, 999_999_999, time.FixedZone("+14", 14*60*60)),
		time.Date(2026, 3, 29, 2, 30, 0, 1_000_000, time.FixedZone("-9:30", -(9*60+30)*60)),
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), // beyond 32 bits
		time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		user := NewUser()
		user.CreateAt = at
		require.NoError(t, store.CreateUser(ctx, user))
		got, err := store.User(ctx, user.ID)
		require.NoError(t, err)
		require.Equal(t, at.UTC().Truncate(time.Millisecond), got.CreateAt)
	}
	user := NewUser()
	user.LastPasswordUpdate = time.Time{}
	require.NoError(t, store.CreateUser(ctx, user))
	got, err := store.User(ctx, user.ID)
	require.NoError(t, err)
	require.True(t, got.LastPasswordUpdate.IsZero(), "the zero time stays the zero time")
}

// Attack: steal a backup, and sign in or send requests with its contents.
func noUsableSecretIsStored(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	secret, token := gatehouse.NewSecret(), gatehouse.NewSecret()
	_, err := store.UpdateApp(ctx, pair.App.ID, func(a *gatehouse.App) error { a.SecretHash = gatehouse.HashSecret(secret); return nil })
	require.NoError(t, err)
	session := NewSession(pair.User.ID, start)
	session.TokenHash = gatehouse.HashSecret(token)
	require.NoError(t, store.CreateSession(ctx, session))
	require.NoError(t, store.CreateGrant(ctx, pair.NewGrant(start)))

	dump := dump(t, d)
	require.Contains(t, dump, pair.User.Username, "the dump has every column")
	require.Contains(t, dump, session.TokenHash)
	require.NotContains(t, dump, secret)
	require.NotContains(t, dump, token)
	// A stolen hash does not work as a token or secret, because the hash of it is compared.
	_, _, err = store.SessionByTokenHash(ctx, gatehouse.HashSecret(session.TokenHash))
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	app, err := store.App(ctx, pair.App.ID)
	require.NoError(t, err)
	require.False(t, gatehouse.SecretMatches(app.SecretHash, app.SecretHash))
	require.True(t, gatehouse.SecretMatches(secret, app.SecretHash))
}

// dump reads every value of every table.
func dump(t *testing.T, d *database) string {
	t.Helper()
	var all strings.Builder
	for _, table := range []string{"users", "sessions", "apps", "consents", "grants", "settings", "audit_events", "rate_limits", "signing_keys", "outbox", "groups", "group_members", "app_groups"} {
		dumpTable(t, d, table, &all)
	}
	return all.String()
}

func dumpTable(t *testing.T, d *database, table string, all *strings.Builder) {
	t.Helper()
	rows, err := d.sql().QueryContext(context.Background(), "SELECT * FROM "+table)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	for rows.Next() {
		require.NoError(t, rows.Scan(values...))
		for i, v := range values {
			fmt.Fprintf(all, "%s.%s=%v\n", table, columns[i], *v.(*any))
		}
	}
	require.NoError(t, rows.Err())
}
