package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

const (
	// modelScripts is the number of scripts in a test run, and modelShort is the number
	// with -short.
	modelScripts = 1000
	modelShort   = 100

	// envModelSeed runs one script. envSoak runs the given number of scripts with new
	// seeds.
	envModelSeed = "TUSKER_MODEL_SEED"
	envSoak      = "TUSKER_SOAK"

	modelSeedFile = "testdata/model-seeds.txt"
)

// TestModel runs random scripts of faults against tusd, or against a server of Resumable Uploads
// for HTTP, in virtual time, and compares the client with a model. See witness for the rules of
// each request, and run for the rules at the end of a call.
//
// A seed determines a script. A failure prints its seed, the script and the requests. The
// waits of the client and the order of goroutines do not depend on the seed, so a failure
// may need several runs to occur again.
func TestModel(t *testing.T) {
	t.Parallel()
	if s := os.Getenv(envModelSeed); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", envModelSeed, err)
		}
		runSeed(t, seed)
		return
	}
	// The kept seeds run first.
	for _, seed := range keptSeeds(t) {
		runScript(t, newScript(seed))
	}
	first, n := uint64(1), modelScripts
	if testing.Short() {
		n = modelShort
	}
	if s := os.Getenv(envSoak); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("%s: %v", envSoak, err)
		}
		first = rand.Uint64N(1 << 48)
	}
	t.Logf("%d scripts, beginning with seed %d", n, first)
	for i := range n {
		runSeed(t, first+uint64(i))
	}
}

// runSeed runs the script of a seed. The seed also draws the dialect.
func runSeed(t *testing.T, seed uint64) {
	t.Helper()
	if drawsRUFH(seed) {
		runDraftScript(t, newDraftScript(seed))
		return
	}
	runScript(t, newScript(seed))
}

// keptSeeds are the seeds of scripts that failed in the past.
func keptSeeds(t *testing.T) []uint64 {
	t.Helper()
	text, err := os.ReadFile(modelSeedFile)
	if err != nil {
		t.Fatal(err)
	}
	var seeds []uint64
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		seed, err := strconv.ParseUint(line, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", modelSeedFile, err)
		}
		seeds = append(seeds, seed)
	}
	return seeds
}

// modelHosts numbers the hosts. Each script has its own host, because the client keeps
// facts about hosts.
var modelHosts atomic.Uint64

func runScript(t *testing.T, s script) {
	t.Helper()
	t.Run(fmt.Sprintf("seed=%d", s.seed), func(t *testing.T) {
		t.Parallel()
		r := newRun(s, t.TempDir(), fmt.Sprintf("m%d.test", modelHosts.Add(1)))
		defer func() {
			// A bubble panics if a goroutine remains in it.
			if p := recover(); p != nil {
				r.witness.fault("panic: %v", p)
			}
			if len(r.witness.faults) > 0 {
				t.Errorf("%s\n\n%v\nrequests:\n  %s\n\nrun again with: %s=%d go test -race -count=20 -run '^TestModel$' ./integration",
					strings.Join(r.witness.faults, "\n"), s, strings.Join(r.witness.log, "\n  "), envModelSeed, s.seed)
			}
		}()
		synctest.Test(t, r.bubble)
	})
}
