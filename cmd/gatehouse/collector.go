package main

import (
	"runtime/debug"
	"slices"
	"strings"
)

const (
	// collectorPercent is GOGC for a process whose live memory is a few megabytes:
	// at Go's own 100 it would be collected thirty times a second under load.
	collectorPercent = 400
	// collectorLimit is GOMEMLIMIT, in bytes: from here on the collector works as
	// often as it takes. Passwords that are hashed, 19 MiB each, and ten thousand open
	// connections leave room below it: what is alive must not come near.
	collectorLimit = 256 << 20
)

// tuneCollector trades some memory for processor time (docs/decisions/0014),
// unless the operator has chosen by Go's own variables.
func tuneCollector(environ []string) {
	set := func(name string) bool {
		return slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, name+"=") && v != name+"=" })
	}
	if set("GOGC") {
		return
	}
	debug.SetGCPercent(collectorPercent)
	if !set("GOMEMLIMIT") {
		debug.SetMemoryLimit(collectorLimit)
	}
}
