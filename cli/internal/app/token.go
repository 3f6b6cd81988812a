package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/tusker-go/tusker/retry"
)

// tokenCommand is a transport.TokenSource that runs a command when the first
// token is asked for, and keeps what it printed until a server refuses it. All
// who ask meanwhile get the token of the same run. One that failed is run again
// for those who ask later. It is a transport.Invalidator.
type tokenCommand struct {
	run func() (string, error)

	mu   sync.Mutex
	last *tokenRun // nil: the next to ask runs the command
}

// tokenRun is one run of the command. Its result is there once done is closed.
type tokenRun struct {
	done  chan struct{}
	token string
	err   error
	ended time.Time
}

// tokenPause is for how long it counts that the command failed: not each of many
// files is to start it.
const tokenPause = 10 * time.Second

// newTokenCommand runs command within ctx. That it failed is not worth a retry.
func newTokenCommand(ctx context.Context, command string, stderr io.Writer) *tokenCommand {
	return &tokenCommand{run: func() (string, error) {
		token, err := runForToken(ctx, command, stderr)
		if err != nil {
			return "", retry.Permanent(fmt.Errorf("token command: %w", err))
		}
		return token, nil
	}}
}

// Token implements transport.TokenSource. The context of the request is that of
// one try, which may be too short for somebody to log in: the command's counts.
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

// current gives the run whose token counts. Who is the first to get it has to
// run the command.
func (c *tokenCommand) current() (run *tokenRun, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && !c.last.outlived() {
		return c.last, false
	}
	c.last = &tokenRun{done: make(chan struct{})}
	return c.last, true
}

// outlived tells of a run that failed, and not just now.
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
		// A new one is on its way.
	}
}

func runForToken(ctx context.Context, command string, stderr io.Writer) (string, error) {
	var out bytes.Buffer
	cmd := shell(ctx, command)
	cmd.Stdout, cmd.Stderr = &out, stderr
	// What the command left running may hold its output open.
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", err
	}
	return oneToken(out.Bytes())
}

func shell(ctx context.Context, command string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return exec.CommandContext(ctx, "cmd", "/C", command)
	}
	return exec.CommandContext(ctx, "sh", "-c", command)
}
