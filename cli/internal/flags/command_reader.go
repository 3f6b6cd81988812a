package flags

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/tusker-go/tusker/cli/internal/shell"
)

// commandReader reads what a shell command prints. The first Read starts the command. If the
// command fails, the last Read returns its failure in place of the end, so that what it printed
// is not taken for all of it. It is not safe for concurrent use.
type commandReader struct {
	cmd    *exec.Cmd
	stdout io.Reader // nil: the command was not started
	err    error     // how the command ended
}

// newCommandReader returns a reader of the command, which is killed when ctx ends.
func newCommandReader(ctx context.Context, command string, stderr io.Writer) *commandReader {
	cmd := shell.Command(ctx, command)
	cmd.Stderr = stderr
	// Processes that the command left running may keep its standard error open.
	cmd.WaitDelay = time.Second
	return &commandReader{cmd: cmd}
}

// Read implements io.Reader.
func (c *commandReader) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if c.stdout == nil {
		stdout, err := c.cmd.StdoutPipe()
		if err == nil {
			err = c.cmd.Start()
		}
		if err != nil {
			c.err = fmt.Errorf("--from-command: %w", err)
			return 0, c.err
		}
		c.stdout = stdout
	}
	n, err := c.stdout.Read(p)
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		_ = c.cmd.Cancel()
	}
	c.err = err
	if ended := c.cmd.Wait(); ended != nil {
		c.err = fmt.Errorf("--from-command: %w", ended)
	}
	return n, c.err
}
