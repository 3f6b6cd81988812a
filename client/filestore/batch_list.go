package filestore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"time"
)

// batchLine is a line of the file of a batch.
type batchLine struct {
	line
	Updated time.Time  `json:"updated"`
	Batch   *batchHead `json:"batch"` // nil: the line is a record, and not the first line
}

func parseBatchLine(b []byte) (batchLine, error) {
	var l batchLine
	if err := json.Unmarshal(b, &l); err != nil {
		return l, err
	}
	if l.Batch == nil {
		return l, l.check()
	}
	return l, nil
}

// firstLine is the first line of the file of a batch.
type firstLine struct {
	Version int       `json:"version"`
	Batch   batchHead `json:"batch"`
}

// batchHead is a BatchInfo in JSON.
type batchHead struct {
	Endpoint string   `json:"endpoint,omitempty"`
	Account  string   `json:"account,omitempty"`
	Names    []string `json:"names"` // the first of them
	Count    int      `json:"count"` // of all names
}

// BatchState is a batch that is not complete.
type BatchState struct {
	// Key names the batch, see RemoveBatch.
	Key string

	// BatchInfo is the information with which the batch was opened, with the first 16 names.
	BatchInfo

	// NameCount is how many names the batch has.
	NameCount int

	// Finished is how many records the batch has, several for a file that was sent in several
	// states.
	Finished int

	// Updated is when the latest record was added, in UTC.
	Updated time.Time
}

// Batches returns the batches in the folder that are not complete. A batch that cannot be read
// is an error, after which the others follow.
func (s *Store) Batches(ctx context.Context) iter.Seq2[*BatchState, error] {
	return func(yield func(*BatchState, error) bool) {
		root, err := openFolder(s.dir)
		if err != nil {
			yield(nil, fmt.Errorf("filestore: list batches in %s: %w", s.dir, err))
			return
		}
		defer func() { _ = root.Close() }()
		for e, err := range walk(ctx, root) {
			if err == nil && e.suffix != batchSuffix {
				continue
			}
			var state *BatchState
			if err == nil {
				state, err = readBatch(root, e)
			}
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed after the folder was read
			}
			if err != nil {
				err = fmt.Errorf("filestore: list batches in %s: %w", s.dir, err)
			}
			if !yield(state, err) {
				return
			}
		}
	}
}

func readBatch(root *os.Root, e entry) (*BatchState, error) {
	state := &BatchState{Key: e.key}
	updated, err := scan(root, e.name, func(_ int64, text []byte) error {
		if l, err := parseBatchLine(text); err == nil {
			state.add(l)
		}
		return nil
	})
	state.Updated = updated.UTC()
	return state, err
}

// add adds what a line of the file says.
func (b *BatchState) add(l batchLine) {
	if l.Batch == nil {
		b.Finished++
		return
	}
	b.BatchInfo = BatchInfo{Endpoint: l.Batch.Endpoint, Account: l.Batch.Account, Names: l.Batch.Names}
	b.NameCount = l.Batch.Count
}

// RemoveBatch removes the batch with this key: its next run sends all files. The error Is
// [fs.ErrNotExist] if there is none.
func (s *Store) RemoveBatch(key string) error {
	name := key + batchSuffix
	if !isHashName(name, batchSuffix) {
		return fmt.Errorf("filestore: remove batch %q: %w", key, fs.ErrNotExist)
	}
	root, err := openFolder(s.dir)
	if err == nil {
		err = root.Remove(name)
		_ = root.Close()
	}
	if err != nil {
		return fmt.Errorf("filestore: remove batch %s: %w", key, err)
	}
	return nil
}

// pruneBatch removes a batch that was not used for p.age.
func (p *pruning) pruneBatch(e entry) error {
	if !olderThan(p.root, e.name, p.age) {
		return nil
	}
	state, err := readBatch(p.root, e)
	if err == nil {
		err = p.root.Remove(e.name)
	}
	if err == nil {
		p.removed += state.Finished
	}
	return unlessGone(err)
}
