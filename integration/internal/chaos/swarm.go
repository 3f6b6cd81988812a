//go:build linux

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// swarm is a number of worker processes. A process that was killed is replaced. A process
// that ends without an error has seen the end of the job.
type swarm struct {
	command func() *exec.Cmd
	logs    string // folder
	accept  []int  // exit codes besides 0 of a worker that has seen the end of the job

	finished chan struct{} // closed when the first worker has seen the end of the job

	mu       sync.Mutex
	live     []*Process // by place; nil: none runs
	started  int
	kills    int
	stops    int
	failures []error // of workers that ended by themselves
	once     sync.Once
}

func newSwarm(n int, logs string, command func() *exec.Cmd) *swarm {
	return &swarm{command: command, logs: logs, live: make([]*Process, n), finished: make(chan struct{})}
}

// run starts the workers, and returns when all have seen the end of the job or the context
// has ended. It leaves no process behind.
func (s *swarm) run(ctx context.Context) error {
	var group sync.WaitGroup
	errs := make(chan error, len(s.live))
	for place := range s.live {
		group.Go(func() {
			if err := s.keep(ctx, place); err != nil {
				errs <- err
			}
		})
	}
	group.Wait()
	close(errs)
	return <-errs
}

// keep runs one worker after the other until one sees the end of the job.
func (s *swarm) keep(ctx context.Context, place int) error {
	for ctx.Err() == nil {
		s.mu.Lock()
		s.started++
		log := filepath.Join(s.logs, fmt.Sprintf("worker-%04d.log", s.started))
		s.mu.Unlock()
		p, err := StartProcess(s.command(), log)
		if err != nil {
			return err
		}
		s.put(place, p)
		err = p.Wait(ctx)
		s.put(place, nil)
		if err != nil && slices.Contains(s.accept, p.ExitCode()) {
			err = nil
		}
		switch {
		case ctx.Err() != nil:
			p.Kill()
		case err != nil:
			s.mu.Lock()
			s.failures = append(s.failures, err)
			s.mu.Unlock()
			sleep(ctx, 200*time.Millisecond)
		case !p.killed.Load():
			s.once.Do(func() { close(s.finished) })
			return nil
		}
	}
	return ctx.Err()
}

func (s *swarm) put(place int, p *Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[place] = p
}

// pick returns a random worker, or nil if no process runs in its place.
func (s *swarm) pick(random *rand.Rand) *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[random.IntN(len(s.live))]
}

// kill kills a random worker.
func (s *swarm) kill(random *rand.Rand) {
	if p := s.pick(random); p != nil {
		p.Kill()
		s.mu.Lock()
		s.kills++
		s.mu.Unlock()
	}
}

// pause stops a worker for a time. A nil p is no worker.
func (s *swarm) pause(ctx context.Context, p *Process, d time.Duration) {
	if p == nil {
		return
	}
	s.mu.Lock()
	s.stops++
	s.mu.Unlock()
	p.Pause(ctx, d)
}

// find returns the live worker with a process number, or nil.
func (s *swarm) find(pid int) *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.live {
		if p != nil && p.PID() == pid {
			return p
		}
	}
	return nil
}

// every calls f after each interval until the context ends.
func every(ctx context.Context, interval Interval, random *rand.Rand, f func()) {
	if interval == (Interval{}) {
		return
	}
	for sleep(ctx, interval.Draw(random)) {
		f()
	}
}
