package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

// Prune deletes the records that were last updated olderThan ago or longer, and
// returns how many. A time of update in the future counts as now; zero and
// negative ages mean every record. Records that are locked, or of a newer
// version, stay. Damaged records are put aside, and those put aside that long
// ago are removed, as are locks and temporary files that crashes left behind.
// Records of finished uploads are removed if none of their endpoint was asked for
// that long, or if there is a later one of the same account and
// source.
//
// A record that cannot be read or deleted does not keep Prune from the others:
// the error is that of the first. Prune ends early only when the folder cannot be
// read or ctx ends.
func (s *Store) Prune(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return 0, fmt.Errorf("filestore: prune %s: %w", s.dir, err)
	}
	defer func() { _ = root.Close() }()
	p := pruning{root: root, age: max(olderThan, 0)}
	var first error
	for e, err := range walk(ctx, root) {
		if err != nil {
			first = fmt.Errorf("filestore: prune %s: %w", s.dir, err)
			break
		}
		if err := p.visit(e); err != nil && first == nil {
			first = s.failed("prune", e.key, err)
		}
	}
	if p.removed > 0 {
		// Once for all of them: it takes longer than to delete.
		if err := syncFolder(root); err != nil && first == nil {
			first = fmt.Errorf("filestore: prune %s: %w", s.dir, err)
		}
	}
	return p.removed, first
}

type pruning struct {
	root    *os.Root
	age     time.Duration
	removed int
}

func (p *pruning) visit(e entry) error {
	switch e.suffix {
	case recordSuffix:
		r, _, err := read(p.root, e.key)
		if !p.due(r, err) {
			return unlessExpected(err)
		}
		return p.locked(e.key, p.removeRecord)
	case damagedSuffix:
		if olderThan(e, p.age) {
			return unlessGone(p.root.Remove(e.Name()))
		}
	case sentSuffix:
		return p.pruneSent(e)
	case lockSuffix:
		if olderThan(e, leftover) {
			return p.locked(e.key, func(string) error { return nil })
		}
	}
	return nil
}

// due tells whether there is something to do about a record.
func (p *pruning) due(r *journal.Record, err error) bool {
	if err != nil {
		return errors.Is(err, journal.ErrRecordDamaged)
	}
	return max(time.Since(r.Updated), 0) >= p.age
}

// removeRecord is called with the lock held. It looks again: an upload may have
// gone on, and ended, between the first look and the lock.
func (p *pruning) removeRecord(key string) error {
	r, err := load(p.root, key)
	if err != nil || !p.due(r, nil) {
		return unlessExpected(err)
	}
	if err := p.root.Remove(recordName(key)); err != nil {
		return err
	}
	p.removed++
	return nil
}

// locked does something under the lock of key, or nothing where somebody else
// has it.
func (p *pruning) locked(key string, do func(key string) error) error {
	f, err := lock(p.root, key)
	if errors.Is(err, journal.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(do(key), free(p.root, f, key))
}

// unlessGone drops that somebody else removed the file.
func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// unlessExpected drops what is no failure of Prune.
func unlessExpected(err error) error {
	for _, expected := range []error{journal.ErrNoRecord, journal.ErrRecordDamaged, journal.ErrRecordVersion} {
		if errors.Is(err, expected) {
			return nil
		}
	}
	return err
}
