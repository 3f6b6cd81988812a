//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"
)

// Rate is how fast a number of processes upload many small files.
type Rate struct {
	Files          int
	Fleet, Direct  time.Duration // with the fleet, and with two requests per file and nothing else
	Engine, Server time.Duration // CPU time of the engine and of the tus server, with the fleet
}

// MeasureRate measures a fleet without faults. Each of the workers uploads the numbers of
// files at a time that the plan names.
func MeasureRate(ctx context.Context, setup Setup, program string) (Rate, error) {
	files := len(setup.Sizes)
	rate := Rate{Files: files}
	stage, err := NewStage(ctx, setup)
	if err != nil {
		return rate, err
	}
	// The direct requests come before and after the fleet, because other work on the machine and
	// the number of files in the folder of the server change the speed.
	before, err := stage.direct(ctx, program)
	if err == nil {
		err = stage.rate(ctx, &rate)
	}
	if err == nil {
		var after time.Duration
		after, err = stage.direct(ctx, program)
		rate.Direct = (before + after) / 2
	}
	return rate, stage.Close(err, err)
}

// rate runs workers until the job is done.
func (s *Stage) rate(ctx context.Context, rate *Rate) error {
	var cpu time.Duration
	if s.Engine != nil {
		cpu = s.Engine.Process().CPU()
	}
	server := s.Tus.Process().CPU()
	began := time.Now()
	if err := s.together(ctx, "worker", func(int) *exec.Cmd { return s.Fleet.Worker(s.Site) }); err != nil {
		return err
	}
	rate.Fleet = time.Since(began)
	rate.Server = s.Tus.Process().CPU() - server
	if s.Engine != nil {
		rate.Engine = s.Engine.Process().CPU() - cpu
	}
	results, err := s.Fleet.Results(ctx, s.Site)
	if err == nil && len(results) != rate.Files {
		err = fmt.Errorf("%d results, want %d", len(results), rate.Files)
	}
	return err
}

// direct uploads the files with two requests each, from as many processes.
func (s *Stage) direct(ctx context.Context, program string) (time.Duration, error) {
	began := time.Now()
	err := s.together(ctx, "direct", func(n int) *exec.Cmd {
		cmd := exec.Command(program, "direct") //nolint:noctx // The process is waited for.
		cmd.Env = append(os.Environ(), envEndpoint+"="+s.Site.Endpoint, envInput+"="+s.Site.Input,
			envSlots+"="+strconv.Itoa(s.Site.Plan.Slots), envShare+"="+strconv.Itoa(n)+"/"+strconv.Itoa(s.Site.Plan.Workers))
		return cmd
	})
	return time.Since(began), err
}

// together runs as many processes as the plan has workers until all have ended.
func (s *Stage) together(ctx context.Context, name string, command func(n int) *exec.Cmd) error {
	all := make([]*Process, s.Site.Plan.Workers)
	for i := range all {
		p, err := s.StartCommand(command(i), fmt.Sprintf("%s-%d", name, i))
		if err != nil {
			return err
		}
		all[i] = p
	}
	var errs []error
	for _, p := range all {
		if err := p.Wait(ctx); err != nil {
			errs = append(errs, err)
			p.Kill()
		}
	}
	return errors.Join(errs...)
}

// Rows returns the rows of the table.
func (r Rate) Rows(name string) []Row {
	persecond := func(d time.Duration) float64 { return float64(r.Files) / d.Seconds() }
	fleet, direct := persecond(r.Fleet), persecond(r.Direct)
	each := func(d time.Duration) string {
		return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000/float64(r.Files))
	}
	return []Row{
		{
			Check:    fmt.Sprintf("%s: %d files of 4 KiB", name, r.Files),
			Measured: fmt.Sprintf("%.0f files/s; CPU per file: engine %s, tus server %s", fleet, each(r.Engine), each(r.Server)),
			Required: "≥ 1,200 files/s", Met: fleet >= 1200,
		},
		{
			Check:    name + ": against two direct requests per file",
			Measured: fmt.Sprintf("%.2f × %.0f files/s", fleet/direct, direct),
			Required: "≥ 0.5 ×", Met: fleet >= direct/2,
		},
	}
}

// SameSizes returns n times the same size.
func SameSizes(n int, size int64) []int64 { return slices.Repeat([]int64{size}, n) }
