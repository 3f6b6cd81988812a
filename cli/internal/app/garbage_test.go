package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// Few names allow twice as much garbage as there is in use, and many a quarter.
func TestGarbagePercent(t *testing.T) {
	t.Parallel()
	for names, want := range map[int]int{0: 200, 1: 200, 60_000: 200, 100_000: 120, 300_000: 40, 600_000: 25, 1 << 30: 25} {
		if got := garbagePercent(names); got != want {
			t.Errorf("%d names: %d %%, want %d %%", names, got, want)
		}
	}
}

// GOGC is set until it is restored, and the environment wins.
func TestSetGarbage(t *testing.T) {
	// The test changes the garbage collector of the process, so it is not parallel.
	before := debug.SetGCPercent(99)
	defer debug.SetGCPercent(before)
	for environment, want := range map[string]int{"": leastGarbage, "50": 99} {
		t.Setenv("GOGC", environment)
		unset := setGarbage(leastGarbage)
		if got := currentPercent(); got != want {
			t.Errorf("with GOGC=%s in the environment, GOGC is %d, want %d", environment, got, want)
		}
		unset()
		if got := currentPercent(); got != 99 {
			t.Errorf("GOGC is %d after the end, want 99", got)
		}
	}
}

// A watched folder is listed again and again, so its run keeps little garbage until it ends.
func TestGarbageOfWatch(t *testing.T) {
	// The test reads the setting of the process, so it is not parallel.
	before := debug.SetGCPercent(99)
	defer debug.SetGCPercent(before)
	t.Setenv("GOGC", "")
	ctx, cancel := context.WithCancelCause(t.Context())
	during := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if during == 0 {
			during = currentPercent()
		}
		w.WriteHeader(http.StatusForbidden)
		cancel(exit.ErrInterrupted)
	}))
	defer server.Close()
	std, _, _ := streamsFor(t)
	Run(ctx, []string{"upload", "-r", "--watch", "--watch-settle", "1ms", server.URL, filepath.Dir(tempFile(t, "hello"))}, std)
	if after := currentPercent(); during != listGarbage || after != 99 {
		t.Errorf("GOGC is %d during the run and %d afterwards, want %d and 99", during, after, listGarbage)
	}
}

// currentPercent returns GOGC.
func currentPercent() int {
	percent := debug.SetGCPercent(leastGarbage)
	debug.SetGCPercent(percent)
	return percent
}
