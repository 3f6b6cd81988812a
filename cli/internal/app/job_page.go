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

// mostFailures is the largest number of failures that are shown.
const mostFailures = 10

// status returns the state of the job with its last failures.
func (j *openedJob) status(ctx context.Context) (*jobpage.Status, error) {
	s, err := j.Status(ctx)
	if err != nil {
		return nil, err
	}
	var failures []fleet.Result
	if s.Failed > 0 {
		if failures, err = j.Recent(ctx, fleet.ResultFailed, mostFailures); err != nil {
			return nil, err
		}
	}
	return job.NewStatus(s, failures, time.Now()), nil
}

// serve serves the page and the metrics until the returned function is called.
func (r *jobRun) serve(ctx context.Context, addr string) (end func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, usage.Error(fmt.Errorf("--metrics: %w", err))
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	source := jobpage.Source{
		Status:  r.job.status,
		Metrics: r.metrics, Done: ctx.Done(),
	}
	host, _, _ := net.SplitHostPort(addr)
	server := &http.Server{Handler: jobpage.New(source, host), ReadHeaderTimeout: 10 * time.Second}
	var running sync.WaitGroup
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
