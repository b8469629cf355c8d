package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

// rows stands for a table with rows to delete.
type rows struct {
	left   int64
	rounds []time.Time
	ahead  time.Duration
	err    error
}

func (r *rows) ClockAhead(context.Context) (time.Duration, error) { return r.ahead, nil }

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
	metrics := server.NewMetrics()
	log := slog.New(slog.DiscardHandler)
	reapAll(t.Context(), r, startReapClock(log), metrics, log)
	require.Zero(t, r.left)
	require.Len(t, r.rounds, 4)
	page := scrape(metrics)
	require.Contains(t, page, fmt.Sprintf(`gatehouse_reaped_rows_total{table="grants"} %d`, 3*reapBatch+1))
	require.Contains(t, page, `gatehouse_reaped_rows_total{table="sessions"} 0`)
	require.Contains(t, page, `gatehouse_reaper_runs_total{outcome="done"} 1`)
	require.NotContains(t, page, "gatehouse_reaper_last_success_timestamp_seconds 0")
}

func TestAReaperThatFailsIsCounted(t *testing.T) {
	metrics := server.NewMetrics()
	log := slog.New(slog.DiscardHandler)
	reapAll(t.Context(), &rows{err: errors.New("the database is gone")}, startReapClock(log), metrics, log)
	page := scrape(metrics)
	require.Contains(t, page, `gatehouse_reaper_runs_total{outcome="failed"} 1`)
	require.Contains(t, page, "gatehouse_reaper_last_success_timestamp_seconds 0")
}

// scrape reads the metrics as Prometheus does.
func scrape(m *server.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestTheReaperComesBackEveryFewMinutesEvenAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rows{err: errors.New("the database is gone")}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			reapForever(ctx, r, server.NewMetrics(), slog.New(slog.DiscardHandler))
			close(done)
		}()
		time.Sleep(time.Hour)
		stop()
		<-done
		require.GreaterOrEqual(t, len(r.rounds), 9)
		require.LessOrEqual(t, len(r.rounds), 15)
	})
}
