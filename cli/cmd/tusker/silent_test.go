package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// A time limit and a signal end the command while it reads a list of names from a pipe
// without data.
func TestSilentList(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("this system has no named pipes")
	}
	fifo := filepath.Join(t.TempDir(), "list")
	if err := exec.CommandContext(t.Context(), "mkfifo", fifo).Run(); err != nil {
		t.Skip(err)
	}
	for name, list := range map[string]string{"standard input": "-", "named pipe": fifo} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = w.Close() }()
			defer func() { _ = r.Close() }()
			cmd := exec.CommandContext(t.Context(), "tusker", "upload", "--timeout", "300ms", "--files-from", list, "http://127.0.0.1:1/files/")
			cmd.Stdin = r
			failed, ok := errors.AsType[*exec.ExitError](cmd.Run())
			if !ok || failed.ExitCode() != exit.GaveUp {
				t.Errorf("%v, want code %d", failed, exit.GaveUp)
			}
		})
	}
}
