package storetest_test

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/storetest"
)

// brokenEnv names the Store that TestBrokenChild puts through the suite.
const brokenEnv = "STORETEST_BROKEN"

// brokenStore has one fault.
type brokenStore struct {
	alter func(*altered)
	found []string       // the checks that must find it
	lease func(*leasing) // changes how leases work; nil: the Store has no leases
}

// broken returns all Stores by their fault.
func broken() map[string]brokenStore {
	all := maps.Clone(brokenRecords)
	maps.Copy(all, brokenLedgers)
	maps.Copy(all, brokenRevisions)
	maps.Copy(all, brokenLeases)
	return all
}

// TestBroken checks that the suite finds each fault. The suite fails its *testing.T if it
// finds a fault, so it runs in a separate process.
func TestBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("cannot start processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	failed := regexp.MustCompile(`(?m)^    --- FAIL: TestBrokenChild/(\S+)`)
	for name, b := range broken() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenChild$")
			cmd.Env = append(os.Environ(), brokenEnv+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the suite passes")
			}
			var found []string
			for _, m := range failed.FindAllSubmatch(out, -1) {
				found = append(found, string(m[1]))
			}
			for _, want := range b.found {
				if !slices.Contains(found, want) {
					t.Errorf("%s passes; what fails is %v\n%s", want, found, out)
				}
			}
		})
	}
}

// TestBrokenChild is the body of the processes that TestBroken starts.
func TestBrokenChild(t *testing.T) {
	name := os.Getenv(brokenEnv)
	if name == "" {
		t.Skip("only for TestBroken")
	}
	const patience = 500 * time.Millisecond
	storetest.Run(t, func(*testing.T) storetest.Config {
		s := new(altered)
		b := broken()[name]
		if b.alter != nil {
			b.alter(s)
		}
		if b.lease == nil {
			return storetest.Config{Store: s, Patience: patience}
		}
		l := newLeasing(s)
		b.lease(l)
		return storetest.Config{Store: l, LoseLease: l.lose, Patience: patience}
	})
}
