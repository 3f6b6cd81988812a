package client

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// EventKind says what an Event tells.
type EventKind uint8

// The kinds of events, in the order in which an upload may meet them.
const (
	// EventCreated: the server made a new upload. URL is set from here on.
	EventCreated EventKind = iota + 1

	// EventResumed: the server was asked and said how much it has, of an upload
	// that was begun before or after a failure. The upload goes on from Offset.
	EventResumed

	// EventProgress: bytes were sent or acknowledged. At most one in 100 ms.
	EventProgress

	// EventRetry: an exchange failed with Err and is tried again after Wait.
	EventRetry

	// EventWaiting: the host of the next request asked another upload of the Client
	// for fewer requests. The request is sent after Wait. Err is ErrThrottled.
	EventWaiting

	// EventRewound: as EventResumed, but the server went back: it has less
	// than it had acknowledged.
	EventRewound

	// EventSettling: the server has all bytes. The source changed so shortly before
	// it was opened that a further change could not be told from that one, and is
	// looked at again after Wait, 2 s at most. Nothing is sent meanwhile, so a
	// caller that limits how many uploads it runs at a time can begin another one.
	EventSettling

	// EventDone: the upload is complete.
	EventDone

	// EventFailed: the upload ended with Err. Offset is what the server is
	// known to have.
	EventFailed
)

// String gives the name of the kind, such as "progress".
func (k EventKind) String() string {
	names := [...]string{"unknown", "created", "resumed", "progress", "retry", "waiting", "rewound", "settling", "done", "failed"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// Event tells how an upload goes on. Offset <= Sent <= Length holds always.
type Event struct {
	Kind EventKind

	// Source is the name of the source, and Part the number of the part,
	// from 1, where several sources become one upload. 0: the upload itself.
	Source string
	Part   int

	// URL is that of the upload, "" before it is created. It may be a secret.
	URL string

	// Offset is how many bytes the server has acknowledged. Sent counts also
	// those that the network took and that the server may yet lose: it falls
	// back to Offset when they have to be sent again.
	Offset, Sent int64

	// Length is the size of the upload, as far as it is known.
	Length protocol.Length

	// Attempt is the number of tries in a row without progress, in an EventRetry.
	// Wait is the time until the next request, in an EventRetry or EventWaiting, or
	// until the end of an EventSettling.
	Attempt int
	Wait    time.Duration

	// Err is why, in an EventRetry, EventWaiting or EventFailed.
	Err error
}

// progressInterval is the least time between two EventProgress.
const progressInterval = 100 * time.Millisecond

// A sink calls OnEvent, one call at a time, for one or more uploads.
type sink struct {
	mu    sync.Mutex
	call  func(Event)
	every bool // each EventProgress, for one that adds them up
}

// events are those of one upload. A nil sink costs next to nothing.
type events struct {
	sink   *sink
	source string
	part   int
	began  time.Time
	due    atomic.Int64 // when bytes that moved are worth a look, since began

	// What the last event said, guarded by sink.mu.
	url          string
	offset, sent int64
	length       protocol.Length
	last         time.Time
	ended        bool
}

func newSink(call func(Event)) *sink {
	if call == nil {
		return nil
	}
	return &sink{call: call}
}

// update changes the state with set and emits an event of that kind.
func (e *events) update(kind EventKind, set func(*Event)) {
	if e.sink == nil {
		return
	}
	e.sink.mu.Lock()
	defer e.sink.mu.Unlock()
	if e.ended {
		return
	}
	ev := Event{Kind: kind, Source: e.source, Part: e.part, URL: e.url, Offset: e.offset, Sent: e.sent, Length: e.length}
	if set != nil {
		set(&ev)
	}
	if n, ok := ev.Length.Int64(); ok {
		if n < ev.Offset {
			// The source is not the one that the upload was begun with.
			ev.Length = protocol.Length{}
		} else {
			ev.Sent = min(ev.Sent, n)
		}
	}
	ev.Sent = max(ev.Sent, ev.Offset)
	e.url, e.offset, e.sent, e.length = ev.URL, ev.Offset, ev.Sent, ev.Length
	e.ended = kind == EventDone || kind == EventFailed
	if kind == EventProgress && !e.sink.every {
		now := time.Now()
		if now.Sub(e.last) < progressInterval {
			return
		}
		e.last = now
	}
	e.sink.call(ev)
}

// anew makes the next event that of another upload.
func (e *events) anew() {
	if e.sink == nil {
		return
	}
	e.sink.mu.Lock()
	defer e.sink.mu.Unlock()
	e.url, e.offset, e.sent = "", 0, 0
}

// moved tells that the network took bytes up to sent.
func (e *events) moved(sent int64) {
	// Called for each read of a body: most calls must cost nothing.
	now := int64(time.Since(e.began))
	if now < e.due.Load() {
		return
	}
	e.due.Store(now + int64(progressInterval/2))
	e.update(EventProgress, func(ev *Event) { ev.Sent = sent })
}

// acknowledged tells that the server has offset bytes.
func (e *events) acknowledged(kind EventKind, offset int64, length protocol.Length) {
	e.update(kind, func(ev *Event) { ev.Offset, ev.Sent, ev.Length = offset, offset, length })
}
