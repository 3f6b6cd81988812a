package fleet

import (
	"context"
	"encoding/json"
	"fmt"
)

// note is what workers keep of an item that was not finished at the first delivery. It is
// about one message of the queue.
type note struct {
	Message uint64 `json:"message"` // its sequence

	// Started is how many deliveries in a row a worker began, and no worker told how they
	// ended: their workers died, but for the current one. The first delivery is not counted,
	// because most items have no other one and need no note. Delivery is the number of the
	// last one that was counted.
	Started  int `json:"started,omitempty"`
	Delivery int `json:"delivery,omitempty"`

	// Offset is how many bytes the upload server had when a worker looked. An item that
	// comes further with each worker is not the reason for their deaths.
	Offset int64 `json:"offset,omitempty"`

	// Attempts is how many attempts failed. Err is the last error.
	Attempts int    `json:"attempts,omitempty"`
	Err      string `json:"err,omitempty"`
}

// loadNote returns the note about a message, with the sequence at which it is stored. Without
// one, the note has only zeros.
func (j *Job) loadNote(ctx context.Context, id string, message uint64) (n note, last uint64, err error) {
	msg, err := j.last(ctx, j.recordStream(), j.note(id))
	if err != nil || msg == nil {
		return note{Message: message}, 0, err
	}
	// A note about an earlier message of the item counts as none, and so does a damaged one.
	if json.Unmarshal(msg.Data, &n) != nil || n.Message != message {
		n = note{Message: message}
	}
	return n, msg.Sequence, nil
}

// begin counts a delivery that a worker begins, however often it is repeated.
func (n *note) begin(delivery int) {
	if n.Delivery != delivery {
		n.Delivery = delivery
		n.Started++
	}
}

// end notes that the worker of a delivery that was counted lived on.
func (n *note) end(delivery int) {
	switch {
	case n.Delivery == delivery:
		n.Started = 0
	case n.Started > 1: // another worker has the item by now
		n.Started--
	}
}

// progress takes how many bytes the server had at the beginning of a delivery. If it has more than
// before, the item is not the reason why the earlier workers died.
func (n *note) progress(delivery int, offset int64) {
	if n.Delivery == delivery && offset > n.Offset {
		n.Started, n.Offset = 1, offset
	}
}

// isSuspect reports whether a worker has died with the item since a worker told of it.
func (n *note) isSuspect() bool { return n.Started > 1 }

// isPoison reports whether the item has killed its workers.
func (n *note) isPoison() bool { return n.Started > maxDeaths }

// changeNote changes the note about a message until no other worker interferes.
func (j *Job) changeNote(ctx context.Context, id string, message uint64, change func(*note)) error {
	return until(ctx, func(ctx context.Context) error {
		n, last, err := j.loadNote(ctx, id, message)
		if err != nil {
			return err
		}
		change(&n)
		data, err := json.Marshal(n)
		if err != nil {
			return err
		}
		if _, err = j.store(ctx, expect(j.note(id), data, last)); isConflict(err) {
			return fmt.Errorf("%w: %w", ErrEngineUnreachable, err) // worth a repetition
		}
		return err
	})
}
