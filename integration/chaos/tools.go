//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
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
	name   string // of the fleet
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

// fleet returns a fleet by name: simple or a variant of it, library, command (the processes
// of "tusker job" with an engine of their own), unfenced (the engine does not compare records),
// or local (they share the engine of the machine).
func (t *tools) fleet(name string) chaos.Fleet {
	switch name {
	case "simple":
		return &chaos.Simple{Program: t.self, Variant: chaos.Correct}
	case "library":
		return &chaos.Library{Program: t.self}
	case "command":
		return &chaos.Command{Tusker: t.tusker}
	case "unfenced":
		return &chaos.Command{Tusker: t.tusker, Unfenced: true}
	case "local":
		return &chaos.Command{Tusker: t.tusker, Local: true}
	}
	return &chaos.Simple{Program: t.self, Variant: chaos.Variant(name)}
}

// report writes rows, and returns an error if one of them is not met.
func (*tools) report(w io.Writer, rows []chaos.Row) error {
	chaos.WriteRows(w, rows)
	return chaos.Unmet(rows)
}
