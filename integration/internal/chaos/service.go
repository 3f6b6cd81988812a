//go:build linux

package chaos

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"time"
)

// startTimeout is how long a server may take until it accepts connections.
const startTimeout = 60 * time.Second

// Service is a server that starts again at the same address after it was killed.
type Service struct {
	Address string

	log     string
	command func() *exec.Cmd
	mu      sync.Mutex
	process *Process
	kills   int
}

// StartService starts a server that listens on address, and waits until it accepts
// connections. Command makes the command for each start.
func StartService(ctx context.Context, address, log string, command func() *exec.Cmd) (*Service, error) {
	s := &Service{Address: address, log: log, command: command}
	return s, s.start(ctx)
}

func (s *Service) start(ctx context.Context) error {
	p, err := StartProcess(s.command(), s.log)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.process = p
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := WaitForPort(ctx, s.Address); err != nil {
		return fmt.Errorf("%w, and its output ends in: %s", err, tail(s.log))
	}
	return nil
}

// Process returns the process that runs now.
func (s *Service) Process() *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// Restart kills the server and starts it again.
func (s *Service) Restart(ctx context.Context) error {
	s.Process().Kill()
	s.mu.Lock()
	s.kills++
	s.mu.Unlock()
	return s.start(ctx)
}

// Kills returns the number of calls of Restart.
func (s *Service) Kills() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kills
}

// Stop kills the server.
func (s *Service) Stop() { s.Process().Kill() }

// StartTus starts the tus server of the program tusker, with its uploads in dir.
func StartTus(ctx context.Context, tusker, dir, log string) (*Service, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	return StartService(ctx, address, log, func() *exec.Cmd {
		return exec.Command(tusker, "serve", "--quiet", "--no-page", "--addr", address, dir) //nolint:noctx // Stop ends it.
	})
}

// filesPath is the path of the endpoint of the tus server.
const filesPath = "/files/"
