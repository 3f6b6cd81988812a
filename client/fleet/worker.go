package fleet

import (
	"context"
	"time"

	"github.com/tusker-go/tusker/client"
)

// Worker describes a process that uploads items.
type Worker struct {
	// Client configures the uploads. Work sets Endpoint if it is "", and Store, Ledger, Once and
	// Recreate in any case. Without Endpoint, credentials go to the endpoint that the engine names,
	// so those who can write to the engine can get them. An Endpoint with another scheme, host or
	// path than that of the job is ErrOtherEndpoint. RateLimit applies to this worker alone,
	// besides Config.RateLimit. Retry is for one attempt of an item; nil: 4 attempts in a row
	// without progress.
	Client client.Config

	// Open returns the bytes of an item. It is called for each attempt, by several goroutines
	// at the same time. The upload closes what it opens. An error that Is ErrNoRoot or
	// ErrNoAccess gives the item to other workers. An error that Is fs.ErrNotExist, ErrMissing,
	// fs.ErrPermission, ErrUnreadable or client.ErrSourceChanged fails the item. Any other error
	// is worth a retry. See Files. nil: ErrInvalid.
	Open func(ctx context.Context, item Item) (client.Source, error)

	// Explain returns the error of an attempt as one that Open could have returned: an upload
	// may fail because of its source after Open has returned. It is also called with the
	// errors of Open, and by several goroutines at the same time. nil: errors count as they
	// are.
	Explain func(item Item, err error) error

	// Roots are the names of the roots that Open knows. If items of the job name another one
	// when Work begins, Work fails with ErrNoRoot. nil: that is not checked, and an item of
	// another root is given back.
	Roots []string

	// Options returns further options for the upload of an item. Metadata replaces that of the
	// item, unless it is nil, and must be the same at all workers. OnEvent is set by the
	// worker, and Parallel is ignored. nil: none.
	Options func(item Item) client.UploadOptions

	// Slots is how many items are uploaded at the same time. 0: 4.
	Slots int

	// Drain is how long Work continues after the end of its context: it takes no further
	// items, finishes what it can, and gives the rest back. 0: 30 s. Negative: everything is
	// given back at once.
	Drain time.Duration

	// Hurry ends the time of Drain when it is closed: everything is given back at once, for
	// example at a second Ctrl-C. nil: nothing ends it.
	Hurry <-chan struct{}

	// UntilDone has Work return when no item is queued or in flight and no list is being
	// added. False: Work waits for further items.
	UntilDone bool

	// ID names the worker in results and in the status. It must be unique. "": made of the
	// host, the process and a random part.
	ID string

	// OnEvent is called for what happens, one call at a time. It must return at once. It is
	// not called after Work has returned. nil: nothing is called.
	OnEvent func(Event)
}

// EventKind is the kind of an [Event]. 0 is no kind.
type EventKind uint8

// The kinds of events.
const (
	// EventClaimed: the worker got the item. Exactly one event of the item ends this: EventDone,
	// EventFailed, EventPutBack, EventReturned, EventLost or EventSkipped. See Event.Ends.
	EventClaimed EventKind = iota + 1

	// EventUpload: something happened to the upload of the item, see Event.Upload.
	EventUpload

	// EventDone: the item is finished, and its result is stored. See Event.Result.
	EventDone

	// EventFailed: the item failed for good, and its result is stored. See Event.Result.
	EventFailed

	// EventPutBack: the attempt failed with Err. The item is tried again after Wait.
	EventPutBack

	// EventReturned: the worker gave the item back without an attempt, because it drains,
	// because Err Is ErrNoRoot or ErrNoAccess, or because workers have died with the item and
	// the worker has another such item.
	EventReturned

	// EventLost: the lease of the item could not be renewed, so another worker may have it. Err
	// says why.
	EventLost

	// EventSkipped: the item had a result, from another worker or because it was added twice.
	EventSkipped

	// EventEngine: the engine does not answer, and Err says why, or answers again, and Err is
	// nil.
	EventEngine

	// EventGate: the upload server asked this worker or another one for fewer requests.
	// New uploads wait for the time Wait.
	EventGate

	// EventDraining: the context has ended, and the worker takes no further items. Wait is
	// how long it finishes what it has.
	EventDraining
)

// String returns the name of the kind, such as "put back".
func (k EventKind) String() string {
	names := [...]string{"unknown", "claimed", "upload", "done", "failed", "put back", "returned", "lost", "skipped", "engine", "gate", "draining"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// Event tells what happened to a worker or to one of its items.
type Event struct {
	Kind EventKind

	// Item and ID are those of the item. The zero values: the event is about the worker.
	Item Item
	ID   string

	// Attempt is the number of the attempt, from 1.
	Attempt int

	// Upload is the event of an EventUpload. The zero value: any other event.
	Upload client.Event

	// Result is the result of an EventDone or EventFailed. nil: any other event.
	Result *Result

	// Wait is a duration, see the kinds.
	Wait time.Duration

	// Err is the reason, see the kinds.
	Err error
}

// Ends reports whether the event ends what an EventClaimed of the same item began.
func (e Event) Ends() bool {
	switch e.Kind {
	case EventDone, EventFailed, EventPutBack, EventReturned, EventLost, EventSkipped:
		return true
	default:
		return false
	}
}

// Work uploads items of the job until ctx ends or, with UntilDone, until none is left. It
// returns nil in both cases. Several calls of Work, in this process and in others, share the
// items.
//
// After the end of ctx, it continues for the time Drain at most, and returns at most 2 s
// later. The items that it could not finish are recorded and given back, so that other
// workers resume them at once.
//
// An engine that stops to answer ends no call of Work: the worker waits until the engine
// answers again. Errors to test for: ErrInvalid, ErrNoJob, ErrOtherEndpoint,
// ErrEngineUnreachable if the engine does not answer at the start, ErrEngineFull,
// ErrEngineVersion, ErrUnauthorized, and the errors of client.New.
func (j *Job) Work(ctx context.Context, w Worker) error {
	return j.work(ctx, w)
}
