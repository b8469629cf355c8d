package storage_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// eachDirection runs a test for each pair of engines.
func eachDirection(t *testing.T, test func(t *testing.T, from, to string)) {
	t.Helper()
	for _, from := range testdb.Engines() {
		for _, to := range testdb.Engines() {
			t.Run(from.Name+" to "+to.Name, func(t *testing.T) { test(t, from.URL(t), to.URL(t)) })
		}
	}
}

// fill puts at least one row into each table, and more than a batch into one of them.
func fill(t *testing.T, url string, store *storage.Store) {
	t.Helper()
	ctx, now := context.Background(), time.Now().UTC().Truncate(time.Millisecond)
	pair := storagetest.NewPair(t, store)
	require.NoError(t, store.CreateSession(ctx, storagetest.NewSession(pair.User.ID, now)))
	require.NoError(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true"}, "", now))
	require.NoError(t, store.RecordAuditEvent(ctx, gatehouse.AuditEvent{ID: gatehouse.NewID(), At: now, Event: "event", Detail: `'quoted' "twice" €`}))
	var events []string
	for range 1200 {
		events = append(events, "('"+gatehouse.NewID()+"', 1, '', 'event', '', '', '', '', '')")
	}
	_, err := open(t, url).ExecContext(ctx, "INSERT INTO audit_events VALUES "+strings.Join(events, ","))
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, store.CreateGrant(ctx, pair.NewGrant(now)))
	}
	_, err = store.TakeAttempt(ctx, now, gatehouse.RateLimit{ID: "limit", Burst: 2, Refill: time.Hour})
	require.NoError(t, err)
	require.NoError(t, store.ChangeSigningKeys(ctx, []gatehouse.SigningKey{{ID: "key", Algorithm: "alg", Number: 1, PublicKey: "{}", CreateAt: now}}, nil, nil))
	_, err = store.UpdateApp(ctx, pair.App.ID, func(a *gatehouse.App) error {
		a.OpenID.BackchannelLogoutURI = "https://app.example.com/out"
		return nil
	})
	require.NoError(t, err)
	ended := storagetest.NewSession(pair.User.ID, now)
	require.NoError(t, store.CreateSession(ctx, ended))
	grant := pair.NewGrant(now)
	grant.SessionID = ended.ID
	require.NoError(t, store.CreateGrant(ctx, grant))
	require.NoError(t, store.DeleteSession(ctx, ended.ID, now))
	public := storagetest.NewApp()
	public.IsPublic, public.IsDynamicallyRegistered, public.SecretHash = true, true, ""
	require.NoError(t, store.CreateApp(ctx, public))
	group := storagetest.NewGroup(t, store, pair.User)
	require.NoError(t, store.SetAppAccess(ctx, pair.App.ID, gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{group.ID}}, now))
}

// contents returns all rows of all tables, as text.
func contents(t *testing.T, url string) map[string][]string {
	t.Helper()
	db := open(t, url)
	all := map[string][]string{}
	for _, name := range tableNames(t, db, url) {
		if rows := rowsOf(t, db, name); len(rows) > 0 {
			all[name] = rows
		}
	}
	return all
}

// rowsOf returns all rows of a table, each with the names of its columns.
func rowsOf(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), "SELECT * FROM "+table)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var all []string
	for rows.Next() {
		row, fields := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			fields[i] = &row[i]
		}
		require.NoError(t, rows.Scan(fields...))
		named := map[string]any{}
		for i, c := range columns {
			if named[c] = row[i]; strings.HasPrefix(c, "is_") || c == "email_verified" {
				named[c] = row[i] == true || row[i] == int64(1)
			}
		}
		all = append(all, fmt.Sprint(named))
	}
	require.NoError(t, rows.Err())
	return all
}

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return openFile(t, path)
	}
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func tableNames(t *testing.T, db *sql.DB, url string) []string {
	t.Helper()
	list := "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	if strings.HasPrefix(url, "sqlite:") {
		list = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	}
	rows, err := db.QueryContext(context.Background(), list)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		if name != "goose_db_version" {
			names = append(names, name)
		}
	}
	require.NoError(t, rows.Err())
	return names
}

func TestMoveCopiesEveryRowOfEveryTable(t *testing.T) {
	eachDirection(t, func(t *testing.T, fromURL, toURL string) {
		ctx := context.Background()
		from, to := storagetest.Open(t, fromURL), storagetest.Open(t, toURL)
		fill(t, fromURL, from)
		moved, err := storage.Move(ctx, from, to)
		require.NoError(t, err)
		before, after := contents(t, fromURL), contents(t, toURL)
		require.Len(t, moved, len(before), "Move copies every table, and fill fills every table")
		for _, m := range moved {
			require.ElementsMatch(t, before[m.Table], after[m.Table])
			require.EqualValues(t, len(before[m.Table]), m.Rows)
		}
		require.Len(t, after["audit_events"], 1201)
	})
}

func TestMoveNeedsAnEmptyTarget(t *testing.T) {
	eachDirection(t, func(t *testing.T, fromURL, toURL string) {
		ctx := context.Background()
		from, to := storagetest.Open(t, fromURL), storagetest.Open(t, toURL)
		fill(t, fromURL, from)
		require.NoError(t, to.SetSettings(ctx, map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true"}, "", time.Now()))
		_, err := storage.Move(ctx, from, to)
		require.ErrorIs(t, err, storage.ErrNotEmpty)
		require.ErrorContains(t, err, "table settings has 1 rows")
		require.Len(t, contents(t, toURL), 1)
	})
}

func TestMoveNeedsTheSameSchema(t *testing.T) {
	eachDirection(t, func(t *testing.T, fromURL, toURL string) {
		ctx := context.Background()
		from := storagetest.Open(t, fromURL)
		to, err := storage.Open(ctx, storage.Options{URL: toURL})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, to.Close()) })
		_, err = storage.Move(ctx, from, to)
		require.ErrorContains(t, err, "no migration is applied")

		require.NoError(t, to.MigrateUp(ctx))
		_, err = open(t, fromURL).ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
		require.NoError(t, err)
		_, err = storage.Move(ctx, from, to)
		require.ErrorContains(t, err, "at migration 99999")
	})
}

func TestAMoveThatFailsLeavesTheTargetEmpty(t *testing.T) {
	eachDirection(t, func(t *testing.T, fromURL, toURL string) {
		ctx := context.Background()
		from, to := storagetest.Open(t, fromURL), storagetest.Open(t, toURL)
		fill(t, fromURL, from)
		_, err := open(t, toURL).ExecContext(ctx, "DROP TABLE audit_events")
		require.NoError(t, err)
		_, err = storage.Move(ctx, from, to)
		require.Error(t, err)
		require.Empty(t, contents(t, toURL))
		users, err := from.CountUsers(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, users)
	})
}
