package clienttest

import (
	"slices"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
)

// WantEventOrder checks the rules for the events of every upload: the last event, and no
// other, is EventDone or EventFailed, offsets are not negative, at least Offset bytes were
// sent and at most Length, and Err is set in EventRetry and EventFailed only.
func WantEventOrder(t *testing.T, list []client.Event) {
	t.Helper()
	for i, e := range list {
		n, known := e.Length.Int64()
		if e.Offset < 0 || e.Sent < e.Offset || known && e.Sent > n {
			t.Errorf("event %d, %s: offset %d, sent %d, length %v, want 0 ≤ offset ≤ sent ≤ length", i, e.Kind, e.Offset, e.Sent, e.Length)
		}
		last := i == len(list)-1
		if ends := e.Kind == client.EventDone || e.Kind == client.EventFailed; ends != last {
			t.Errorf("event %d of %d is %s", i, len(list), e.Kind)
		}
		if (e.Err != nil) != (e.Kind == client.EventRetry || e.Kind == client.EventFailed) {
			t.Errorf("event %d, %s: error %v, want an error: %t", i, e.Kind, e.Err, e.Kind == client.EventRetry || e.Kind == client.EventFailed)
		}
	}
}

// RecordEvents returns an OnEvent callback that appends to list. The list is complete when
// the call of the client has returned.
func RecordEvents(list *[]client.Event) func(client.Event) {
	return func(e client.Event) { *list = append(*list, e) }
}

// EventKinds returns the names of the kinds of events in order, without EventProgress.
func EventKinds(list []client.Event) []string {
	var names []string
	for _, e := range list {
		if e.Kind != client.EventProgress {
			names = append(names, e.Kind.String())
		}
	}
	return names
}

// WantEventKinds compares the result of [EventKinds].
func WantEventKinds(t *testing.T, list []client.Event, want ...string) {
	t.Helper()
	if got := EventKinds(list); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// WantPartEvents checks the rules for the events of an upload in parts: those of
// [WantEventOrder], the offset falls only at EventRewound, and no event is of one part.
func WantPartEvents(t *testing.T, list []client.Event) {
	t.Helper()
	WantEventOrder(t, list)
	offset := int64(0)
	for i, e := range list {
		if e.Offset < offset && e.Kind != client.EventRewound {
			t.Errorf("event %d, %s: offset %d after %d", i, e.Kind, e.Offset, offset)
		}
		offset = e.Offset
		if e.Part != 0 {
			t.Errorf("event %d, %s, is of part %d, want 0", i, e.Kind, e.Part)
		}
	}
}

// RetryWaits returns the waits that were announced by EventRetry, in order.
func RetryWaits(list []client.Event) []time.Duration {
	var waits []time.Duration
	for _, e := range list {
		if e.Kind == client.EventRetry {
			waits = append(waits, e.Wait)
		}
	}
	return waits
}
