package app

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

const (
	// garbageRoom is how many bytes of garbage may pile up beside what is in use, about.
	garbageRoom = 10 << 20

	// mostGarbage and leastGarbage are the limits of GOGC.
	mostGarbage, leastGarbage = 200, 25
)

// boundGarbage adapts GOGC to what is in use after each garbage collection, unless the environment
// sets it, and returns a function that ends that. GOGC allows garbage in proportion to what is in
// use: the names of a million files would allow as much garbage as there are names.
func boundGarbage() (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(mostGarbage)
	now := mostGarbage
	var ended atomic.Bool
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	// The finalizer of an object without users runs once after each collection.
	type sentinel struct{ _ [16]byte }
	var collected func(*sentinel)
	collected = func(s *sentinel) {
		if ended.Load() {
			return
		}
		metrics.Read(inUse)
		if next := garbagePercent(inUse[0].Value.Uint64()); next != now {
			now = next
			debug.SetGCPercent(now)
		}
		runtime.SetFinalizer(s, collected)
	}
	runtime.SetFinalizer(new(sentinel), collected)
	return func() {
		ended.Store(true)
		debug.SetGCPercent(before)
	}
}

// garbagePercent returns GOGC for this number of bytes in use, in steps, because each change
// stops the program for a moment.
func garbagePercent(inUse uint64) int {
	const step = 25
	percent := garbageRoom * 100 / max(inUse, 1) / step * step
	return int(min(max(percent, leastGarbage), mostGarbage)) //nolint:gosec // at most mostGarbage
}
