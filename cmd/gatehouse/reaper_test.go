package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// rows stands for a table with rows to delete.
type rows struct {
	left   int64
	rounds []time.Time
	err    error
}

func (r *rows) Reap(_ context.Context, now time.Time, limit int) (map[string]int64, error) {
	r.rounds = append(r.rounds, now)
	if r.err != nil {
		return nil, r.err
	}
	n := min(r.left, int64(limit))
	r.left -= n
	return map[string]int64{"grants": n, "sessions": 0}, nil
}

func TestTheReaperGoesOnUntilNothingIsLeft(t *testing.T) {
	r := &rows{left: 3*reapBatch + 1}
	reapAll(t.Context(), r, slog.New(slog.DiscardHandler))
	require.Zero(t, r.left)
	require.Len(t, r.rounds, 4)
}

func TestTheReaperComesBackEveryFewMinutesEvenAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rows{err: errors.New("the database is gone")}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			reapForever(ctx, r, slog.New(slog.DiscardHandler))
			close(done)
		}()
		time.Sleep(time.Hour)
		stop()
		<-done
		require.GreaterOrEqual(t, len(r.rounds), 9)
		require.LessOrEqual(t, len(r.rounds), 15)
	})
}
