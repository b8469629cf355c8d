package account_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// sqlite opens a private database, for tests in which the engine makes no difference.
func sqlite(t testing.TB) *storage.Store {
	t.Helper()
	return open(t, testdb.SQLite(t))
}

func open(t testing.TB, url string) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	return store
}

// onEveryEngine runs a test on SQLite and on PostgreSQL.
func onEveryEngine(t *testing.T, test func(t *testing.T, store *storage.Store)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, url string) { test(t, open(t, url)) })
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
