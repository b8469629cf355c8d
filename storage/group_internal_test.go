package storage

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"gatehouse"
)

// openGroup is a store with somebody who agreed to an app, and what groups its hot writes.
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
	consent, err = s.RecordConsent(ctx, user.ID, app.ID, []string{"user"}, time.Now())
	require.NoError(t, err)
	group = &groupCommit{db: s.writes.Session(&gorm.Session{PrepareStmt: true})}
	s.writeHot = group.write
	return s, consent, group
}

// gather starts writes behind one that holds the lead, waits until all of them
// wait, and lets them go as one group.
func gather(t *testing.T, group *groupCommit, writes ...func()) {
	t.Helper()
	begun, release := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		_ = group.write(context.Background(), func(*gorm.DB) error { close(begun); <-release; return nil })
	})
	<-begun
	for _, w := range writes {
		done.Go(w)
	}
	require.Eventually(t, func() bool {
		group.mu.Lock()
		defer group.mu.Unlock()
		return len(group.waiting) == len(writes)
	}, 5*time.Second, time.Millisecond)
	close(release)
	done.Wait()
}

func TestWritesThatShareACommitKeepTheirOwnOutcome(t *testing.T) {
	s, consent, group := openGroup(t)
	ctx := context.Background()
	grant := func(id string) gatehouse.Grant {
		return gatehouse.Grant{ID: id, ConsentID: consent.ID, Scopes: []string{"user"}, CreateAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	}
	orphan := grant("orphan")
	orphan.ConsentID = "gone"
	gone, cancel := context.WithCancel(ctx)
	cancel()
	var first, twin, lost, late, last error
	gather(t, group,
		func() { first = s.CreateGrant(ctx, grant("one")) },
		func() { twin = s.CreateGrant(ctx, grant("one")) },
		func() { lost = s.CreateGrant(ctx, orphan) },
		func() { late = s.CreateGrant(gone, grant("late")) },
		func() { last = s.CreateGrant(ctx, grant("two")) },
	)
	require.NotEqual(t, first == nil, twin == nil, "one of the twins won")
	require.ErrorIs(t, errors.Join(first, twin), gatehouse.ErrConflict)
	require.ErrorIs(t, lost, gatehouse.ErrNotFound)
	require.ErrorIs(t, late, context.Canceled)
	require.NoError(t, last)
	for id, there := range map[string]bool{"one": true, "two": true, "orphan": false, "late": false} {
		_, _, err := s.Grant(ctx, id)
		require.Equal(t, there, err == nil, id)
	}
}

// A write that fails in a way that no rule explains does not take the others along.
func TestAFailureInAGroupIsTheWritersOwn(t *testing.T) {
	s, consent, group := openGroup(t)
	ctx := context.Background()
	var good, bad error
	gather(t, group,
		func() {
			good = s.CreateGrant(ctx, gatehouse.Grant{ID: "good", ConsentID: consent.ID, ExpiresAt: time.Now().Add(time.Hour)})
		},
		func() {
			bad = s.writeHot(ctx, func(db *gorm.DB) error { return db.Exec("INSERT INTO no_such_table VALUES (1)").Error })
		},
	)
	require.NoError(t, good)
	require.ErrorContains(t, bad, "no such table")
	_, _, err := s.Grant(ctx, "good")
	require.NoError(t, err)
}

func TestAPanicInAGroupIsTheWritersOwn(t *testing.T) {
	s, consent, group := openGroup(t)
	grant := gatehouse.Grant{ID: gatehouse.NewID(), ConsentID: consent.ID, ExpiresAt: time.Now().Add(time.Hour)}
	var panicked, created error
	gather(t, group,
		func() {
			panicked = group.write(t.Context(), func(*gorm.DB) error { panic("a driver's fault") })
		},
		func() { created = s.CreateGrant(t.Context(), grant) },
	)
	require.ErrorContains(t, panicked, "a driver's fault")
	require.NoError(t, created)
	require.NoError(t, s.RevokeGrant(t.Context(), grant.ID, time.Now()), "somebody leads again")
}
