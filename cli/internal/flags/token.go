package flags

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/retry"
)

// tokenCommand is a transport.TokenSource that runs a command for the first
// request, and keeps its token until a server refuses it. Concurrent requests get
// the token of the same run. After a failed run, a later request starts another
// one. It is a transport.Invalidator.
type tokenCommand struct {
	run func() (string, error)

	mu   sync.Mutex
	last *tokenRun // nil: the next request runs the command
}

// tokenRun is one run of the command. The result is set when done is closed.
type tokenRun struct {
	done  chan struct{}
	token string
	err   error
	ended time.Time
}

// tokenPause is the time for which a failure of the command is kept, so that the
// command does not run for each of many files.
const tokenPause = 10 * time.Second

// newTokenCommand returns a source that runs command within ctx. A failure is
// permanent.
func newTokenCommand(ctx context.Context, command string, stderr io.Writer) *tokenCommand {
	return &tokenCommand{run: func() (string, error) {
		token, err := runForToken(ctx, command, stderr)
		if err != nil {
			return "", retry.Permanent(fmt.Errorf("token command: %w", err))
		}
		return token, nil
	}}
}

// Token implements transport.TokenSource. It does not use the deadline of the
// request, which may be too short for an interactive login. The context of the
// command counts.
func (c *tokenCommand) Token(context.Context) (string, error) {
	run, first := c.current()
	if first {
		run.token, run.err = c.run()
		run.ended = time.Now()
		close(run.done)
	}
	<-run.done
	return run.token, run.err
}

// current returns the run whose token is valid. The first caller has to run the
// command.
func (c *tokenCommand) current() (run *tokenRun, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && !c.last.outlived() {
		return c.last, false
	}
	c.last = &tokenRun{done: make(chan struct{})}
	return c.last, true
}

// outlived reports whether a run failed, and tokenPause has passed since.
func (r *tokenRun) outlived() bool {
	select {
	case <-r.done:
		return r.err != nil && time.Since(r.ended) >= tokenPause
	default:
		return false
	}
}

// Invalidate implements transport.Invalidator.
func (c *tokenCommand) Invalidate(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		return
	}
	select {
	case <-c.last.done:
		if c.last.err == nil && c.last.token == token {
			c.last = nil
		}
	default:
		// Another run is already under way.
	}
}

func runForToken(ctx context.Context, command string, stderr io.Writer) (string, error) {
	var out bytes.Buffer
	cmd := shell.Command(ctx, command)
	cmd.Stdout, cmd.Stderr = &out, stderr
	// Processes that the command left running may keep its output open.
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", err
	}
	return oneToken(out.Bytes())
}
