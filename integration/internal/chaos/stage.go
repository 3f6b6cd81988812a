//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Site is where a run takes place.
type Site struct {
	Plan     Plan
	Endpoint string // of the tus server, or of the proxy in front of it
	Dir      string // of everything
	Input    string // folder of the files
	Items    []Item
}

// Path returns the path of a file or folder in the folder of the run.
func (s Site) Path(name string) string { return filepath.Join(s.Dir, name) }

// Setup describes a [Stage].
type Setup struct {
	Plan   Plan
	Sizes  []int64 // of the files; their bytes depend on Plan.Seed
	Fleet  Fleet
	Tusker string // the program tusker
	Dir    string // a new folder is made in it
	Proxy  bool   // put a proxy in front of the tus server
}

// Stage is a tus server and an engine with a job to which items were added.
type Stage struct {
	Site   Site
	Fleet  Fleet
	Tus    *Service
	Proxy  *Proxy   // nil: none
	Engine *Service // nil: none that can be killed alone

	mu        sync.Mutex
	processes []*Process // of StartCommand
}

// NewStage makes the files, starts the servers and adds the items. Call Close.
func NewStage(ctx context.Context, setup Setup) (*Stage, error) {
	dir, err := os.MkdirTemp(setup.Dir, fmt.Sprintf("chaos-seed-%d-", setup.Plan.Seed))
	if err != nil {
		return nil, err
	}
	s := &Stage{Fleet: setup.Fleet, Site: Site{Plan: setup.Plan, Dir: dir, Input: filepath.Join(dir, "in")}}
	if err := s.start(ctx, setup); err != nil {
		return nil, s.Close(err, err)
	}
	return s, nil
}

func (s *Stage) start(ctx context.Context, setup Setup) (err error) {
	for _, name := range []string{"in", "store", "logs"} {
		if err := os.MkdirAll(s.Site.Path(name), 0o755); err != nil {
			return err
		}
	}
	if s.Site.Items, err = WriteInput(s.Site.Input, setup.Plan.Seed, setup.Sizes); err != nil {
		return err
	}
	if s.Tus, err = StartTus(ctx, setup.Tusker, s.Site.Path("store"), s.Site.Path("logs/tus.log")); err != nil {
		return err
	}
	s.Site.Endpoint = "http://" + s.Tus.Address + filesPath
	if setup.Proxy {
		if s.Proxy, err = StartProxy(s.Tus.Address); err != nil {
			return err
		}
		s.Site.Endpoint = "http://" + s.Proxy.Address + filesPath
	}
	address, engine, err := s.Fleet.Engine(s.Site)
	if err != nil {
		return err
	}
	if engine != nil {
		if s.Engine, err = StartService(ctx, address, s.Site.Path("logs/engine.log"), engine); err != nil {
			return err
		}
	}
	if err := s.Fleet.Add(ctx, s.Site); err != nil {
		return fmt.Errorf("add: %w", err)
	}
	return nil
}

// StartWorker starts a worker. Name is that of its log.
func (s *Stage) StartWorker(name string) (*Process, error) {
	return s.StartCommand(s.Fleet.Worker(s.Site), name)
}

// StartCommand starts a command whose output goes to the log of this name. Close ends it.
func (s *Stage) StartCommand(cmd *exec.Cmd, name string) (*Process, error) {
	p, err := StartProcess(cmd, s.Site.Path("logs/"+name+".log"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes = append(s.processes, p)
	return p, nil
}

// Judge ends the tus server and judges its store. The workers have to have ended.
func (s *Stage) Judge(ctx context.Context) (Verdict, error) {
	results, err := s.Fleet.Results(ctx, s.Site)
	if err != nil {
		return Verdict{}, fmt.Errorf("results: %w", err)
	}
	s.Tus.Stop()
	return Judge(s.Site.Path("store"), s.Site.Items, results)
}

// Close ends all processes. It removes the folder unless there was a fault; the input is always
// removed, since the seed makes it again. It returns err, with the name of the folder.
func (s *Stage) Close(fault, err error) error {
	for _, p := range s.processes {
		p.Kill()
	}
	for _, service := range []*Service{s.Tus, s.Engine} {
		if service != nil && service.Process() != nil {
			service.Stop()
		}
	}
	if s.Proxy != nil {
		s.Proxy.Close()
	}
	if fault == nil {
		return errors.Join(err, os.RemoveAll(s.Site.Dir))
	}
	_ = os.RemoveAll(s.Site.Input)
	if err != nil {
		return fmt.Errorf("seed %d: %w, logs are in %s", s.Site.Plan.Seed, err, s.Site.Dir)
	}
	return nil
}
