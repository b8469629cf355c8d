package storage

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"gatehouse"
)

// openGroup opens a store with a consent, and returns the group commit of its hot writes.
func openGroup(t *testing.T) (s *Store, consent gatehouse.Consent, group *groupCommit) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "g.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.MigrateUp(ctx))
	user, app := gatehouse.User{ID: gatehouse.NewID(), Username: "ada", Email: "ada@example.com"}, gatehouse.App{ID: gatehouse.NewID(), Name: "a"}
	require.NoError(t, s.CreateUser(ctx, user))
	require.NoError(t, s.CreateApp(ctx, app))
	consent, err = s.RecordConsent(ctx, user.ID, app.ID, []string{"user"}, nil, time.Now())
	require.NoError(t, err)
	group = newGroupCommit(s.writes, s.pools["writer"])
	s.writeHot = group.write
	return s, consent, group
}

// stall begins a transaction of the group that does not end before release is called.
func stall(group *groupCommit) (release func()) {
	begun, released, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		_ = group.write(context.Background(), func(*gorm.DB) error { close(begun); <-released; return nil })
		close(ended)
	}()
	<-begun
	return func() { close(released); <-ended }
}

// requireWaiting checks that n writes are in the queue before long.
func requireWaiting(t *testing.T, group *groupCommit, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		group.mu.Lock()
		defer group.mu.Unlock()
		return len(group.waiting) == n
	}, time.Minute, time.Millisecond)
}

// together runs writes behind a stalled transaction, so that they become one group.
func together(t *testing.T, group *groupCommit, writes ...func()) {
	t.Helper()
	release := stall(group)
	var done sync.WaitGroup
	for _, w := range writes {
		done.Go(w)
	}
	requireWaiting(t, group, len(writes))
	release()
	done.Wait()
}

// grantOf returns a grant of a consent that the store does not have yet.
func grantOf(consent gatehouse.Consent, id string) gatehouse.Grant {
	return gatehouse.Grant{ID: id, ConsentID: consent.ID, Scopes: []string{"user"}, CreateAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
}

func requireGrant(t *testing.T, s *Store, id string, exists bool) {
	t.Helper()
	_, _, err := s.Grant(context.Background(), id)
	if exists {
		require.NoError(t, err, id)
	} else {
		require.ErrorIs(t, err, gatehouse.ErrNotFound, id)
	}
}

func TestWritesThatShareACommitKeepTheirOwnOutcome(t *testing.T) {
	s, consent, group := openGroup(t)
	ctx := context.Background()
	orphan := grantOf(consent, "orphan")
	orphan.ConsentID = "deleted"
	var first, twin, lost, last error
	together(t, group,
		func() { first = s.CreateGrant(ctx, grantOf(consent, "one")) },
		func() { twin = s.CreateGrant(ctx, grantOf(consent, "one")) },
		func() { lost = s.CreateGrant(ctx, orphan) },
		func() { last = s.CreateGrant(ctx, grantOf(consent, "two")) },
	)
	require.NotEqual(t, first == nil, twin == nil, "one of the two succeeds")
	require.ErrorIs(t, errors.Join(first, twin), gatehouse.ErrConflict)
	require.ErrorIs(t, lost, gatehouse.ErrNotFound)
	require.NoError(t, last)
	for id, exists := range map[string]bool{"one": true, "two": true, "orphan": false} {
		requireGrant(t, s, id, exists)
	}
}

// A write that fails for an unexpected reason does not fail the others.
func TestAFailureInAGroupIsTheWritersOwn(t *testing.T) {
	s, consent, group := openGroup(t)
	ctx := context.Background()
	var good, bad error
	together(t, group,
		func() { good = s.CreateGrant(ctx, grantOf(consent, "good")) },
		func() {
			bad = s.writeHot(ctx, func(db *gorm.DB) error { return db.Exec("INSERT INTO no_such_table VALUES (1)").Error })
		},
	)
	require.NoError(t, good)
	require.ErrorContains(t, bad, "no such table")
	requireGrant(t, s, "good", true)
}

func TestAPanicInAGroupIsTheWritersOwn(t *testing.T) {
	s, consent, group := openGroup(t)
	var panicked, created error
	together(t, group,
		func() {
			panicked = group.write(t.Context(), func(*gorm.DB) error { panic("a driver's fault") })
		},
		func() { created = s.CreateGrant(t.Context(), grantOf(consent, "created")) },
	)
	require.ErrorContains(t, panicked, "a driver's fault")
	require.NoError(t, created)
	require.NoError(t, s.RevokeGrant(t.Context(), "created", time.Now()), "later writes are done")
}

func TestAWriteWhoseContextEndsInTheQueueIsNotWritten(t *testing.T) {
	s, consent, group := openGroup(t)
	release := stall(group)
	canceled, cancel := context.WithCancel(t.Context())
	late, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	results := make(chan error, 3)
	go func() { results <- s.CreateGrant(canceled, grantOf(consent, "canceled")) }()
	requireWaiting(t, group, 1)
	cancel()
	require.ErrorIs(t, <-results, context.Canceled)
	require.ErrorIs(t, s.CreateGrant(late, grantOf(consent, "late")), gatehouse.ErrUnavailable)
	requireWaiting(t, group, 0)

	go func() { results <- s.CreateGrant(t.Context(), grantOf(consent, "patient")) }()
	requireWaiting(t, group, 1)
	release()
	require.NoError(t, <-results)
	for id, exists := range map[string]bool{"canceled": false, "late": false, "patient": true} {
		requireGrant(t, s, id, exists)
	}
}

// The context ends between the statement and the commit, and the caller sees it.
func TestAWriteThatIsUnderWayReturnsItsOutcome(t *testing.T) {
	s, consent, group := openGroup(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, group.write(ctx, func(db *gorm.DB) error {
			err := insertRow(db, "written", consent)
			cancel()
			synctest.Wait()
			return err
		}))
	})
	requireGrant(t, s, "written", true)
}

// A commit that takes too long has an unknown outcome, which is neither "not
// written" nor "the client closed the connection".
func TestAWriteDoesNotWaitForeverForItsOutcome(t *testing.T) {
	s, consent, group := openGroup(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		defer close(release)
		begun := time.Now()
		err := s.fail("write", group.write(ctx, func(db *gorm.DB) error {
			cancel()
			<-release
			return insertRow(db, "slow", consent)
		}))
		require.Equal(t, outcomeWait, time.Since(begun))
		require.ErrorIs(t, err, gatehouse.ErrUnavailable)
		require.NotErrorIs(t, err, context.Canceled)
	})
	require.NoError(t, s.CreateGrant(t.Context(), grantOf(consent, "next")))
	requireGrant(t, s, "slow", true)
}

func insertRow(db *gorm.DB, id string, consent gatehouse.Consent) error {
	return db.Exec("INSERT INTO grants (id, consent_id, scopes, resource, generation, create_at, rotated_at, expires_at, revoked_at) VALUES (?, ?, '', '', 0, 0, 0, 0, 0)", id, consent.ID).Error
}
