package main

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeapHasAMinimumSizeUnlessTheOperatorTunesTheCollector(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	for _, tc := range []struct {
		name    string
		environ []string
		limit   int64
		size    int
	}{
		{"nothing is set", []string{"PATH=/bin", "GOGC="}, math.MaxInt64, heapFloorSize},
		{"GOMEMLIMIT is large enough", nil, heapFloorShare * heapFloorSize, heapFloorSize},
		{"GOMEMLIMIT is too small", nil, heapFloorShare*heapFloorSize - 1, 0},
		{"GOGC is set", []string{"GOGC=50"}, math.MaxInt64, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			debug.SetMemoryLimit(tc.limit)
			require.Len(t, heapFloor(tc.environ), tc.size)
		})
	}
}
