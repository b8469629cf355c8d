package main

import (
	"bytes"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

func TestNothingIsReapedUntilAClockThatWasSetHasSettled(t *testing.T) {
	const day = 24 * time.Hour
	for name, tc := range map[string]struct {
		by      []time.Duration // how far the clock is off, minute by minute
		settled []bool
	}{
		"it runs well":                  {[]time.Duration{0, time.Second, 2 * time.Second}, []bool{true, true, true}},
		"it is corrected bit by bit":    {[]time.Duration{0, 20 * time.Second, 0, 20 * time.Second}, []bool{true, true, true, true}},
		"it is set forward":             {[]time.Duration{0, 30 * day, 30 * day}, []bool{true, false, false}},
		"it is set back":                {[]time.Duration{0, -day, -day}, []bool{true, false, false}},
		"it is set forward, and back":   {[]time.Duration{0, day, 0, 0}, []bool{true, false, false, false}},
		"a jump counts from the last":   {[]time.Duration{day, day + time.Second}, []bool{false, false}},
		"a short sleep of the computer": {[]time.Duration{29 * time.Second}, []bool{true}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &reapClock{log: slog.New(slog.DiscardHandler)}
			for i, off := range tc.by {
				up := time.Duration(i+1) * time.Minute
				require.Equal(t, tc.settled[i], c.settled(up+off, up), i)
			}
			last := tc.by[len(tc.by)-1]
			require.True(t, c.settled(time.Hour+last, time.Hour), "it goes on by the new time")
		})
	}
}

func TestReapingGoesByTheSlowerClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{0, time.Hour, -time.Hour} {
			r := &rows{left: 1, ahead: ahead}
			metrics, log := server.NewMetrics(), bytes.Buffer{}
			logger := slog.New(slog.NewTextHandler(&log, nil))
			reapAll(t.Context(), r, startReapClock(logger), metrics, logger)
			require.Equal(t, []time.Time{time.Now().Add(-max(ahead, 0)).Round(0)}, r.rounds)
			require.Contains(t, scrape(metrics), map[time.Duration]string{
				0: "gatehouse_clock_ahead_seconds 0", time.Hour: "gatehouse_clock_ahead_seconds 3600", -time.Hour: "gatehouse_clock_ahead_seconds -3600",
			}[ahead])
			require.Contains(t, scrape(metrics), `gatehouse_reaper_runs_total{outcome="done"} 1`)
			require.Equal(t, ahead != 0, bytes.Contains(log.Bytes(), []byte("have both set by NTP")))
		}
	})
}

func TestARoundThatTheClockForbidsIsNoneThatWasDone(t *testing.T) {
	r, metrics, log := &rows{left: 1}, server.NewMetrics(), slog.New(slog.DiscardHandler)
	clock := startReapClock(log)
	clock.offset = time.Hour // it was set back by an hour since
	reapAll(t.Context(), r, clock, metrics, log)
	require.Empty(t, r.rounds)
	page := scrape(metrics)
	require.Contains(t, page, `gatehouse_reaper_runs_total{outcome="paused"} 1`)
	require.Contains(t, page, `gatehouse_reaper_runs_total{outcome="done"} 0`)
	require.Contains(t, page, "gatehouse_reaper_last_success_timestamp_seconds 0")
}
