package filestore

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

const (
	batchSuffix = ".batch"

	// maxNames is how many names of BatchInfo.Names are stored.
	maxNames = 16

	// flushSize is the length in bytes of uploads from which on SaveFinished waits for the
	// disk. To send a smaller upload again costs less.
	flushSize = 1 << 20
)

// BatchInfo says which uploads belong together.
type BatchInfo struct {
	// Endpoint is the creation URL, without user information and query.
	Endpoint string

	// Account is that of the uploads, or "".
	Account string

	// Names say what the batch consists of, such as the paths of folders. Their order does not
	// matter.
	Names []string
}

// Key returns the name of the batch in the folder. Other information has another key.
func (b BatchInfo) Key() string {
	names := slices.Compact(slices.Sorted(slices.Values(b.Names)))
	return hashName(fmt.Sprintf("%q %q %q", b.Endpoint, b.Account, names), "")
}

// Batch keeps which uploads of a batch are finished, so that a later run of the same batch
// need not send them again. [Store.OpenBatch] makes one; the zero value cannot be used. It is
// a [journal.Ledger] that returns only the records of earlier runs. It is safe for concurrent
// use until it is closed, and several processes may use the same batch.
type Batch struct {
	store   *Store
	info    BatchInfo
	name    string
	earlier *os.File // nil: there was no earlier run
	index   sentIndex
	sources map[uint64]struct{} // of the records in index
	expired bool                // all records are too old

	mu  sync.Mutex
	out *os.File // nil until the first record
}

var _ journal.Ledger = (*Batch)(nil)

// OpenBatch returns the batch with this information. Records that are maxAge old do not count,
// because a server may have deleted their uploads. OpenBatch writes nothing. The caller closes
// the batch.
func (s *Store) OpenBatch(info BatchInfo, maxAge time.Duration) (*Batch, error) {
	b := &Batch{store: s, info: info, name: info.Key() + batchSuffix}
	if err := b.load(maxAge); err != nil {
		return nil, errors.Join(fmt.Errorf("filestore: open batch %s: %w", b.name, err), b.Close())
	}
	return b, nil
}

func (b *Batch) load(maxAge time.Duration) error {
	root, err := openFolder(b.store.dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	f, err := openLines(root, b.name, os.O_RDONLY)
	if err != nil {
		return unlessGone(err)
	}
	b.earlier = f
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if time.Since(info.ModTime()) >= maxAge {
		b.expired = true
		return nil
	}
	b.index.lines, b.sources = make(map[[sha256.Size]byte]int64), make(map[uint64]struct{})
	return eachLine(f, 0, info.Size(), func(at int64, text []byte) error {
		// A damaged line may be missing as well: its upload is sent again.
		if l, err := parseBatchLine(text); err == nil && l.Version <= journal.Version && l.Batch == nil && time.Since(l.Updated) < maxAge {
			b.index.lines[sha256.Sum256([]byte(l.Key))] = at
			b.sources[l.sourceHash()] = struct{}{}
		}
		return nil
	})
}

// Len returns how many uploads earlier runs finished.
func (b *Batch) Len() int { return len(b.index.lines) }

// HasSource reports whether an earlier run finished an upload of the source with this name,
// in any state. With a negligible probability, it is wrong about a name that it does not have.
func (b *Batch) HasSource(name string) bool {
	_, ok := b.sources[line{Source: name}.sourceHash()]
	return ok
}

func (l line) sourceHash() uint64 {
	source := l.Source
	if l.Bytes != nil {
		source = string(l.Bytes)
	}
	sum := sha256.Sum256([]byte(source))
	return binary.LittleEndian.Uint64(sum[:])
}

// LoadFinished implements [journal.Ledger].
func (b *Batch) LoadFinished(ctx context.Context, endpoint, key string) (*journal.Record, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	at, ok := b.index.lines[sha256.Sum256([]byte(key))]
	if !ok {
		return nil, b.store.failed("load finished", key, journal.ErrNoRecord)
	}
	text, err := bufio.NewReader(io.NewSectionReader(b.earlier, at, maxRecord)).ReadBytes('\n')
	if err != nil {
		return nil, b.store.failed("load finished", key, err)
	}
	r, err := journal.Decode(key, text)
	if err == nil && r.Endpoint != endpoint {
		err = errors.New("it is of another endpoint")
	}
	if err != nil {
		return nil, b.store.failed("load finished", key, fmt.Errorf("%w: %w", journal.ErrNoRecord, err))
	}
	r.Revision = ""
	return r, nil
}

// SaveFinished implements [journal.Ledger]. It adds one line to the file, and waits for the
// disk only for an upload above 1 MiB.
func (b *Batch) SaveFinished(ctx context.Context, r *journal.Record) error {
	err := r.Validate()
	if err != nil {
		return fmt.Errorf("filestore: save finished record: %w", err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	text, err := encodeLine(r)
	var out *os.File
	if err == nil {
		out, err = b.append(text)
	}
	if n, _ := r.Length.Int64(); err == nil && n > flushSize {
		err = out.Sync()
	}
	if err != nil {
		return b.store.failed("save finished", r.Key, err)
	}
	return nil
}

// append adds a line and returns the file.
func (b *Batch) append(text []byte) (*os.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out == nil {
		if err := b.openForWriting(); err != nil {
			return nil, err
		}
	}
	// One call writes the line, so that lines of several processes do not mix.
	_, err := b.out.Write(text)
	return b.out, err
}

// openForWriting creates the file of the batch if it does not exist.
func (b *Batch) openForWriting() error {
	root, err := openFolder(b.store.dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if b.expired {
		if err := unlessGone(root.Remove(b.name)); err != nil {
			return err
		}
	}
	out, err := openLines(root, b.name, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return err
	}
	begin, err := b.beginning(out)
	if err == nil {
		_, err = out.Write(begin)
	}
	if err != nil {
		return errors.Join(err, out.Close())
	}
	b.out = out
	return nil
}

// beginning returns what comes before the first line that this process adds to f.
func (b *Batch) beginning(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		shown := b.info
		shown.Names = shown.Names[:min(len(shown.Names), maxNames)]
		text, err := json.Marshal(firstLine{version, batchHead{shown.Endpoint, shown.Account, shown.Names, len(b.info.Names)}})
		return append(text, '\n'), err
	}
	last := []byte{'\n'}
	if _, err := f.ReadAt(last, info.Size()-1); err != nil {
		return nil, err
	}
	if last[0] != '\n' {
		return []byte{'\n'}, nil // a crash cut off the line before
	}
	return nil, nil
}

// Remove removes the batch, because it is complete, and closes it. Another process that uses
// the batch loses its records.
func (b *Batch) Remove() error {
	err := b.Close()
	if removed := b.store.RemoveBatch(b.info.Key()); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}

// Close closes the files of the batch, which stays for a later run.
func (b *Batch) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, f := range []*os.File{b.earlier, b.out} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	b.earlier, b.out = nil, nil
	b.index.lines = nil
	return errors.Join(errs...)
}
