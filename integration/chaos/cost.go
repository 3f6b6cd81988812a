//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// cost is what users pay who do not use fleets.
type cost struct {
	demo    time.Duration // of a cold "go run ./cli/cmd/tusker demo"
	demoCPU time.Duration // of all its processes; other work on the machine changes it less
	version time.Duration // of the fastest start of "tusker version"
	size    int64         // of the program
}

const (
	mostDemo    = 1.5 // times the base
	mostVersion = 1.2 // times the base
	mostSize    = 45 << 20
	starts      = 200 // of "tusker version"
)

// measureCost compares the costs of this revision with those of an earlier one.
func measureCost(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("cost", flag.ContinueOnError)
	base := flags.String("base", "", "`revision` to compare with")
	rounds := flags.Int("rounds", 1, "`number` of cold starts of the demo; the fastest one counts")
	tools := newTools(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *base == "" {
		return errors.New("name a revision with -base")
	}
	top, err := output(ctx, ".", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(tools.dir, "chaos-cost-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	tree := filepath.Join(dir, "base")
	if _, err := output(ctx, top, "git", "worktree", "add", "--detach", tree, *base); err != nil {
		return err
	}
	defer func() { _, _ = output(context.WithoutCancel(ctx), top, "git", "worktree", "remove", "--force", tree) }()
	before, after := &cost{}, &cost{}
	for range *rounds {
		// Both take turns, so that other work on the machine hits both.
		for where, c := range map[string]*cost{tree: before, top: after} {
			if err := c.measureDemo(ctx, where, filepath.Join(dir, "cache")); err != nil {
				return err
			}
		}
	}
	for where, c := range map[string]*cost{tree: before, top: after} {
		if err := c.measureProgram(ctx, where, filepath.Join(dir, "tusker")); err != nil {
			return err
		}
	}
	return tools.report(os.Stdout, after.rows(*before))
}

// measureDemo runs the demo with an empty cache of builds.
func (c *cost) measureDemo(ctx context.Context, tree, cache string) error {
	if err := os.RemoveAll(cache); err != nil {
		return err
	}
	began, used := time.Now(), childrenCPU()
	if _, err := output(ctx, tree, "env", "GOCACHE="+cache, "go", "run", "./cli/cmd/tusker", "demo"); err != nil {
		return err
	}
	if took := time.Since(began); c.demo == 0 || took < c.demo {
		c.demo = took
	}
	if used := childrenCPU() - used; c.demoCPU == 0 || used < c.demoCPU {
		c.demoCPU = used
	}
	return nil
}

// measureProgram builds the program and starts it several times.
func (c *cost) measureProgram(ctx context.Context, tree, program string) error {
	if _, err := output(ctx, tree, "go", "build", "-o", program, "./cli/cmd/tusker"); err != nil {
		return err
	}
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	c.size = info.Size()
	for range starts {
		began := time.Now()
		if _, err := output(ctx, tree, program, "version"); err != nil {
			return err
		}
		if took := time.Since(began); c.version == 0 || took < c.version {
			c.version = took
		}
	}
	return nil
}

// childrenCPU returns the CPU time of all child processes that have ended.
func childrenCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func (c *cost) rows(base cost) []chaos.Row {
	ratio := func(now, before time.Duration) float64 { return now.Seconds() / before.Seconds() }
	demo, version := ratio(c.demo, base.demo), ratio(c.version, base.version)
	return []chaos.Row{
		{
			Check: "cold `go run ./cli/cmd/tusker demo`",
			Measured: fmt.Sprintf("%.1f s, %.2f × %.1f s; CPU %.1f s, %.2f × %.1f s", c.demo.Seconds(), demo, base.demo.Seconds(),
				c.demoCPU.Seconds(), ratio(c.demoCPU, base.demoCPU), base.demoCPU.Seconds()),
			Required: fmt.Sprintf("≤ %.1f ×", mostDemo), Met: demo <= mostDemo,
		},
		{
			Check:    "start of `tusker version`",
			Measured: fmt.Sprintf("%.1f ms, %.2f × %.1f ms", float64(c.version.Microseconds())/1000, version, float64(base.version.Microseconds())/1000),
			Required: fmt.Sprintf("≤ %.1f ×", mostVersion), Met: version <= mostVersion,
		},
		{
			Check:    "size of the program",
			Measured: fmt.Sprintf("%d MiB, %d MiB before", c.size>>20, base.size>>20),
			Required: "≤ 45 MiB", Met: c.size <= mostSize,
		},
	}
}

// output runs a command in a folder.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(out.String()), nil
}
