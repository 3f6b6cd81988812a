package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Status is the state of a job at one moment.
type Status struct {
	// Name and Endpoint are those of the job.
	Name, Endpoint string

	// Added is how many items were added, and AddedBytes their size. An item of a list that was
	// added twice counts twice.
	Added, AddedBytes int64

	// Adding means that a list was not added to its end: an Add is at work, or was
	// interrupted and has to be repeated.
	Adding bool

	// Queued is how many items wait for their first worker. An item that was added again waits
	// again until a worker sees that it has a result, and counts each time. InFlight is how many
	// items were delivered and have no result yet: workers have them, or they wait for their next
	// attempt. Redelivered is how many of those were delivered more than once.
	Queued, InFlight, Redelivered int64

	// Done and Failed are how many items have a result. Items that were added twice count
	// once. A failed item that is added again is no longer failed once it is done.
	Done, Failed int64

	// Bytes is the size of the finished items. After the crash of a worker or of the engine,
	// a few seconds of its work may be missing.
	Bytes int64

	// Rate is how many bytes in a second all workers together send now, and FileRate how
	// many items in a second they finish. Silent workers are left out.
	Rate, FileRate float64

	// RateLimit is the limit of the job in bytes in a second. 0: none.
	RateLimit int64

	// Roots are the roots that items of the job name, in lexical order.
	Roots []string

	// Again means that a list was added more than once, so that Added and Queued may count the same
	// item several times.
	Again bool

	// Workers are those that live, by ID. A worker that died is listed for up to 30 s, and is
	// silent after 6 s.
	Workers []WorkerStatus
}

// Finished reports whether every item that was added has a result.
func (s Status) Finished() bool { return !s.Adding && s.Queued == 0 && s.InFlight == 0 }

// WorkerStatus is what a worker says of itself.
type WorkerStatus struct {
	// ID is unique for each call of Work. Host and PID are those of its process.
	ID   string `json:"id"`
	Host string `json:"host,omitempty"`
	PID  int    `json:"pid,omitempty"`

	// Slots is how many items the worker can upload at the same time, and Busy how many it
	// uploads now. Draining means that it takes no further items.
	Slots    int  `json:"slots"`
	Busy     int  `json:"busy"`
	Draining bool `json:"draining,omitempty"`

	// Done and Failed count the items that the worker finished, and Sent the bytes that it
	// handed to the network, since it began.
	Done   int64 `json:"done"`
	Failed int64 `json:"failed"`
	Sent   int64 `json:"sent"`

	// Rate and FileRate are bytes and items in a second, over the last seconds.
	Rate     float64 `json:"rate"`
	FileRate float64 `json:"file_rate"`

	// Uptime is how long the worker works, by its own clock.
	Uptime time.Duration `json:"uptime"`

	// Silent means that the engine has heard nothing of the worker for 6 s: it may have died, and
	// the other fields are what it said last.
	Silent bool `json:"-"`
}

// Status returns the state of the job. It asks the engine a few questions, whatever the number
// of items. Errors to test for: ErrNoJob, ErrEngineUnreachable, and the cause of ctx.
func (j *Job) Status(ctx context.Context) (Status, error) {
	var st Status
	err := j.patiently(ctx, func(ctx context.Context) (err error) {
		if st, err = j.queueStatus(ctx); err != nil {
			return err
		}
		return errors.Join(j.resultStatus(ctx, &st), j.workerStatus(ctx, &st))
	})
	if err != nil {
		return Status{}, fmt.Errorf("status of job %s: %w", j.name, err)
	}
	return st, nil
}

// queueStatus returns what the queue tells.
func (j *Job) queueStatus(ctx context.Context) (Status, error) {
	st := Status{Name: j.name}
	queue, err := j.js.Stream(ctx, j.queue())
	if err != nil {
		return st, engineError(err)
	}
	info, err := queue.Info(ctx, jetstream.WithSubjectFilter(j.cursors()))
	if err != nil {
		return st, engineError(err)
	}
	s, err := settingsOf(info.Config.Metadata)
	if err != nil {
		return st, err
	}
	st.Endpoint, st.RateLimit = s.Endpoint, s.RateLimit
	for subject := range info.State.Subjects {
		c, last, err := j.loadCursor(ctx, queue, subject)
		if err != nil {
			return st, err
		}
		if last != 0 {
			st.take(c)
		}
	}
	slices.Sort(st.Roots)
	st.Roots = slices.Compact(st.Roots)
	consumer, err := queue.Consumer(ctx, consumerName)
	if err != nil {
		return st, engineError(err)
	}
	claims := consumer.CachedInfo()
	st.Queued, st.InFlight, st.Redelivered = int64(claims.NumPending), int64(claims.NumAckPending), int64(claims.NumRedelivered)
	return st, nil
}

// take adds what a cursor tells.
func (s *Status) take(c cursor) {
	s.Added += c.Items + c.Before
	s.Again = s.Again || c.Pass > 1
	s.AddedBytes += c.Bytes + c.BytesBefore
	s.Adding = s.Adding || !c.Done
	s.Roots = append(s.Roots, c.Roots...)
}

// resultStatus adds what the results tell.
func (j *Job) resultStatus(ctx context.Context, st *Status) error {
	results, err := j.js.Stream(ctx, j.results())
	if err != nil {
		return engineError(err)
	}
	info, err := results.Info(ctx, jetstream.WithSubjectFilter(j.ok()))
	if err != nil {
		return engineError(err)
	}
	st.Done = int64(info.State.Subjects[j.ok()])
	st.Failed = int64(info.State.Msgs) - st.Done
	sum, err := j.last(ctx, j.sums(), j.bytes())
	if err != nil || sum == nil {
		return err
	}
	var counter struct {
		Value string `json:"val"`
	}
	if err := json.Unmarshal(sum.Data, &counter); err != nil {
		return fmt.Errorf("%w: a sum: %w", ErrJobVersion, err)
	}
	st.Bytes, err = strconv.ParseInt(counter.Value, 10, 64)
	return err
}

// silentTime is how long the engine hears nothing of a worker before it counts as silent.
const silentTime = 3 * beatInterval

// watchTime is how long the list of workers waits for the next one.
const watchTime = 250 * time.Millisecond

// workerStatus adds what the workers tell.
func (j *Job) workerStatus(ctx context.Context, st *Status) error {
	bucket, err := j.js.KeyValue(ctx, j.workers())
	if err != nil {
		return engineError(err)
	}
	// A watch gets the workers in one exchange, whatever their number.
	watcher, err := bucket.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return engineError(err)
	}
	defer func() { _ = watcher.Stop() }()
	// Both times are those of the engine.
	now, err := engineTime(ctx, bucket)
	if err != nil {
		return err
	}
	defer func() {
		slices.SortFunc(st.Workers, func(a, b WorkerStatus) int { return strings.Compare(a.ID, b.ID) })
	}()
	// A worker that leaves just now is counted by the watch, and never comes.
	idle := time.NewTimer(watchTime)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return engineError(context.Cause(ctx))
		case <-idle.C:
			return nil
		case entry := <-watcher.Updates():
			if entry == nil {
				return nil
			}
			idle.Reset(watchTime)
			var w WorkerStatus
			if json.Unmarshal(entry.Value(), &w) != nil {
				continue
			}
			if w.Silent = now.Sub(entry.Created()) > silentTime; !w.Silent {
				st.Rate += w.Rate
				st.FileRate += w.FileRate
			}
			st.Workers = append(st.Workers, w)
		}
	}
}

// engineTime returns the time by the clock of the engine.
func engineTime(ctx context.Context, bucket jetstream.KeyValue) (time.Time, error) {
	status, err := bucket.Status(ctx)
	if err != nil {
		return time.Time{}, engineError(err)
	}
	if s, ok := status.(*jetstream.KeyValueBucketStatus); ok {
		return s.StreamInfo().TimeStamp, nil
	}
	return time.Time{}, nil // no worker is silent
}
