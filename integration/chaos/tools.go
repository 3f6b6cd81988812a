//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// tools are the programs and folders of the commands.
type tools struct {
	tusker string // program
	self   string // this program
	dir    string // for all files
}

func newTools(flags *flag.FlagSet) *tools {
	t := &tools{}
	flags.StringVar(&t.tusker, "tusker", "", "the `program` tusker (default: it is built)")
	flags.StringVar(&t.dir, "dir", os.TempDir(), "`folder` for all files")
	return t
}

// build builds the program tusker, unless it was given.
func (t *tools) build(ctx context.Context) (err error) {
	if t.self, err = os.Executable(); err != nil {
		return err
	}
	if err := os.MkdirAll(t.dir, 0o755); err != nil {
		return err
	}
	if t.tusker != "" {
		t.tusker, err = filepath.Abs(t.tusker)
		return err
	}
	t.tusker = filepath.Join(t.dir, "tusker")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", t.tusker, "github.com/tusker-go/tusker/cli/cmd/tusker")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return nil
}

// fleet returns a fleet by name.
func (t *tools) fleet(name string) chaos.Fleet {
	if name == "simple" {
		name = string(chaos.Correct)
	}
	return &chaos.Simple{Program: t.self, Variant: chaos.Variant(name)}
}
