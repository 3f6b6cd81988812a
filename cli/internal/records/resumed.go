package records

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
)

// Resumed is a ledger of uploads that a command for several files began, and that another command
// finishes. It adds them to the batches of such commands, so that these do not send the files
// again. It returns no uploads. It is safe for concurrent use until it is closed.
type Resumed struct {
	store   *filestore.Store
	batches []filestore.BatchInfo
	names   remote.Names

	mu   sync.Mutex
	open map[string]*filestore.Batch // by key
}

var (
	_ client.Ledger      = (*Resumed)(nil)
	_ client.EmptyLedger = (*Resumed)(nil)
)

// NewResumed returns a ledger for the batches in store. It leaves out a batch that does not keep
// all of its names, and without verified, those whose uploads are verified.
func NewResumed(store *filestore.Store, batches []filestore.BatchState, verified bool) *Resumed {
	l := &Resumed{store: store, open: make(map[string]*filestore.Batch)}
	for _, b := range batches {
		if b.NameCount == len(b.Names) && (verified || !slices.Contains(b.Names, "--verify")) {
			l.batches = append(l.batches, b.BatchInfo)
		}
	}
	return l
}

// IsEmpty implements client.EmptyLedger.
func (l *Resumed) IsEmpty() bool { return true }

// LoadFinished implements client.Ledger.
func (l *Resumed) LoadFinished(context.Context, string, string) (*client.Record, error) {
	return nil, client.ErrNoRecord
}

// SaveFinished implements client.Ledger. A command that follows the uploads of a batch is still to
// run.
func (l *Resumed) SaveFinished(ctx context.Context, r *client.Record) error {
	r = withPath(&l.names, r)
	r.Note = notePending
	var errs []error
	for _, info := range l.batches {
		if !has(info, r) {
			continue
		}
		batch, err := l.batch(info)
		if err == nil {
			err = batch.SaveFinished(ctx, r)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (l *Resumed) batch(info filestore.BatchInfo) (*filestore.Batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if batch := l.open[info.Key()]; batch != nil {
		return batch, nil
	}
	batch, err := l.store.OpenBatch(info, BatchAge)
	if err == nil {
		l.open[info.Key()] = batch
	}
	return batch, err
}

// Close closes the files of the batches.
func (l *Resumed) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, batch := range l.open {
		errs = append(errs, batch.Close())
	}
	return errors.Join(errs...)
}

// has reports whether the names of a batch include the file of a record. A list of files may.
func has(b filestore.BatchInfo, r *client.Record) bool {
	return b.Endpoint == r.Endpoint && b.Account == r.Account && slices.ContainsFunc(b.Names, func(name string) bool {
		rest, below := strings.CutPrefix(r.Source, strings.TrimRight(name, `/\`))
		return strings.HasPrefix(name, "--files-from=") || below && (rest == "" || rest[0] == '/' || rest[0] == filepath.Separator)
	})
}
