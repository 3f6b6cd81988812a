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
	tree    string // of the sources
	program string // that is built

	demo    time.Duration // of a cold "go run ./cli/cmd/tusker demo"
	demoCPU time.Duration // of all its processes; other work on the machine changes it less
	version time.Duration // of the fastest start of "tusker version"
	size    int64         // of the program

	versionCPU time.Duration // of all starts of "tusker version"
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
	before := &cost{tree: tree, program: filepath.Join(dir, "before")}
	after := &cost{tree: top, program: filepath.Join(dir, "after")}
	// Both take turns, so that other work on the machine hits both.
	both := []*cost{before, after}
	for range *rounds {
		for _, c := range both {
			if err := c.measureDemo(ctx, filepath.Join(dir, "cache")); err != nil {
				return err
			}
		}
	}
	for _, c := range both {
		if err := c.build(ctx); err != nil {
			return err
		}
	}
	for range starts {
		for _, c := range both {
			if err := c.measureStart(ctx); err != nil {
				return err
			}
		}
	}
	return tools.report(os.Stdout, after.rows(*before))
}

// measureDemo runs the demo with an empty cache of builds.
func (c *cost) measureDemo(ctx context.Context, cache string) error {
	if err := os.RemoveAll(cache); err != nil {
		return err
	}
	began, used := time.Now(), childrenCPU()
	if _, err := output(ctx, c.tree, "env", "GOCACHE="+cache, "go", "run", "./cli/cmd/tusker", "demo"); err != nil {
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

// build builds the program. The system keeps a file that the linker wrote in pieces of any size,
// and small ones make starts of the same program up to a fifth slower. The program is therefore a
// copy, as an installed one is.
func (c *cost) build(ctx context.Context) error {
	linked := c.program + ".linked"
	if _, err := output(ctx, c.tree, "go", "build", "-o", linked, "./cli/cmd/tusker"); err != nil {
		return err
	}
	content, err := os.ReadFile(linked)
	if err != nil {
		return err
	}
	c.size = int64(len(content))
	return os.WriteFile(c.program, content, 0o700) //nolint:gosec // a program
}

// measureStart starts the program once.
func (c *cost) measureStart(ctx context.Context) error {
	began, used := time.Now(), childrenCPU()
	if _, err := output(ctx, c.tree, c.program, "version"); err != nil {
		return err
	}
	if took := time.Since(began); c.version == 0 || took < c.version {
		c.version = took
	}
	c.versionCPU += childrenCPU() - used
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
			Check: "start of `tusker version`",
			Measured: fmt.Sprintf("%.1f ms, %.2f × %.1f ms; CPU of the mean %.1f ms, %.2f × %.1f ms", milliseconds(c.version), version, milliseconds(base.version),
				milliseconds(c.versionCPU/starts), ratio(c.versionCPU, base.versionCPU), milliseconds(base.versionCPU/starts)),
			Required: fmt.Sprintf("≤ %.1f ×", mostVersion), Met: version <= mostVersion,
		},
		{
			Check:    "size of the program",
			Measured: fmt.Sprintf("%d MiB, %d MiB before", c.size>>20, base.size>>20),
			Required: "≤ 45 MiB", Met: c.size <= mostSize,
		},
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

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
