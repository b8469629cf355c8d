package main

import (
	"runtime/debug"
	"slices"
	"strings"
)

const (
	// heapFloorSize is how much the collector takes to be alive, in bytes, besides
	// what is. What is are a few megabytes: with nothing added, it would run thirty
	// times a second under load.
	heapFloorSize = 24 << 20
	// heapFloorShare is the part of an operator's own limit (GOMEMLIMIT) that the
	// floor may take: it counts against that.
	heapFloorShare = 4
)

// heapFloor trades some memory for processor time (docs/decisions/0014). The
// memory itself is never touched, so there is none behind it. It has an effect for
// as long as somebody holds it; it is nil where the operator has tuned the
// collector by Go's own variables.
func heapFloor(environ []string) []byte {
	tuned := slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "GOGC=") && v != "GOGC=" })
	if tuned || debug.SetMemoryLimit(-1) < heapFloorShare*heapFloorSize {
		return nil
	}
	return make([]byte, heapFloorSize)
}
