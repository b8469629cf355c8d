package storage_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// lockForWriting takes the write lock of a SQLite database as another process would, until release is called.
func lockForWriting(t *testing.T, databaseURL string) (release func()) {
	t.Helper()
	conn, err := openFile(t, strings.TrimPrefix(databaseURL, "sqlite:")).Conn(context.Background())
	require.NoError(t, err)
	_, err = conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	return func() {
		_, err := conn.ExecContext(context.Background(), "ROLLBACK")
		require.NoError(t, errors.Join(err, conn.Close()))
	}
}

// A write waits behind another one, which waits for the database's write lock.
func TestAWriteKeepsItsOwnDeadlineBehindAStalledOne(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	store := storagetest.Open(t, databaseURL)
	pair := storagetest.NewPair(t, store)
	patient, hasty := pair.NewGrant(time.Now()), pair.NewGrant(time.Now())
	release := lockForWriting(t, databaseURL)

	first := make(chan error, 1)
	go func() { first <- store.CreateGrant(context.Background(), patient) }()
	require.Eventually(t, func() bool { return store.Pools()["writer"].Stats().InUse == 1 }, time.Minute, time.Millisecond, "it waits for the lock")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	err := store.CreateGrant(ctx, hasty)
	require.Empty(t, first, "the other write still waits")
	release()
	require.ErrorIs(t, err, gatehouse.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, <-first)

	_, _, err = store.Grant(context.Background(), patient.ID)
	require.NoError(t, err)
	_, _, err = store.Grant(context.Background(), hasty.ID)
	require.ErrorIs(t, err, gatehouse.ErrNotFound, "a write that was reported as not done is not done later")
}

// A lock that is held for too long fails the writes that waited for it, and only those.
func TestALockThatIsHeldTooLongFailsTheWritesThatWaited(t *testing.T) {
	t.Parallel()
	databaseURL := testdb.SQLite(t)
	store := storagetest.Open(t, databaseURL)
	pair := storagetest.NewPair(t, store)
	release := lockForWriting(t, databaseURL)
	err := store.CreateGrant(context.Background(), pair.NewGrant(time.Now()))
	require.ErrorIs(t, err, gatehouse.ErrUnavailable)
	release()
	require.NoError(t, store.CreateGrant(context.Background(), pair.NewGrant(time.Now())))
}

// TestAnswersAreTrueForMixedDeadlines has 64 writers whose deadlines are before, at and
// after the moment at which the database can be written again. That is when the first of
// them have all been answered.
func TestAnswersAreTrueForMixedDeadlines(t *testing.T) {
	const writers = 64
	for round := range 5 {
		databaseURL := testdb.SQLite(t)
		store := storagetest.Open(t, databaseURL)
		pair := storagetest.NewPair(t, store)
		release := lockForWriting(t, databaseURL)
		results := make([]error, writers)
		deadlines, grants := make([]time.Duration, writers), make([]gatehouse.Grant, writers)
		var hasty, others sync.WaitGroup
		for i := range writers {
			grants[i] = pair.NewGrant(time.Now())
			group := &others
			switch i % 4 {
			case 0:
				deadlines[i], group = time.Duration(i)*time.Millisecond, &hasty
			case 1, 2:
				deadlines[i] = time.Duration(i+writers/2) * time.Millisecond
			case 3:
				deadlines[i] = time.Minute
			}
			group.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), deadlines[i])
				defer cancel()
				results[i] = store.CreateGrant(ctx, grants[i])
			})
		}
		hasty.Wait()
		release()
		others.Wait()
		for i, err := range results {
			_, _, getErr := store.Grant(context.Background(), grants[i].ID)
			switch {
			case err == nil:
				require.NoError(t, getErr, "round %d: writer %d was told that it wrote", round, i)
				require.NotZero(t, i%4, "round %d: writer %d wrote while the database was locked", round, i)
			case errors.Is(err, context.DeadlineExceeded):
				require.ErrorIs(t, getErr, gatehouse.ErrNotFound, "round %d: writer %d was told that it did not write", round, i)
				require.Less(t, deadlines[i], time.Minute)
			default:
				require.ErrorIs(t, err, gatehouse.ErrUnavailable, "the outcome is unknown")
			}
		}
	}
}
