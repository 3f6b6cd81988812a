package client

import (
	"context"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/protocol"
)

// EventKind is the kind of an [Event]. 0 is no kind.
type EventKind uint8

// The kinds of events, in the order in which an upload may meet them.
const (
	// EventRestarted: there is a record of an earlier upload of this source, and a new upload
	// is made. Err says why. It Is ErrSourceChanged if the source has changed since,
	// ErrRecordDamaged or ErrRecordVersion if the record cannot be read, or an *Error if the
	// server no longer has the upload. Any other error means that the record does not fit,
	// such as that of another account. Config.Store has to be a SuffixLister for records of
	// an earlier state of the source and of other accounts.
	EventRestarted EventKind = iota + 1

	// EventCreated: the server made a new upload. URL is set in this event and later ones.
	EventCreated

	// EventResumed: the server said how much it has, at the start of an upload that was begun
	// before, or after a failure. The upload continues from Offset.
	EventResumed

	// EventProgress: bytes were sent or acknowledged. There is at most one in 100 ms.
	EventProgress

	// EventRetry: an exchange failed with Err and is tried again after Wait.
	EventRetry

	// EventWaiting: the host of the next request has asked for fewer requests, in an answer to
	// another upload of the Client. The request is sent after Wait. Err is ErrThrottled.
	EventWaiting

	// EventRewound: as EventResumed, but the server has less than it had acknowledged.
	EventRewound

	// EventSettling: the server has all bytes. The source was modified so shortly before it was
	// opened that another change might not show in its times. It is compared again after
	// Wait, at most 2 s. Nothing is sent meanwhile, so a caller that limits the number of
	// simultaneous uploads can begin another one.
	EventSettling

	// EventDone: the upload is complete.
	EventDone

	// EventFailed: the upload ended with Err. Offset is the number of bytes that the server
	// has acknowledged.
	EventFailed
)

// String returns the name of the kind, such as "progress".
func (k EventKind) String() string {
	names := [...]string{"unknown", "restarted", "created", "resumed", "progress", "retry", "waiting", "rewound", "settling", "done", "failed"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// Event tells what happened to an upload. Offset <= Sent <= Length always holds.
type Event struct {
	Kind EventKind

	// Source is the name of the source. Part is the number of the part, from 1, if
	// several sources become one upload; 0 is the upload itself.
	Source string
	Part   int

	// URL is that of the upload, or "" before it is created. It may be a secret.
	URL string

	// Offset is how many bytes the server has acknowledged. Sent also includes bytes that
	// the network took and that the server may still lose. It falls back to Offset if they
	// have to be sent again. In an EventFailed, it includes Result.Unacknowledged.
	Offset, Sent int64

	// Length is the size of the upload in bytes. The zero value: not known yet.
	Length protocol.Length

	// Attempt is the number of attempts in a row without progress, in an EventRetry. Wait
	// is the time until the next request, in an EventRetry or EventWaiting, or until the end
	// of an EventSettling.
	Attempt int
	Wait    time.Duration

	// BodyLimit is, in an EventRetry, the most bytes of the next request if the one that
	// failed was too large, see Result.BodyLimit. 0: the size does not change.
	BodyLimit int64

	// Err is the reason, in an EventRestarted, EventRetry, EventWaiting or EventFailed.
	Err error
}

// progressInterval is the least time between two EventProgress of one upload.
const progressInterval = 100 * time.Millisecond

// callback calls OnEvent for one or more uploads, one call at a time. A nil callback calls
// nothing.
type callback struct {
	mu sync.Mutex
	fn func(Event)
}

func newCallback(fn func(Event)) *callback {
	if fn == nil {
		return nil
	}
	return &callback{fn: fn}
}

// teller passes the events of one upload to a callback.
type teller struct {
	callback *callback
	source   string
	part     int

	// Guarded by callback.mu.
	last time.Time // of the last EventProgress
	done bool      // EventDone or EventFailed was told
}

var kinds = map[engine.Kind]EventKind{
	engine.Created: EventCreated, engine.Resumed: EventResumed, engine.Progress: EventProgress,
	engine.Retry: EventRetry, engine.Waiting: EventWaiting, engine.Rewound: EventRewound,
}

// hear implements engine.Listener.
func (t *teller) hear(_ context.Context, ev engine.Event) error {
	kind, ok := kinds[ev.Kind]
	if !ok || t.callback == nil {
		return nil
	}
	t.tell(Event{
		Kind: kind, URL: ev.URL, Offset: ev.Offset, Sent: ev.Sent, Length: ev.Length,
		Attempt: ev.Attempt, Wait: ev.Wait, BodyLimit: ev.BodyLimit, Err: ev.Err,
	})
	return nil
}

// ended sends EventDone or EventFailed.
func (t *teller) ended(r *Result, err error) {
	ev := Event{Kind: EventDone, URL: r.URL, Offset: r.Offset, Sent: r.Offset + r.Unacknowledged, Length: r.Length, Err: err}
	if err != nil {
		ev.Kind = EventFailed
	}
	t.tell(ev)
}

func (t *teller) tell(ev Event) {
	if t.callback == nil {
		return
	}
	ev.Source, ev.Part = t.source, t.part
	if n, known := ev.Length.Int64(); known {
		if n < ev.Offset {
			ev.Length = protocol.Length{} // the upload was begun with another source
		} else {
			ev.Sent = min(ev.Sent, n)
		}
	}
	ev.Sent = max(ev.Sent, ev.Offset)
	t.callback.mu.Lock()
	defer t.callback.mu.Unlock()
	if t.done {
		return
	}
	t.done = ev.Kind == EventDone || ev.Kind == EventFailed
	if ev.Kind == EventProgress {
		now := time.Now()
		if now.Sub(t.last) < progressInterval {
			return
		}
		t.last = now
	}
	t.callback.fn(ev)
}
