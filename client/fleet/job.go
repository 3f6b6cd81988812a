package fleet

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Job is a job in an engine. [Open] returns it. It is safe for concurrent use.
type Job struct {
	name     string
	js       jetstream.JetStream
	endpoint string
	lease    time.Duration
}

// Open opens the job of this name, which has 1 to 64 letters, digits and "-". It makes the
// job if cfg names an endpoint and there is no such job. It changes the settings of a job that
// exists if cfg has others. Errors to test for: ErrNoJob, ErrOtherEndpoint, ErrJobVersion,
// ErrInvalid, ErrEngineUnreachable, ErrEngineFull, ErrEngineVersion and ErrUnauthorized.
//
// The connection of js should be made with nats.MaxReconnects(-1) and
// nats.RetryOnFailedConnect(true), so that workers survive a restart of the engine. It must
// stay open while the job is used.
func Open(ctx context.Context, js jetstream.JetStream, name string, cfg Config) (*Job, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return nil, errUnfinished
}

var errUnfinished = errors.New("fleet: not written yet")

// Remove removes the job of this name with its queue, its records and its results. Uploads
// stay on their server. The error Is ErrNoJob if there is none. Workers that are at work on
// the job end with ErrNoJob.
func Remove(ctx context.Context, js jetstream.JetStream, name string) error { return errUnfinished }

// List returns the names of all jobs in lexical order.
func List(ctx context.Context, js jetstream.JetStream) ([]string, error) { return nil, errUnfinished }

// Name returns the name of the job.
func (j *Job) Name() string { return j.name }

// Endpoint returns the creation URL of the job, without user information and query.
func (j *Job) Endpoint() string { return j.endpoint }

// Lease returns the lease of the job, see Config.Lease.
func (j *Job) Lease() time.Duration { return j.lease }

// Remove removes the job, see the function Remove.
func (j *Job) Remove(ctx context.Context) error { return Remove(ctx, j.js, j.name) }

// AddOptions describes what Add adds. nil and the zero value: a list without a name, in
// OrderWalk.
type AddOptions struct {
	// List names the list, such as the arguments of the command that made it. An Add that was
	// interrupted is resumed by an Add of the same List. Each List has its own state, so
	// different lists may be added at the same time.
	List string

	// Order is the order of the items.
	Order Order

	// OnProgress is called after each batch. It must return at once. nil: nothing is called.
	OnProgress func(Added)
}

// Added says how far an Add got.
type Added struct {
	// Items is how many items this call added to the queue, and Bytes their size.
	Items, Bytes int64

	// Resumed is how many items of the list an earlier call, which was interrupted, had
	// added before.
	Resumed int64
}

// Add adds items to the job, each exactly once, in batches. The items must be in the order
// that the options name, or Add fails with ErrOrder.
//
// An Add that fails or is killed can be repeated with the same list: it continues after the
// last item that the engine stored. When a list was added to its end, a further Add adds it
// again from the beginning: items that are finished in the same version are not uploaded
// again, and items with another size, time or version are new.
//
// If items fails with an error, Add stores the items before it and returns the error. Other
// errors to test for: ErrOrder, ErrInvalid, ErrBusy, ErrNoJob, ErrEngineFull,
// ErrEngineUnreachable, and the cause of ctx. The result says how much was added, also after
// an error.
func (j *Job) Add(ctx context.Context, items iter.Seq2[Item, error], opts *AddOptions) (Added, error) {
	return Added{}, errUnfinished
}

// Retry adds failed items to the queue again, and removes their results. Without names, it
// adds all failed items; otherwise those whose ID, Name or Path is in names. An item of
// ClassUncertain, ClassChanged or ClassRefused is uploaded from its beginning, and any other
// item is resumed. It returns how many items were added. Names that match no failed item are
// an error that Is ErrInvalid, after the others were added.
func (j *Job) Retry(ctx context.Context, names ...string) (int64, error) {
	return 0, errUnfinished
}

// Status returns the state of the job. It asks the engine a fixed number of questions,
// whatever the number of items.
func (j *Job) Status(ctx context.Context) (Status, error) { return Status{}, errUnfinished }

func (j *Job) work(ctx context.Context, w Worker) error { return errUnfinished }

func (j *Job) results(ctx context.Context, f Filter, follow bool) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) { yield(Result{}, errUnfinished) }
}
