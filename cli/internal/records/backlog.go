package records

import (
	"errors"
	"sync"

	"github.com/tusker-go/tusker/client"
)

// backlog has the records that could not be saved because the process had too many open files.
// The zero value is empty. It is safe for concurrent use.
type backlog struct {
	mu      sync.Mutex
	records []*client.Record
}

// save calls store for the records of the backlog, and then for these. If there are too many
// open files, the remaining records are the new backlog, and that is no error. The error is the
// first one of store for another reason.
func (b *backlog) save(store func(*client.Record) error, records ...*client.Record) error {
	b.mu.Lock()
	due := append(b.records, records...)
	b.records = nil
	b.mu.Unlock()
	var first error
	for i, r := range due {
		err := store(r)
		if errors.Is(err, client.ErrScarce) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.records = append(b.records, due[i:]...)
			break
		}
		if first == nil {
			first = err
		}
	}
	return first
}
