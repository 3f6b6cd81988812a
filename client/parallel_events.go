package client

import (
	"sync"

	"github.com/tusker-go/tusker/protocol"
)

// wholeEvents adds up what happens to the parts of one upload.
type wholeEvents struct {
	events *events
	length protocol.Length

	mu           sync.Mutex
	parts        map[int]Event // what each part said last
	offset, sent int64         // of all parts together
}

func newWholeEvents(e *events, length protocol.Length) *wholeEvents {
	return &wholeEvents{events: e, length: length, parts: make(map[int]Event)}
}

// sink takes the events of one part, and gives those that concern the whole.
func (w *wholeEvents) sink(i int) *sink {
	if w.events.sink == nil {
		return nil
	}
	return &sink{every: true, call: func(part Event) { w.add(i, part) }}
}

func (w *wholeEvents) add(i int, part Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.parts[i]
	w.offset += part.Offset - was.Offset
	w.sent += part.Sent - was.Sent
	w.parts[i] = part
	kind := part.Kind
	switch kind {
	case EventCreated, EventDone, EventFailed:
		kind = EventProgress // these happen once, to the whole
	case EventResumed, EventProgress, EventRetry, EventWaiting, EventRewound:
	}
	w.events.update(kind, func(ev *Event) {
		ev.Offset, ev.Sent, ev.Length = w.offset, w.sent, w.length
		ev.Attempt, ev.Wait, ev.Err = part.Attempt, part.Wait, part.Err
	})
}
