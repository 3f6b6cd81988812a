package client

import (
	"sync"

	"github.com/tusker-go/tusker/protocol"
)

// wholeEvents adds up what happens to the parts of one upload.
type wholeEvents struct {
	events *events
	length protocol.Length

	mu            sync.Mutex
	offsets, sent []int64 // of each part
}

func newWholeEvents(e *events, length protocol.Length, parts int) *wholeEvents {
	return &wholeEvents{events: e, length: length, offsets: make([]int64, parts), sent: make([]int64, parts)}
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
	w.offsets[i], w.sent[i] = part.Offset, part.Sent
	var offset, sent int64
	for k := range w.offsets {
		offset, sent = offset+w.offsets[k], sent+w.sent[k]
	}
	kind := part.Kind
	switch kind {
	case EventCreated, EventDone, EventFailed:
		kind = EventProgress // these happen once, to the whole
	case EventResumed, EventProgress, EventRetry, EventRewound:
	}
	w.events.update(kind, func(ev *Event) {
		ev.Offset, ev.Sent, ev.Length = offset, sent, w.length
		ev.Attempt, ev.Wait, ev.Err = part.Attempt, part.Wait, part.Err
	})
}
