package app

import (
	"os"
	"runtime/debug"
)

const (
	// mostGarbage and leastGarbage are the limits of GOGC, the garbage that may pile up in percent
	// of what is in use.
	mostGarbage, leastGarbage = 200, 25

	// garbageNames is the number of names that take as much memory as the rest of a run. GOGC is
	// lower if there are more.
	garbageNames = 60_000
)

// garbagePercent returns GOGC for a run that keeps n names. Garbage in proportion to the names of a
// million files would be as large as the names.
func garbagePercent(n int) int {
	return min(max(mostGarbage*garbageNames/max(n, 1), leastGarbage), mostGarbage)
}

// setGarbage sets GOGC, unless the environment sets it. Unset restores what was set before.
func setGarbage(percent int) (unset func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}
