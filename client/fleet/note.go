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

	// Accounted is how many deliveries are known to have had an outcome: the attempt failed,
	// or the worker gave the item back, or lost its lease and lived on. The workers of the
	// other deliveries died.
	Accounted int `json:"accounted"`

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
