//go:build linux

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// chaosPrograms are the programs that the processes of a run use, without the race detector.
type chaosPrograms struct{ tusker, chaos string }

func buildChaos(t *testing.T) chaosPrograms {
	t.Helper()
	if testing.Short() {
		t.Skip("runs many processes")
	}
	programs := chaosPrograms{tusker: buildTusker(t), chaos: filepath.Join(t.TempDir(), "chaos")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", programs.chaos, "./chaos").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return programs
}

// runChaos runs a plan, and logs its row of the table.
func runChaos(t *testing.T, plan chaos.Plan, fleet chaos.Fleet, programs chaosPrograms, name string) *chaos.Outcome {
	t.Helper()
	out, err := chaos.Run(t.Context(), plan, fleet, programs.tusker, os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var row strings.Builder
	chaos.WriteHead(&row)
	out.Write(&row, name)
	t.Log("\n" + row.String())
	return out
}

// S-FLEET-CHAOS: each file is finished exactly once, with its own bytes and a result, although
// workers are killed and stopped, and the server and the engine are killed.
func TestChaos(t *testing.T) {
	programs := buildChaos(t)
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			out := runChaos(t, chaos.ShortPlan(seed), &chaos.Library{Program: programs.chaos}, programs, "library")
			if err := out.Verdict.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The runs find the faults of workers that do without a part of the protocol, and no fault
// of workers that do all of it.
func TestChaosControl(t *testing.T) {
	programs := buildChaos(t)
	late := chaos.ShortPlan(0)
	late.Files, late.Latency, late.Zombies, late.Lease = 200, 0, 0.05, time.Second
	// Most of the workers that sleep would be killed.
	late.KillWorker, late.StopWorker = chaos.Interval{}, chaos.Interval{}
	slow := chaos.ShortPlan(0)
	slow.Latency = 100 * time.Millisecond
	tests := map[string]struct {
		variant chaos.Variant
		plan    chaos.Plan
		twice   bool
	}{
		"one request for each small file":      {chaos.OneRequest, slow, true},
		"records and leases without a check":   {chaos.Unchecked, late, true},
		"records of all files, and all checks": {chaos.Correct, late, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := runChaos(t, test.plan, &chaos.Simple{Program: programs.chaos, Variant: test.variant}, programs, string(test.variant))
			if test.twice && len(out.Verdict.Twice) == 0 {
				t.Error("no file was finished twice")
			}
			if err := out.Verdict.Err(); !test.twice && err != nil {
				t.Error(err)
			}
		})
	}
}
