package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/jobpage"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client/fleet"
)

// recentFailures keeps the last failures of a job. It is safe for concurrent use.
type recentFailures struct {
	mu     sync.Mutex
	newest []fleet.Result
}

// mostFailures is the largest number of failures that are shown.
const mostFailures = 10

// follow adds failures until ctx ends.
func (f *recentFailures) follow(ctx context.Context, opened *openedJob) {
	for ctx.Err() == nil {
		f.mu.Lock()
		f.newest = nil
		f.mu.Unlock()
		for r, err := range opened.Follow(ctx, fleet.ResultFailed) {
			if err != nil {
				break
			}
			f.add(r)
		}
		select { // The engine was away for too long.
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

func (f *recentFailures) add(r fleet.Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.newest = append([]fleet.Result{r}, f.newest[:min(len(f.newest), mostFailures-1)]...)
}

func (f *recentFailures) list() []fleet.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.newest
}

// status returns the state of the job with its last failures.
func (j *openedJob) status(ctx context.Context, failures *recentFailures) (*jobpage.Status, error) {
	s, err := j.Status(ctx)
	if err != nil {
		return nil, err
	}
	return job.NewStatus(s, failures.list(), time.Now()), nil
}

// serve serves the page and the metrics until the returned function is called.
func (r *jobRun) serve(ctx context.Context, addr string) (end func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, usage.Error(fmt.Errorf("--metrics: %w", err))
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	failures := &recentFailures{}
	source := jobpage.Source{
		Status:  func(ctx context.Context) (*jobpage.Status, error) { return r.job.status(ctx, failures) },
		Metrics: r.metrics, Done: ctx.Done(),
	}
	host, _, _ := net.SplitHostPort(addr)
	server := &http.Server{Handler: jobpage.New(source, host), ReadHeaderTimeout: 10 * time.Second}
	var running sync.WaitGroup
	running.Go(func() { failures.follow(ctx, r.job) })
	running.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.a.console.Log.Error("the page has ended", "err", err)
		}
	})
	r.a.console.Say("the page about the job is at http://%s/", listener.Addr())
	return func() {
		cancel()
		_ = server.Close()
		running.Wait()
	}, nil
}

// metrics returns the metrics of this worker.
func (r *jobRun) metrics() []jobpage.Metric {
	r.mu.Lock()
	c := r.counts
	r.mu.Unlock()
	return []jobpage.Metric{
		jobpage.Counter("tusker_worker_done_total", "Items that this worker finished.", c.done),
		jobpage.Counter("tusker_worker_failed_total", "Items that failed for good at this worker.", c.failed),
		jobpage.Counter("tusker_worker_put_back_total", "Attempts that failed and will be repeated.", c.putBack),
		jobpage.Counter("tusker_worker_returned_total", "Items that this worker gave back without an attempt.", c.returned),
		jobpage.Counter("tusker_worker_lost_total", "Items whose lease this worker lost.", c.lost),
		jobpage.Counter("tusker_worker_retries_total", "Requests that failed and were sent again.", c.retries),
		jobpage.Counter("tusker_worker_sent_bytes_total", "Bytes that this worker handed to the network.", c.bytes),
		jobpage.Gauge("tusker_worker_in_flight", "Items that this worker uploads.", c.inFlight),
	}
}
