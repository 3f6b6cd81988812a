//go:build linux

package chaos

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// Process is a child process whose output goes to a file. It dies with its parent.
type Process struct {
	Log string // name of the file with its output

	cmd    *exec.Cmd
	done   chan struct{} // closed when the process has ended
	err    error         // of the process, valid after done
	killed atomic.Bool   // by Kill
}

// StartProcess starts cmd. Its output is appended to the file log. The end of ctx does not
// end the process: call Kill.
func StartProcess(cmd *exec.Cmd, log string) (*Process, error) {
	out, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	if cmd.Stdout == nil {
		cmd.Stdout = out
	}
	cmd.Stderr = out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{Log: log, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID returns the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill sends SIGKILL and waits until the process has ended.
func (p *Process) Kill() {
	p.killed.Store(true)
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Signal sends a signal. A process that has ended is not an error.
func (p *Process) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// Pause stops the process for a time, or until the context ends.
func (p *Process) Pause(ctx context.Context, d time.Duration) {
	p.Signal(syscall.SIGSTOP)
	sleep(ctx, d)
	p.Signal(syscall.SIGCONT)
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the process. The error contains the end of its output. A
// process that Kill has ended returns no error.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
	}
	if p.err == nil || p.killed.Load() {
		return nil
	}
	return fmt.Errorf("%w, and its output ends in: %s", p.err, tail(p.Log))
}

// ExitCode returns the exit code of a process that has ended, or -1.
func (p *Process) ExitCode() int {
	if p.cmd.ProcessState == nil {
		return -1
	}
	return p.cmd.ProcessState.ExitCode()
}

// MaxRSS returns the largest resident size of a process that has ended, in bytes.
func (p *Process) MaxRSS() int64 {
	usage, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}

// tail returns the end of a file.
func tail(name string) string {
	const most = 2000
	b, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-most):])
}

// sleep waits for a time and tells whether the context still runs.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// The ports of servers that are killed are below those that the system gives to outgoing
// connections: otherwise a connection could take the port of a server that is down.
const (
	lowestPort  = 12000
	highestPort = 32000
)

// nextPort is where the search for a free port continues.
var nextPort atomic.Int64

// FreeAddress returns an address of the loopback interface with a free port.
func FreeAddress() (string, error) {
	nextPort.CompareAndSwap(0, int64(lowestPort+os.Getpid()*97%(highestPort-lowestPort)))
	for range 1000 {
		port := lowestPort + nextPort.Add(1)%(highestPort-lowestPort)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if l, err := net.Listen("tcp", address); err == nil { //nolint:noctx // It is closed at once.
			return address, l.Close()
		}
	}
	return "", fmt.Errorf("no port from %d to %d is free", lowestPort, highestPort)
}

// WaitForPort waits until address accepts connections.
func WaitForPort(ctx context.Context, address string) error {
	var d net.Dialer
	for {
		conn, err := d.DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		if !sleep(ctx, 10*time.Millisecond) {
			return fmt.Errorf("waiting for %s: %w, after %w", address, ctx.Err(), err)
		}
	}
}
