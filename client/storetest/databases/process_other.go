//go:build !linux

package databases

import "os/exec"

func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
	}()
	return p, nil
}

// unprivileged does nothing, because tests do not run as root on these systems.
func unprivileged(*exec.Cmd, ...string) error { return nil }
