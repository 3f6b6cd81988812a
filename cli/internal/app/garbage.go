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

	// listGarbage is GOGC for runs that list all uploads or files: less costs time, and more takes
	// the memory of as many of them.
	listGarbage = 50

	// workerGarbage is GOGC for a worker of a job. Its heap is small, and many small files leave much
	// garbage: this costs about 10 MiB of memory, and saves a tenth of the time of the worker.
	workerGarbage = 400
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
