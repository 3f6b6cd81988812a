//go:build linux

package integration

import (
	"context"
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

// run runs a plan in a folder below dir, and logs its row of the table.
func (p chaosPrograms) run(t *testing.T, plan chaos.Plan, fleet chaos.Fleet, dir, name string) *chaos.Outcome {
	t.Helper()
	out, err := chaos.Run(t.Context(), plan, fleet, p.tusker, dir)
	if err != nil {
		t.Fatal(err)
	}
	var row strings.Builder
	chaos.WriteHead(&row)
	out.Write(&row, name)
	t.Log("\n" + row.String())
	return out
}

// TestChaos runs fleets of processes. "task chaos" has the large numbers.
func TestChaos(t *testing.T) {
	programs := buildChaos(t)
	t.Run("fleets", programs.testFleets)
	t.Run("control", programs.testControl)
	t.Run("measures", programs.testMeasures)
}

// S-FLEET-ONCE: each file is finished exactly once, with its own bytes and a result, although
// workers are killed and stopped, and the server and the engine are killed.
func (p chaosPrograms) testFleets(t *testing.T) {
	late := chaos.ShortPlan(1)
	late.Zombies = 0.03
	tests := map[string]struct {
		local bool
		plan  chaos.Plan
	}{
		"an engine for all machines": {false, chaos.ShortPlan(0)},
		"the engine of one machine":  {true, late},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := p.run(t, test.plan, &chaos.Command{Tusker: p.tusker, Local: test.local}, os.TempDir(), name)
			if err := out.Verdict.Err(); err != nil {
				t.Error(err)
			}
			for _, err := range out.Failures {
				t.Log(err)
			}
		})
	}
}

// The runs find the faults of workers that do without a part of the protocol.
func (p chaosPrograms) testControl(t *testing.T) {
	late, slow := chaos.ShortPlan(0), chaos.ShortPlan(0)
	late.Files, late.Latency, late.Zombies, late.Lease = 200, 0, 0.05, time.Second
	// Most of the workers that sleep would be killed.
	late.KillWorker, late.StopWorker = chaos.Interval{}, chaos.Interval{}
	slow.Latency = 100 * time.Millisecond
	for variant, plan := range map[chaos.Variant]chaos.Plan{chaos.OneRequest: slow, chaos.Unchecked: late} {
		t.Run(string(variant), func(t *testing.T) {
			t.Parallel()
			out := p.run(t, plan, &chaos.Simple{Program: p.chaos, Variant: variant}, t.TempDir(), string(variant))
			if len(out.Verdict.Twice) == 0 {
				t.Error("no file was finished twice")
			}
		})
	}
}

// The measures have small numbers here. How long a drain takes, and what two owners send twice,
// is not compared: other tests run at the same time, and may take the CPU for longer than a
// lease.
func (p chaosPrograms) testMeasures(t *testing.T) {
	tests := map[string]func(context.Context, chaos.Setup) ([]chaos.Row, error){
		"two owners": func(ctx context.Context, setup chaos.Setup) ([]chaos.Row, error) {
			return chaos.TwoOwners(ctx, setup, 24<<20)
		},
		"takeover": func(ctx context.Context, setup chaos.Setup) ([]chaos.Row, error) {
			return chaos.Takeover(ctx, setup, 64<<20)
		},
		"replaced source": chaos.Replaced,
		"drain":           chaos.MeasureDrain,
	}
	for name, measure := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			fleet := &chaos.Command{Tusker: p.tusker, WorkFlags: []string{"--drain", chaos.Drain.String()}}
			rows, err := measure(ctx, chaos.Setup{Fleet: fleet, Tusker: p.tusker, Dir: os.TempDir()})
			var table strings.Builder
			chaos.WriteRows(&table, rows)
			t.Log("\n" + table.String())
			if err == nil && name != "drain" && name != "two owners" {
				err = chaos.Unmet(rows)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}
