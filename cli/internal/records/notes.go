package records

import (
	"context"
	"sync"

	"github.com/tusker-go/tusker/client"
)

// CommandState says what a batch knows about the command that follows an upload.
type CommandState int

// The states of a command.
const (
	// CommandUnknown means that the run that sent the file had no command to run.
	CommandUnknown CommandState = iota
	// CommandPending means that the command has not succeeded.
	CommandPending
	// CommandDone means that the command has succeeded.
	CommandDone
)

// The notes of finished uploads in ledgers.
const (
	notePending = "command pending"
	noteDone    = "command done"
)

// CommandState returns the state of the command for the upload with this URL.
func (b *Batch) CommandState(url string) CommandState {
	if b == nil {
		return CommandUnknown
	}
	r := b.notes.find(url)
	switch {
	case r == nil:
	case r.Note == notePending:
		return CommandPending
	case r.Note == noteDone:
		return CommandDone
	}
	return CommandUnknown
}

// CommandEnded remembers that the command for the upload with this URL has succeeded. The end
// of ctx does not end CommandEnded.
func (b *Batch) CommandEnded(ctx context.Context, url string) {
	if b == nil {
		return
	}
	r := b.notes.take(url)
	if r == nil {
		return
	}
	done := *r
	done.Note = noteDone
	if err := b.add(context.WithoutCancel(ctx), &done); err != nil {
		b.journal.log.Warn("a later run will run the command again", "err", err)
	}
}

// notes has the records of finished uploads whose command has not succeeded in this run. A nil
// value keeps none. It is safe for concurrent use.
type notes struct {
	mu      sync.Mutex
	records map[string]*client.Record // by URL
}

// pending returns the record of a new upload with the note that its command is pending.
func (n *notes) pending(r *client.Record) *client.Record {
	if n == nil {
		return r
	}
	out := *r
	out.Note = notePending
	n.keep(&out)
	return &out
}

func (n *notes) keep(r *client.Record) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.records[r.URL] = r
}

// find returns the record of the upload with this URL, or nil.
func (n *notes) find(url string) *client.Record {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.records[url]
}

// take returns the record of the upload with this URL, or nil, and forgets it.
func (n *notes) take(url string) *client.Record {
	r := n.find(url)
	if r != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.records, url)
	}
	return r
}
