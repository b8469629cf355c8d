package main

import (
	"bytes"
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

// expiredRows is a store with expired rows in one table.
type expiredRows struct {
	left  int64
	calls []time.Time // the time of each call of Reap
	ahead time.Duration
	err   error
}

func (r *expiredRows) ClockAhead(context.Context) (time.Duration, error) { return r.ahead, nil }

func (r *expiredRows) Reap(_ context.Context, now time.Time, limit int) (map[string]int64, error) {
	r.calls = append(r.calls, now)
	if r.err != nil {
		return nil, r.err
	}
	n := min(r.left, int64(limit))
	r.left -= n
	return map[string]int64{"grants": n, "sessions": 0}, nil
}

// testReaper returns a reaper of the rows, and its metrics.
func testReaper(rows *expiredRows, log *slog.Logger) (*reaper, *server.Metrics) {
	metrics := server.NewMetrics()
	return newReaper(reaperConfig{Store: rows, Metrics: metrics, Log: log}), metrics
}

// scrape returns the metrics as Prometheus reads them.
func scrape(m *server.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestReaperDeletesBatchesUntilNoExpiredRowIsLeft(t *testing.T) {
	rows := &expiredRows{left: 3*reapBatch + 1}
	r, metrics := testReaper(rows, slog.New(slog.DiscardHandler))
	r.reap(t.Context())
	require.Zero(t, rows.left)
	require.Len(t, rows.calls, 4)
	page := scrape(metrics)
	require.Contains(t, page, fmt.Sprintf(`gatehouse_reaped_rows_total{table="grants"} %d`, 3*reapBatch+1))
	require.Contains(t, page, `gatehouse_reaped_rows_total{table="sessions"} 0`)
	require.Contains(t, page, `gatehouse_reaper_runs_total{outcome="done"} 1`)
	require.NotContains(t, page, "gatehouse_reaper_last_success_timestamp_seconds 0")
}

func TestFailedRunOfTheReaperIsCounted(t *testing.T) {
	r, metrics := testReaper(&expiredRows{err: errors.New("the database is gone")}, slog.New(slog.DiscardHandler))
	r.reap(t.Context())
	page := scrape(metrics)
	require.Contains(t, page, `gatehouse_reaper_runs_total{outcome="failed"} 1`)
	require.Contains(t, page, "gatehouse_reaper_last_success_timestamp_seconds 0")
}

func TestReaperRunsEveryFewMinutesEvenAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &expiredRows{err: errors.New("the database is gone")}
		r, _ := testReaper(rows, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			r.run(ctx)
			close(done)
		}()
		time.Sleep(time.Hour)
		stop()
		<-done
		require.GreaterOrEqual(t, len(rows.calls), 9)
		require.LessOrEqual(t, len(rows.calls), 15)
	})
}

func TestReaperPausesAfterTheClockWasSet(t *testing.T) {
	const day = 24 * time.Hour
	for name, tc := range map[string]struct {
		offsets []time.Duration // how far the clock is wrong, one value each minute
		settled []bool
	}{
		"the clock is right":                     {[]time.Duration{0, time.Second, 2 * time.Second}, []bool{true, true, true}},
		"NTP corrects the clock in small steps":  {[]time.Duration{0, 20 * time.Second, 0, 20 * time.Second}, []bool{true, true, true, true}},
		"the clock is set forward":               {[]time.Duration{0, 30 * day, 30 * day}, []bool{true, false, false}},
		"the clock is set back":                  {[]time.Duration{0, -day, -day}, []bool{true, false, false}},
		"the clock is set forward and then back": {[]time.Duration{0, day, 0, 0}, []bool{true, false, false, false}},
		"a jump is measured from the last one":   {[]time.Duration{day, day + time.Second}, []bool{false, false}},
		"the computer sleeps for a short time":   {[]time.Duration{29 * time.Second}, []bool{true}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &reaperClock{log: slog.New(slog.DiscardHandler)}
			for i, offset := range tc.offsets {
				up := time.Duration(i+1) * time.Minute
				require.Equal(t, tc.settled[i], c.settled(up+offset, up), i)
			}
			last := tc.offsets[len(tc.offsets)-1]
			require.True(t, c.settled(time.Hour+last, time.Hour), "after the pause, the reaper uses the new time")
		})
	}
}

func TestReaperUsesTheEarlierClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{0, time.Hour, -time.Hour} {
			rows, log := &expiredRows{left: 1, ahead: ahead}, bytes.Buffer{}
			r, metrics := testReaper(rows, slog.New(slog.NewTextHandler(&log, nil)))
			r.reap(t.Context())
			require.Equal(t, []time.Time{time.Now().Add(-max(ahead, 0)).Round(0)}, rows.calls)
			require.Contains(t, scrape(metrics), map[time.Duration]string{
				0: "gatehouse_clock_ahead_seconds 0", time.Hour: "gatehouse_clock_ahead_seconds 3600", -time.Hour: "gatehouse_clock_ahead_seconds -3600",
			}[ahead])
			require.Contains(t, scrape(metrics), `gatehouse_reaper_runs_total{outcome="done"} 1`)
			require.Equal(t, ahead != 0, bytes.Contains(log.Bytes(), []byte("set both with NTP")))
		}
	})
}

func TestPausedRunOfTheReaperDeletesNothingAndIsNotCountedAsDone(t *testing.T) {
	rows := &expiredRows{left: 1}
	r, metrics := testReaper(rows, slog.New(slog.DiscardHandler))
	r.clock.offset = time.Hour // the clock was set back by an hour since
	r.reap(t.Context())
	require.Empty(t, rows.calls)
	page := scrape(metrics)
	require.Contains(t, page, `gatehouse_reaper_runs_total{outcome="paused"} 1`)
	require.Contains(t, page, `gatehouse_reaper_runs_total{outcome="done"} 0`)
	require.Contains(t, page, "gatehouse_reaper_last_success_timestamp_seconds 0")
}
