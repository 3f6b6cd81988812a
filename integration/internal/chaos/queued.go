//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tusker-go/tusker/client/fleet"
)

// Queued measures an engine that has many jobs in its queue: it is killed, and has many
// connections when it is back.
func Queued(ctx context.Context, setup Setup, command *Command, jobs, connections int) ([]Row, error) {
	setup.Fleet, setup.Sizes, setup.Plan.Lease = command, []int64{1}, 30*time.Second
	stage, err := NewStage(ctx, setup)
	if err != nil {
		return nil, err
	}
	q := &queuedJobs{Stage: stage, command: command}
	err = q.run(ctx, jobs, connections)
	check := fmt.Sprintf("%d jobs queued, engine killed, %d connections: ", jobs, connections)
	rows := []Row{
		{Check: check + "memory of the engine", Measured: mib(q.rss) + " now, " + mib(q.peak) + " at most", Required: "≤ 150 MiB", Met: err == nil && q.rss > 0 && q.rss <= 150<<20},
		{Check: check + "time until it is ready", Measured: fmt.Sprintf("%.1f s", q.ready.Seconds()), Required: "≤ 30 s", Met: err == nil && q.ready <= 30*time.Second},
		{Check: check + "`status`", Measured: fmt.Sprintf("%.3f s", q.status.Seconds()), Required: "≤ 0.2 s", Met: err == nil && q.status <= 200*time.Millisecond},
	}
	return rows, stage.Close(errors.Join(err, Unmet(rows)), err)
}

// queuedJobs is a run of Queued.
type queuedJobs struct {
	*Stage
	command       *Command
	rss, peak     int64
	ready, status time.Duration
}

func (q *queuedJobs) run(ctx context.Context, jobs, connections int) error {
	if err := q.fill(ctx, jobs); err != nil {
		return fmt.Errorf("add: %w", err)
	}
	began := time.Now()
	if err := q.Engine.Restart(ctx); err != nil {
		return err
	}
	if err := q.waitForJob(ctx, jobs); err != nil {
		return err
	}
	q.ready = time.Since(began)
	for range connections {
		conn, err := q.command.connect()
		if err != nil {
			return err
		}
		defer conn.Close()
	}
	sleep(ctx, 5*time.Second)
	q.rss, q.peak = q.Engine.Process().RSS(), q.Engine.Process().PeakRSS()
	const tries = 5
	for range tries {
		began := time.Now()
		if _, err := q.command.output(ctx, q.Site, "status", manyJob); err != nil {
			return err
		}
		if took := time.Since(began); q.status == 0 || took < q.status {
			q.status = took
		}
	}
	return nil
}

// waitForJob waits until the engine answers with all jobs.
func (q *queuedJobs) waitForJob(ctx context.Context, jobs int) error {
	for {
		err := q.askJob(ctx, jobs)
		if err == nil {
			return nil
		}
		if !sleep(ctx, 100*time.Millisecond) {
			return err
		}
	}
}

func (q *queuedJobs) askJob(ctx context.Context, jobs int) error {
	job, done, err := q.command.openJob(ctx, manyJob, fleet.Config{})
	if err != nil {
		return err
	}
	defer done()
	status, err := job.Status(ctx)
	if err == nil && status.Queued != int64(jobs) {
		err = fmt.Errorf("%d jobs are queued, want %d", status.Queued, jobs)
	}
	return err
}

// fill adds jobs without files.
func (q *queuedJobs) fill(ctx context.Context, jobs int) error {
	job, done, err := q.command.openJob(ctx, manyJob, fleet.Config{Endpoint: q.Site.Endpoint})
	if err != nil {
		return err
	}
	defer done()
	modified := time.Now().Add(-2 * time.Hour)
	_, err = job.Add(ctx, func(yield func(fleet.Item, error) bool) {
		for i := range jobs {
			name := fmt.Sprintf("%04d/%04d/IMG_%08d.jpg", i/1_000_000, i/1000%1000, i)
			if !yield(fleet.Item{Root: rootName, Path: name, Size: 64 << 10, ModTime: modified}, nil) {
				return
			}
		}
	}, nil)
	return err
}

// connect connects to the engine.
func (f *Command) connect() (*nats.Conn, error) {
	token, err := f.token()
	if err != nil {
		return nil, err
	}
	return fleet.Connect(f.engine, nats.Token(token))
}

// openJob opens a job in the engine.
func (f *Command) openJob(ctx context.Context, name string, cfg fleet.Config) (*fleet.Job, func(), error) {
	conn, err := f.connect()
	if err != nil {
		return nil, nil, err
	}
	return openJob(ctx, conn, name, cfg)
}
