package storagetest

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func errorCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a closed store is unavailable":                   closedIsUnavailable,
		"a canceled call returns context.Canceled":        canceledIsCanceled,
		"a call after its deadline is unavailable":        lateIsUnavailable,
		"a failed statement is logged without parameters": failuresAreLogged,
	}
}

func closedIsUnavailable(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	require.NoError(t, store.Close())
	require.NoError(t, store.Close(), "closing twice is no error")
	for name, err := range map[string]error{
		"ready":    store.Ready(ctx),
		"create":   store.CreateGrant(ctx, pair.NewGrant(start)),
		"rotate":   store.RotateGrant(ctx, gatehouse.NewID(), 0, start, start),
		"transact": store.DeactivateUser(ctx, pair.User.ID, start),
		"migrate":  store.MigrateUp(ctx),
		"get":      func() error { _, _, err := store.Grant(ctx, gatehouse.NewID()); return err }(),
		"session":  func() error { _, _, err := store.SessionByTokenHash(ctx, "x"); return err }(),
		"settings": func() error { _, err := store.Settings(ctx); return err }(),
		"list":     func() error { _, err := store.SearchUsers(ctx, "", 0, 1); return err }(),
	} {
		if name == "migrate" && err == nil {
			continue // PostgreSQL migrates over a connection of its own
		}
		require.ErrorIs(t, err, gatehouse.ErrUnavailable, name)
	}
}

func canceledIsCanceled(t *testing.T, d *database) {
	store := d.node()
	pair := NewPair(t, store)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 2 { // the first round prepares the statements
		_, _, err := store.Grant(ctx, gatehouse.NewID())
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, gatehouse.ErrUnavailable)
		err = store.CreateGrant(ctx, pair.NewGrant(start))
		require.ErrorIs(t, err, context.Canceled)
		err = store.DeactivateUser(ctx, pair.User.ID, start)
		require.ErrorIs(t, err, context.Canceled)
	}
	require.NoError(t, store.CreateGrant(context.Background(), pair.NewGrant(start)), "the next call works")
}

func lateIsUnavailable(t *testing.T, d *database) {
	store := d.node()
	pair := NewPair(t, store)
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	err := store.CreateGrant(ctx, pair.NewGrant(start))
	require.ErrorIs(t, err, gatehouse.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded, "the cause is kept")
}

// Attack: read secrets in the log of a node whose database fails.
func failuresAreLogged(t *testing.T, d *database) {
	ctx := context.Background()
	var log bytes.Buffer
	store := open(t, storage.Options{URL: d.url, Log: slog.New(slog.NewTextHandler(&log, nil))})
	pair := NewPair(t, store)
	session := NewSession(pair.User.ID, start)
	_, _, err := store.SessionByTokenHash(ctx, session.TokenHash)
	require.ErrorIs(t, err, gatehouse.ErrNotFound)
	require.NoError(t, store.CreateSession(ctx, session))
	require.ErrorIs(t, store.CreateSession(ctx, session), gatehouse.ErrConflict)
	require.NotContains(t, log.String(), "statement", "the store logs no error that is an answer")

	_, err = d.sql().ExecContext(ctx, "DROP TABLE sessions")
	require.NoError(t, err)
	_, _, err = store.SessionByTokenHash(ctx, session.TokenHash)
	require.Error(t, err)
	require.NotErrorIs(t, err, gatehouse.ErrUnavailable)
	require.NotErrorIs(t, err, gatehouse.ErrNotFound)
	require.Contains(t, log.String(), "statement failed")
	require.NotContains(t, log.String(), session.TokenHash)
	require.NotContains(t, err.Error(), session.TokenHash)
}
