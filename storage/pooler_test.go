package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// The same tests of the store run behind a pooler that assigns sessions by transaction
// and has no configuration for Gatehouse.
func TestStoreThroughPgBouncer(t *testing.T) {
	pooler := testdb.StartPooler(t)
	storagetest.Run(t, func(t testing.TB) string { return pooler.URL(t, testdb.Postgres(t)) })
}

func TestAPoolerThatRefusesLimitsIsLogged(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings []string
		warns    bool
	}{
		{"not configured", nil, true},
		{"configured to ignore the limits", []string{"ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, log := context.Background(), new(bytes.Buffer)
			url := testdb.StartPooler(t, tc.settings...).URL(t, testdb.Postgres(t))
			store, err := storage.Open(ctx, storage.Options{URL: url, Log: slog.New(slog.NewTextHandler(log, nil))})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			require.NoError(t, store.MigrateUp(ctx))
			pair := storagetest.NewPair(t, store)
			for range 20 { // they run on several sessions of the server
				require.NoError(t, store.CreateGrant(ctx, pair.NewGrant(time.Now())))
			}
			require.Equal(t, tc.warns, bytes.Contains(log.Bytes(), []byte("does not accept time limits")))
		})
	}
}

// A lock that remained on a session of the pooler would block every later start.
func TestMigratingThroughAPoolerLeavesNoLock(t *testing.T) {
	ctx, direct := context.Background(), testdb.Postgres(t)
	storagetest.Open(t, testdb.StartPooler(t).URL(t, direct))
	db, err := sql.Open("pgx", direct)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	var locks int
	require.NoError(t, db.QueryRowContext(ctx, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&locks))
	require.Zero(t, locks)
}
