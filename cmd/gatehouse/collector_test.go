package main

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCollectorIsTunedUnlessTheOperatorHas(t *testing.T) {
	const untouched = 100
	percentBefore, limitBefore := debug.SetGCPercent(untouched), debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		debug.SetGCPercent(percentBefore)
		debug.SetMemoryLimit(limitBefore)
	})
	for _, tc := range []struct {
		name    string
		environ []string
		percent int
		limit   int64
	}{
		{"nothing is set", []string{"PATH=/bin", "GOGC="}, collectorPercent, collectorLimit},
		{"a limit of their own", []string{"GOMEMLIMIT=200MiB"}, collectorPercent, math.MaxInt64},
		{"a percentage of their own", []string{"GOGC=50"}, untouched, math.MaxInt64},
	} {
		t.Run(tc.name, func(t *testing.T) {
			debug.SetGCPercent(untouched)
			debug.SetMemoryLimit(math.MaxInt64)
			tuneCollector(tc.environ)
			require.Equal(t, tc.percent, debug.SetGCPercent(untouched))
			require.Equal(t, tc.limit, debug.SetMemoryLimit(-1))
		})
	}
}
