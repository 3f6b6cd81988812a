package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "packages:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, args []string) error {
	flags := flag.NewFlagSet("packages", flag.ContinueOnError)
	version := flags.String("version", "", "the `VERSION` to build, such as v0.1.0")
	proxy := flags.String("proxy", "", "the `URL` of a module proxy that is asked before the others")
	out := flags.String("o", "dist", "the `DIR` for the files, which must be empty or missing")
	list := flags.String("targets", "", "the platforms as `OS/ARCH,...` (default all)")
	twice := flags.Bool("twice", false, "build a second time with empty caches and compare")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *version == "" || flags.NArg() > 0 {
		return errors.New("usage: packages -version VERSION [-proxy URL] [-o DIR] [-targets OS/ARCH,...] [-twice]")
	}
	targets, err := parseTargets(*list)
	if err != nil {
		return err
	}
	job := Job{Version: *version, Proxy: *proxy, Targets: targets}
	if err := job.Into(ctx, *out); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(*out, sumsName))
	if err != nil {
		return err
	}
	if _, err := w.Write(sums); err != nil || !*twice {
		return err
	}
	return again(ctx, job, string(sums))
}

// again runs the job with empty caches, and compares the checksums.
func again(ctx context.Context, job Job, want string) error {
	tmp, err := os.MkdirTemp("", "tusker-packages-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	job.BuildCache = filepath.Join(tmp, "cache")
	out := filepath.Join(tmp, "dist")
	if err := job.Into(ctx, out); err != nil {
		return fmt.Errorf("build again: %w", err)
	}
	got, err := os.ReadFile(filepath.Join(out, sumsName))
	if err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("a second build has other checksums:\n%s", got)
	}
	return nil
}

// Target is a platform.
type Target struct{ OS, Arch string }

func (t Target) String() string { return t.OS + "/" + t.Arch }

// program is the name of the file of the program.
func (t Target) program() string {
	if t.OS == "windows" {
		return "tusker.exe"
	}
	return "tusker"
}

// all are the platforms of a release.
func all() []Target {
	var targets []Target
	for _, system := range []string{"darwin", "linux", "windows"} {
		targets = append(targets, Target{system, "amd64"}, Target{system, "arm64"})
	}
	return targets
}

func parseTargets(list string) ([]Target, error) {
	if list == "" {
		return all(), nil
	}
	var targets []Target
	for text := range strings.SplitSeq(list, ",") {
		system, arch, _ := strings.Cut(text, "/")
		if system == "" || arch == "" {
			return nil, fmt.Errorf("%q is no platform such as linux/amd64", cmp.Or(text, list))
		}
		targets = append(targets, Target{system, arch})
	}
	return targets, nil
}
