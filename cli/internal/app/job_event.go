package app

import (
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client/fleet"
)

// itemJSON has the fields of an item in JSON.
type itemJSON struct {
	Item      string `json:"item"` // root and path
	ItemBytes []byte `json:"item_bytes,omitempty"`
	ID        string `json:"id"`
	Size      int64  `json:"size"`
}

func newItemJSON(item fleet.Item, id string) *itemJSON {
	if item.Path == "" {
		return nil
	}
	return &itemJSON{Item: item.Name(), ItemBytes: output.Bytes(item.Name()), ID: id, Size: item.Size}
}

// jobEvent is a line of the JSON output of a worker. The names of its fields are stable.
type jobEvent struct {
	Event string `json:"event"`
	*itemJSON
	URL     string        `json:"url,omitempty"`
	Attempt int           `json:"attempt,omitempty"`
	WaitMS  *int64        `json:"wait_ms,omitempty"`
	Class   string        `json:"class,omitempty"`
	Error   *output.Error `json:"error,omitempty"`
}

// jobEvents are the names of the events in JSON.
var jobEvents = map[fleet.EventKind]string{
	fleet.EventClaimed: "claimed", fleet.EventDone: "done", fleet.EventFailed: "failed", fleet.EventPutBack: "put_back",
	fleet.EventReturned: "returned", fleet.EventLost: "lost", fleet.EventSkipped: "skipped",
	fleet.EventEngine: "engine", fleet.EventGate: "gate", fleet.EventDraining: "draining",
}

func newJobEvent(e fleet.Event) jobEvent {
	out := jobEvent{Event: jobEvents[e.Kind], itemJSON: newItemJSON(e.Item, e.ID), Attempt: e.Attempt, Error: output.NewError(e.Err)}
	if e.Result != nil {
		out.URL, out.Class = e.Result.URL, string(e.Result.Class)
		if e.Result.Message != "" {
			out.Error = &output.Error{Message: output.OneLine(e.Result.Message)}
		}
	}
	switch e.Kind {
	case fleet.EventPutBack, fleet.EventGate, fleet.EventDraining:
		wait := e.Wait.Milliseconds()
		out.WaitMS = &wait
	}
	return out
}

// jobResult is a result in JSON.
type jobResult struct {
	*itemJSON
	URL        string    `json:"url,omitempty"`
	Class      string    `json:"class,omitempty"`
	Message    string    `json:"message,omitempty"`
	Attempts   int       `json:"attempts"`
	Deliveries int       `json:"deliveries"`
	Sent       int64     `json:"sent"`
	Resumed    int64     `json:"resumed"`
	Orphans    int       `json:"orphans,omitempty"`
	Worker     string    `json:"worker,omitempty"`
	Time       time.Time `json:"time,omitzero"`
}

func newJobResult(r fleet.Result) jobResult {
	return jobResult{
		itemJSON: newItemJSON(r.Item, r.ID), URL: r.URL, Class: string(r.Class), Message: output.OneLine(r.Message), Attempts: r.Attempts, Deliveries: r.Deliveries,
		Sent: r.Sent, Resumed: r.Resumed, Orphans: r.Orphans, Worker: r.Worker, Time: r.Time,
	}
}
