package fleet

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tusker-go/tusker/protocol"
)

// queued is the message of an item in the queue. Its names are short, because there may be
// ten million of them.
type queued struct {
	Root     string            `json:"r,omitempty"`
	Path     string            `json:"p,omitempty"`
	Bytes    []byte            `json:"b,omitempty"` // the path, if it is not UTF-8
	Size     int64             `json:"n"`
	Time     int64             `json:"t,omitempty"` // of modification, in nanoseconds
	Version  string            `json:"v,omitempty"`
	Metadata protocol.Metadata `json:"m,omitempty"`

	// Look means that the item may have been added before, so a worker looks for its record
	// before it creates an upload.
	Look bool `json:"l,omitempty"`

	// Retry is unique for each time that a failed item was added again. "": the first time.
	Retry string `json:"g,omitempty"`
}

// message returns the message of an item.
func message(it Item) queued {
	q := queued{Root: it.Root, Path: it.Path, Size: it.Size, Time: unixNano(it.ModTime), Version: it.Version, Metadata: it.Metadata}
	if !utf8.ValidString(it.Path) {
		q.Path, q.Bytes = "", []byte(it.Path)
	}
	return q
}

// item returns the item of a message.
func (q queued) item() Item {
	it := Item{Root: q.Root, Path: q.Path, Size: q.Size, Version: q.Version, Metadata: q.Metadata}
	if q.Bytes != nil {
		it.Path = string(q.Bytes)
	}
	if q.Time != 0 {
		it.ModTime = time.Unix(0, q.Time).UTC()
	}
	return it
}

// readMessage reads the message of an item. The error Is ErrInvalid.
func readMessage(data []byte) (queued, Item, error) {
	var q queued
	if err := json.Unmarshal(data, &q); err != nil {
		return q, Item{}, fmt.Errorf("%w: message of an item: %w", ErrInvalid, err)
	}
	it := q.item()
	return q, it, it.Validate()
}

// outcome is the message of a result.
type outcome struct {
	ID         string `json:"id"`
	Item       queued `json:"item"`
	URL        string `json:"url,omitempty"`
	Class      Class  `json:"class,omitempty"`
	Message    string `json:"message,omitempty"`
	Sent       int64  `json:"sent,omitempty"`
	Resumed    int64  `json:"resumed,omitempty"`
	Attempts   int    `json:"attempts,omitempty"`
	Deliveries int    `json:"deliveries,omitempty"`
	Worker     string `json:"worker,omitempty"`
	Orphans    int    `json:"orphans,omitempty"`
}

// result returns the result that a message has.
func (o outcome) result() Result {
	it := o.Item.item()
	return Result{
		Item: it, ID: o.ID, Class: o.Class, Message: o.Message, URL: o.URL, Size: it.Size, Sent: o.Sent, Resumed: o.Resumed,
		Attempts: o.Attempts, Deliveries: o.Deliveries, Worker: o.Worker, Orphans: o.Orphans,
	}
}
