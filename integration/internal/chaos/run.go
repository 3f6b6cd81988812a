//go:build linux

package chaos

import (
	"context"
	"errors"
	"os/exec"
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
	ctx, cancel := context.WithTimeout(ctx, plan.timeout())
	defer cancel()
	out := &Outcome{Plan: plan}
	stage, err := NewStage(ctx, Setup{
		Plan: plan, Sizes: plan.sizes(), Fleet: fleet, Tusker: tusker, Dir: dir, Proxy: plan.Zombies > 0 || plan.Latency > 0,
	})
	if err != nil {
		return out, err
	}
	r := &run{Stage: stage, out: out}
	err = r.run(ctx)
	return out, stage.Close(errors.Join(err, out.Verdict.Err()), err)
}

// run is a run of a plan.
type run struct {
	*Stage
	out   *Outcome
	swarm *swarm

	holderKills, zombies atomic.Int64
}

func (r *run) run(ctx context.Context) error {
	for _, item := range r.Site.Items {
		r.out.Bytes += item.Size
	}
	if r.Proxy != nil {
		r.Proxy.Delay(r.Site.Plan.Latency)
	}
	if err := r.work(ctx); err != nil {
		return err
	}
	var err error
	r.out.Verdict, err = r.Judge(ctx)
	return err
}

// work runs the workers and breaks processes until the first worker has seen the end.
func (r *run) work(ctx context.Context) error {
	began := time.Now()
	plan := r.Site.Plan
	r.swarm = newSwarm(plan.Workers, r.Site.Path("logs"), func() *exec.Cmd { return r.Fleet.Worker(r.Site) })
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
	r.out.ServerKills, r.out.EngineKills, r.out.Zombies = r.Tus.Kills(), int(r.holderKills.Load()), int(r.zombies.Load())
	if r.Engine != nil {
		r.out.EngineKills = r.Engine.Kills()
	}
	return errors.Join(err, <-broken)
}

// startBreakers starts a goroutine for each kind of fault. Whole is the context of the run:
// a server that was killed starts again even if the faults end meanwhile.
func (r *run) startBreakers(ctx, whole context.Context, group *sync.WaitGroup, broken chan<- error) {
	plan := r.Site.Plan
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
			if err := r.Tus.Restart(whole); err != nil {
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
	plan := r.Site.Plan
	every(ctx, plan.KillEngine, plan.random("engine"), func() {
		if r.Engine != nil {
			if err := r.Engine.Restart(whole); err != nil {
				select {
				case broken <- err:
				default:
				}
			}
			return
		}
		if p := r.swarm.find(r.Fleet.Holder(r.Site)); p != nil {
			p.Kill()
			r.holderKills.Add(1)
		}
	})
}

// makeZombies stops workers after the server has answered a creation, and before the worker
// reads the answer.
func (r *run) makeZombies(ctx context.Context) {
	var mu sync.Mutex
	random := r.Site.Plan.random("zombies")
	r.Proxy.OnCreated(func(pid int) (resume func()) {
		mu.Lock()
		defer mu.Unlock()
		if random.Float64() >= r.Site.Plan.Zombies {
			return nil
		}
		p := r.swarm.find(pid)
		if p == nil {
			return nil
		}
		r.zombies.Add(1)
		p.Signal(stopSignal)
		return func() {
			sleep(ctx, 3*r.Site.Plan.Lease)
			p.Signal(continueSignal)
		}
	})
	<-ctx.Done()
	r.Proxy.OnCreated(nil)
}
