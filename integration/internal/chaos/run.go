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
	"sync/atomic"
	"time"
)

// Fleet is what a run tests.
type Fleet interface {
	// Engine returns the command of the engine, and the address where it listens. A nil
	// function: there is no engine that a run could kill.
	Engine(site Site) (address string, command func() *exec.Cmd, err error)

	// Add makes the job with all items. Workers start afterwards.
	Add(ctx context.Context, site Site) error

	// Worker returns the command of a worker, which ends with exit code 0 when the job is
	// done. It is called for each process.
	Worker(site Site) *exec.Cmd

	// Holder returns the process number of the worker that has the engine in it, or 0.
	Holder(site Site) int

	// Results returns the results of the job.
	Results(ctx context.Context, site Site) ([]Result, error)
}

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

// Outcome is the result of a run.
type Outcome struct {
	Plan    Plan
	Verdict Verdict
	Took    time.Duration // from the start of the workers to the end of the last one
	Bytes   int64         // of all files

	WorkerKills, Stops, ServerKills, EngineKills int
	Zombies                                      int     // stops between an answer to a creation and its record
	Failures                                     []error // of workers that ended by themselves
}

// Run runs a plan in a new folder below dir, which it removes unless there is a fault. Tusker
// is the program tusker. An error means that the run did not come to its end; the verdict
// of a complete run is in the Outcome.
func Run(ctx context.Context, plan Plan, fleet Fleet, tusker, dir string) (*Outcome, error) {
	dir, err := os.MkdirTemp(dir, fmt.Sprintf("chaos-seed-%d-", plan.Seed))
	if err != nil {
		return nil, err
	}
	r := &run{fleet: fleet, tusker: tusker, site: Site{Plan: plan, Dir: dir, Input: filepath.Join(dir, "in")}, out: &Outcome{Plan: plan}}
	err = r.run(ctx)
	if err == nil && r.out.Verdict.Err() == nil {
		err = os.RemoveAll(dir)
	} else {
		_ = os.RemoveAll(r.site.Input) // It is made again by the same seed.
	}
	if err != nil {
		err = fmt.Errorf("seed %d: %w, logs are in %s", plan.Seed, err, dir)
	}
	return r.out, err
}

// run is a run of a plan.
type run struct {
	fleet  Fleet
	tusker string
	site   Site
	out    *Outcome
	tus    *Service
	proxy  *Proxy
	engine *Service // nil: none
	swarm  *swarm

	holderKills, zombies atomic.Int64
}

func (r *run) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.site.Plan.timeout())
	defer cancel()
	if err := r.prepare(ctx); err != nil {
		r.close()
		return err
	}
	defer r.close()
	if err := r.work(ctx); err != nil {
		return err
	}
	results, err := r.fleet.Results(ctx, r.site)
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	r.tus.Stop()
	r.out.Verdict, err = Judge(r.site.Path("store"), r.site.Items, results)
	return err
}

// prepare makes the files and starts the servers.
func (r *run) prepare(ctx context.Context) error {
	plan := r.site.Plan
	for _, name := range []string{"in", "store", "logs"} {
		if err := os.MkdirAll(r.site.Path(name), 0o755); err != nil {
			return err
		}
	}
	var err error
	if r.site.Items, err = WriteInput(r.site.Input, plan.Seed, plan.sizes()); err != nil {
		return err
	}
	for _, item := range r.site.Items {
		r.out.Bytes += item.Size
	}
	if r.tus, err = StartTus(ctx, r.tusker, r.site.Path("store"), r.site.Path("logs/tus.log")); err != nil {
		return err
	}
	r.site.Endpoint = "http://" + r.tus.Address + filesPath
	if plan.Zombies > 0 || plan.Latency > 0 {
		if r.proxy, err = StartProxy(r.tus.Address); err != nil {
			return err
		}
		r.proxy.Delay(plan.Latency)
		r.site.Endpoint = "http://" + r.proxy.Address + filesPath
	}
	address, engine, err := r.fleet.Engine(r.site)
	if err != nil {
		return err
	}
	if engine != nil {
		if r.engine, err = StartService(ctx, address, r.site.Path("logs/engine.log"), engine); err != nil {
			return err
		}
	}
	if err := r.fleet.Add(ctx, r.site); err != nil {
		return fmt.Errorf("add: %w", err)
	}
	return nil
}

func (r *run) close() {
	for _, s := range []*Service{r.tus, r.engine} {
		if s != nil && s.Process() != nil {
			s.Stop()
		}
	}
	if r.proxy != nil {
		r.proxy.Close()
	}
}

// work runs the workers and breaks processes until the first worker has seen the end.
func (r *run) work(ctx context.Context) error {
	began := time.Now()
	plan := r.site.Plan
	r.swarm = newSwarm(plan.Workers, r.site.Path("logs"), func() *exec.Cmd { return r.fleet.Worker(r.site) })
	breaking, stop := context.WithCancel(ctx)
	defer stop()
	var breakers sync.WaitGroup
	broken := make(chan error, 2) // one of each kind of server
	r.startBreakers(breaking, ctx, &breakers, broken)
	go func() {
		select {
		case <-ctx.Done():
		case <-r.swarm.finished:
		}
		stop()
	}()
	err := r.swarm.run(ctx)
	stop()
	breakers.Wait()
	close(broken)
	r.out.Took = time.Since(began)
	r.out.WorkerKills, r.out.Stops, r.out.Failures = r.swarm.kills, r.swarm.stops, r.swarm.failures
	r.out.ServerKills, r.out.EngineKills, r.out.Zombies = r.tus.Kills(), int(r.holderKills.Load()), int(r.zombies.Load())
	if r.engine != nil {
		r.out.EngineKills = r.engine.Kills()
	}
	return errors.Join(err, <-broken)
}

// startBreakers starts a goroutine for each kind of fault. Whole is the context of the run:
// a server that was killed starts again even if the faults end meanwhile.
func (r *run) startBreakers(ctx, whole context.Context, group *sync.WaitGroup, broken chan<- error) {
	plan := r.site.Plan
	group.Go(func() {
		random := plan.random("kill")
		every(ctx, plan.KillWorker, random, func() { r.swarm.kill(random) })
	})
	group.Go(func() {
		random := plan.random("stop")
		every(ctx, plan.StopWorker, random, func() {
			p, d := r.swarm.pick(random), plan.StopFor.Draw(random)
			group.Go(func() { r.swarm.pause(ctx, p, d) })
		})
	})
	group.Go(func() {
		every(ctx, plan.KillServer, plan.random("server"), func() {
			if err := r.tus.Restart(whole); err != nil {
				broken <- err
			}
		})
	})
	group.Go(func() { r.breakEngine(ctx, whole, broken) })
	if plan.Zombies > 0 {
		group.Go(func() { r.makeZombies(ctx) })
	}
}

// breakEngine kills the engine, or the worker that has it.
func (r *run) breakEngine(ctx, whole context.Context, broken chan<- error) {
	plan := r.site.Plan
	every(ctx, plan.KillEngine, plan.random("engine"), func() {
		if r.engine != nil {
			if err := r.engine.Restart(whole); err != nil {
				select {
				case broken <- err:
				default:
				}
			}
			return
		}
		if p := r.swarm.find(r.fleet.Holder(r.site)); p != nil {
			p.Kill()
			r.holderKills.Add(1)
		}
	})
}

// makeZombies stops workers after the server has answered a creation, and before the worker
// reads the answer.
func (r *run) makeZombies(ctx context.Context) {
	var mu sync.Mutex
	random := r.site.Plan.random("zombies")
	r.proxy.OnCreated(func(pid int) (resume func()) {
		mu.Lock()
		defer mu.Unlock()
		if random.Float64() >= r.site.Plan.Zombies {
			return nil
		}
		p := r.swarm.find(pid)
		if p == nil {
			return nil
		}
		r.zombies.Add(1)
		p.Signal(stopSignal)
		return func() {
			sleep(ctx, 3*r.site.Plan.Lease)
			p.Signal(continueSignal)
		}
	})
	<-ctx.Done()
	r.proxy.OnCreated(nil)
}
