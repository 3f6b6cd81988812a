package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// A program whose output pipe was closed ends without a message. On Unix the system sends
// SIGPIPE.
func TestClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "tusker", "version")
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &stderr
	ended, ok := errors.AsType[*exec.ExitError](cmd.Run())
	if !ok || ended.ExitCode() != 1 || stderr.Len() > 0 {
		t.Errorf("the command ended with %v and %q, want code 1 and no message", ended, &stderr)
	}
}
