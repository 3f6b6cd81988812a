package app

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// Little in use allows twice as much garbage, and much in use a quarter.
func TestGarbagePercent(t *testing.T) {
	t.Parallel()
	for inUse, want := range map[uint64]int{0: 200, 1 << 20: 200, 5 << 20: 200, 8 << 20: 125, 20 << 20: 50, 30 << 20: 25, 1 << 40: 25} {
		if got := garbagePercent(inUse); got != want {
			t.Errorf("%d bytes in use: %d %%, want %d %%", inUse, got, want)
		}
	}
}

// A large heap is collected more often, and the end restores what was set before.
func TestBoundGarbage(t *testing.T) {
	// The test changes the garbage collector of the process, so it is not parallel.
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(99)
	defer debug.SetGCPercent(before)
	end := boundGarbage()
	large := make([]byte, 4*garbageRoom)
	for percent := mostGarbage; percent != leastGarbage; percent = currentPercent() {
		runtime.GC() // the finalizer runs some time after it
	}
	runtime.KeepAlive(large)
	end()
	if got := currentPercent(); got != 99 {
		t.Errorf("GOGC is %d after the end, want 99", got)
	}
}

// currentPercent returns GOGC.
func currentPercent() int {
	percent := debug.SetGCPercent(leastGarbage)
	debug.SetGCPercent(percent)
	return percent
}
