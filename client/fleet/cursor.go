package fleet

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// cursor is how far a list was added. Each batch of items has the next one.
type cursor struct {
	List  string `json:"list,omitempty"`
	Order Order  `json:"order,omitempty"`

	// Last is the last item that the engine has. Without a path, no item of this pass was
	// added.
	Last queued `json:"last"`

	// Pass counts how often the list was added, from 1, and Done means that this pass came to
	// the end of the list. Items and Bytes are of this pass.
	Pass  int   `json:"pass"`
	Done  bool  `json:"done,omitempty"`
	Items int64 `json:"items"`
	Bytes int64 `json:"bytes"`

	// Before is the number of items of earlier passes, and BytesBefore their size.
	Before      int64 `json:"before,omitempty"`
	BytesBefore int64 `json:"bytes_before,omitempty"`

	// Roots are those that items of the list name.
	Roots []string `json:"roots,omitempty"`

	// Batch is unique for each batch, so that its author recognizes it.
	Batch string `json:"batch,omitempty"`
}

// begin returns the cursor with which a further Add begins.
func (c cursor) begin(list string, order Order) cursor {
	if c.Pass == 0 || c.Done {
		c.Before, c.BytesBefore = c.Before+c.Items, c.BytesBefore+c.Bytes
		c.Pass, c.Done, c.Items, c.Bytes, c.Last = c.Pass+1, false, 0, 0, queued{}
	}
	c.List, c.Order = list, order
	return c
}

// loadCursor returns the cursor of a list with the sequence of its message. Without one, both
// are zero.
func (j *Job) loadCursor(ctx context.Context, queue jetstream.Stream, subject string) (c cursor, last uint64, err error) {
	err = j.patiently(ctx, func(ctx context.Context) error {
		ctx, cancel := j.within(ctx)
		defer cancel()
		msg, err := lastOf(ctx, queue, subject)
		if err != nil || msg == nil {
			c, last = cursor{}, 0
			return err
		}
		last = msg.Sequence
		if err := json.Unmarshal(msg.Data, &c); err != nil {
			return fmt.Errorf("%w: the state of a list: %w", ErrJobVersion, err)
		}
		return nil
	})
	return c, last, err
}
