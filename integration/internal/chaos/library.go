//go:build linux

package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
)

// Library is a fleet of programs that use package fleet.
type Library struct {
	// Program is the program integration/chaos, which contains the engine and the worker.
	Program string

	engine string // URL
}

// These variables are the settings of a worker process of [Library], besides those of
// [Simple].
const (
	envEngine = "TUSKER_CHAOS_ENGINE"
	envJob    = "TUSKER_CHAOS_JOB"
)

// Engine returns the command of the engine.
func (f *Library) Engine(site Site) (string, func() *exec.Cmd, error) {
	address, err := FreeAddress()
	if err != nil {
		return "", nil, err
	}
	f.engine = "nats://" + address
	return address, func() *exec.Cmd {
		return exec.Command(f.Program, "engine", address, site.Path("engine")) //nolint:noctx // The run ends it.
	}, nil
}

// RunEngine is the body of an engine process: it serves a folder until the context ends.
func RunEngine(ctx context.Context, address, dir string) error {
	server, err := embedded.Start(embedded.Config{Dir: dir, Listen: address})
	if err != nil {
		return err
	}
	defer server.Close()
	select {
	case <-ctx.Done():
	case <-server.Done():
	}
	return nil
}

// Holder returns 0, because no worker serves the engine.
func (*Library) Holder(Site) int { return 0 }

// openJob opens a job over a connection, which the function ends.
func openJob(ctx context.Context, conn *nats.Conn, name string, cfg fleet.Config) (*fleet.Job, func(), error) {
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	job, err := fleet.Open(ctx, js, name, cfg)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return job, conn.Close, nil
}

// openEngine connects to an engine and opens a job.
func openEngine(ctx context.Context, engine, name string, cfg fleet.Config) (*fleet.Job, func(), error) {
	conn, err := fleet.Connect(engine)
	if err != nil {
		return nil, nil, err
	}
	return openJob(ctx, conn, name, cfg)
}

// Add adds the items to a new job.
func (f *Library) Add(ctx context.Context, site Site) error {
	job, done, err := openEngine(ctx, f.engine, jobName, fleet.Config{Endpoint: site.Endpoint, Lease: site.Plan.Lease})
	if err != nil {
		return err
	}
	defer done()
	_, err = job.Add(ctx, func(yield func(fleet.Item, error) bool) {
		for _, item := range site.Items {
			info, err := os.Stat(filepath.Join(site.Input, filepath.FromSlash(item.Name)))
			if err != nil {
				yield(fleet.Item{}, err)
				return
			}
			if !yield(fleet.Item{Root: rootName, Path: item.Name, Size: info.Size(), ModTime: info.ModTime()}, nil) {
				return
			}
		}
	}, nil)
	return err
}

// Worker returns the command of a worker.
func (f *Library) Worker(site Site) *exec.Cmd {
	cmd := exec.Command(f.Program, "fleet-worker") //nolint:noctx // The run ends it.
	cmd.Env = append(os.Environ(),
		envEngine+"="+f.engine, envJob+"="+jobName, envInput+"="+site.Input, envSlots+"="+strconv.Itoa(site.Plan.Slots))
	return cmd
}

// RunFleetWorker is the body of a worker process of [Library].
func RunFleetWorker(ctx context.Context) error {
	slots, err := strconv.Atoi(os.Getenv(envSlots))
	if err != nil {
		return err
	}
	job, done, err := openEngine(ctx, os.Getenv(envEngine), os.Getenv(envJob), fleet.Config{})
	if err != nil {
		return err
	}
	defer done()
	return job.Work(ctx, fleet.Worker{
		Client: client.Config{}, Slots: slots, UntilDone: true,
		Open: fleet.Files(map[string]string{rootName: os.Getenv(envInput)}),
		OnEvent: func(e fleet.Event) {
			if e.Err != nil {
				fmt.Fprintf(os.Stderr, "%v %s %s: %v\n", e.Kind, e.Item.Path, e.ID, e.Err)
			}
		},
	})
}

// Results returns the results of the job.
func (f *Library) Results(ctx context.Context, _ Site) ([]Result, error) {
	job, done, err := openEngine(ctx, f.engine, jobName, fleet.Config{})
	if err != nil {
		return nil, err
	}
	defer done()
	var all []Result
	for r, err := range job.Results(ctx, fleet.ResultOK) {
		if err != nil {
			return nil, err
		}
		all = append(all, Result{Name: r.Item.Path, URL: r.URL})
	}
	return all, nil
}
