package records

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
)

// BatchAge is for how long a batch that is not complete is remembered after its last upload. A
// server may have deleted older uploads.
const BatchAge = 7 * 24 * time.Hour

// batchOpener is a store that keeps the uploads of batches.
type batchOpener interface {
	OpenBatch(info filestore.BatchInfo, maxAge time.Duration) (*filestore.Batch, error)
}

// Batch is the ledger of an upload command. It keeps which files of the command are finished
// until all of them are. The zero value cannot be used; NewBatch makes one. It is safe for
// concurrent use after Begin.
type Batch struct {
	journal *Journal
	lasting *Ledger // nil: without --skip-sent
	notes   *notes  // nil: no command follows the uploads
	info    filestore.BatchInfo

	mu      sync.Mutex
	begun   bool
	batch   *filestore.Batch // nil: not opened
	failure repeatedFailure
	backlog backlog
}

// NewBatch returns a ledger beside the records of j. Lasting has the finished uploads of other
// commands. If it is not nil, new ones are added to it, and not to the batch. Commands means
// that a command follows each upload, whose state CommandState returns.
func NewBatch(j *Journal, lasting *Ledger, commands bool) *Batch {
	b := &Batch{journal: j, lasting: lasting}
	if commands {
		b.notes = &notes{records: make(map[string]*client.Record)}
	}
	return b
}

// Begin reads what earlier runs of the batch have finished, and returns the number of uploads.
// Before Begin, and without it, the batch has no uploads and keeps none.
func (b *Batch) Begin(info filestore.BatchInfo) int {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun, b.info = true, info
	if !b.journal.exists() {
		return 0
	}
	if err := b.open(); err != nil {
		b.journal.log.Warn("the files that an earlier run has sent are not known", "err", err)
	}
	if b.batch == nil {
		return 0
	}
	return b.batch.Len()
}

// open opens the batch, unless it is open, has not begun, or the store keeps no batches.
func (b *Batch) open() (err error) {
	if !b.begun || b.batch != nil {
		return nil
	}
	if opener, ok := b.journal.open().(batchOpener); ok {
		b.batch, err = opener.OpenBatch(b.info, BatchAge)
	}
	return err
}

func (b *Batch) current() *filestore.Batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.batch
}

// HasSource reports whether an earlier run of the batch finished the file, in any state.
func (b *Batch) HasSource(name string) bool {
	if b == nil {
		return false
	}
	batch := b.current()
	if batch == nil {
		return false
	}
	path, err := b.journal.names.Absolute(name)
	return err == nil && batch.HasSource(path)
}

// IsEmpty implements client.EmptyLedger.
func (b *Batch) IsEmpty() bool {
	if b.lasting != nil {
		return false
	}
	batch := b.current()
	return batch == nil || batch.Len() == 0
}

// LoadFinished implements client.Ledger.
func (b *Batch) LoadFinished(ctx context.Context, endpoint, key string) (*client.Record, error) {
	r, err := b.load(ctx, endpoint, key)
	if err == nil {
		b.notes.keep(r)
	}
	return r, err
}

func (b *Batch) load(ctx context.Context, endpoint, key string) (*client.Record, error) {
	if b.lasting != nil {
		if r, err := b.lasting.LoadFinished(ctx, endpoint, key); !errors.Is(err, client.ErrNoRecord) {
			return r, err
		}
	}
	batch := b.current()
	if batch == nil {
		return nil, client.ErrNoRecord
	}
	return batch.LoadFinished(ctx, endpoint, key)
}

// Prepare makes the folder of records before many files are sent, because these may use all
// open files that the system allows. A nil Batch has nothing to prepare.
func (b *Batch) Prepare() {
	if b != nil {
		b.journal.open()
	}
}

// SaveFinished implements client.Ledger. It reports a full disk once, and not for each of many
// files. A lack of open files is no error, because the client reports that: the record is
// saved with the next one, or by End.
func (b *Batch) SaveFinished(ctx context.Context, r *client.Record) error {
	return b.add(ctx, b.notes.pending(withPath(&b.journal.names, r)))
}

// add saves the backlog and these records.
func (b *Batch) add(ctx context.Context, records ...*client.Record) error {
	return b.failure.first(b.backlog.save(func(r *client.Record) error { return b.save(ctx, r) }, records...))
}

func (b *Batch) save(ctx context.Context, r *client.Record) error {
	if b.lasting != nil {
		return b.lasting.SaveFinished(ctx, r)
	}
	b.mu.Lock()
	err := b.open()
	batch := b.batch
	b.mu.Unlock()
	if err != nil || batch == nil {
		return err
	}
	return batch.SaveFinished(ctx, r)
}

// End closes the batch. A complete batch is forgotten, so that the same command sends all files
// again. The end of ctx does not end End.
func (b *Batch) End(ctx context.Context, complete bool) {
	if b == nil {
		return
	}
	if err := b.add(context.WithoutCancel(ctx)); err != nil {
		b.journal.log.Warn("a later run will send some files again", "err", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.batch == nil {
		return
	}
	end := b.batch.Close
	if complete {
		end = b.batch.Remove
	}
	if err := end(); err != nil {
		b.journal.log.Warn("the record of the finished files stays", "err", err)
	}
	b.batch = nil
}

// repeatedFailure drops the errors after the first one of several in a row. The zero value has
// seen none. It is safe for concurrent use.
type repeatedFailure struct {
	mu     sync.Mutex
	failed bool
}

// first returns err, or nil if the call before had an error, too.
func (f *repeatedFailure) first(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && f.failed {
		return nil
	}
	f.failed = err != nil
	return err
}

// exists reports whether there is a folder of records.
func (j *Journal) exists() bool {
	_, err := os.Stat(j.dir)
	return j.dir != "" && err == nil
}
