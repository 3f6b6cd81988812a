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
// version, stay. Damaged records are moved aside. Files that were moved aside olderThan ago
// are removed, and so are locks and temporary files that crashes left behind. Finished
// uploads are removed if none of their endpoint was looked up for that long, or if there is
// a later one of the same account and source. Batches are removed if no record was added for
// that long.
//
// A record that cannot be read or deleted does not end Prune; the error is that of the
// first such record. Prune ends early only if the folder cannot be read or ctx ends.
func (s *Store) Prune(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	root, err := openFolder(s.dir)
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
		if err := p.visit(ctx, e); err != nil && first == nil {
			first = s.failed("prune", e.key, err)
		}
	}
	if p.removed > 0 {
		// One flush serves all deletions, because it takes longer than they do.
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

func (p *pruning) visit(ctx context.Context, e entry) error {
	switch e.suffix {
	case recordSuffix:
		r, seen, err := readListed(p.root, e.key)
		if !p.due(r, err) {
			return unlessExpected(err)
		}
		if err != nil {
			seen = nil // the damaged record is moved aside
		}
		return p.locked(lockName(e.key), func() error {
			return guarded(ctx, p.root, e.key, func() error { return p.removeRecord(ctx, e.key, seen) })
		})
	case damagedSuffix:
		if olderThan(p.root, e.name, p.age) {
			return unlessGone(p.root.Remove(e.name))
		}
	case sentSuffix:
		return p.pruneSent(ctx, e)
	case placeSuffix:
		return p.prunePlace(ctx, e)
	case batchSuffix:
		return p.pruneBatch(e)
	case lockSuffix, guardSuffix:
		if olderThan(p.root, e.name, leftover) {
			return p.locked(e.name, func() error { return nil })
		}
	}
	return nil
}

// due reports whether a record is to be removed or moved aside.
func (p *pruning) due(r *journal.Record, err error) bool {
	if err != nil {
		return errors.Is(err, journal.ErrRecordDamaged)
	}
	return max(time.Since(r.Updated), 0) >= p.age
}

// removeRecord removes a record that is still due. It is called with the lock and the guard
// of the key held. An upload may have been resumed and ended since its file was seen in this state,
// which was due. seen may be nil.
func (p *pruning) removeRecord(ctx context.Context, key string, seen fs.FileInfo) error {
	now, err := p.root.Lstat(recordName(key))
	if err != nil || seen == nil || !unchanged(seen, now) {
		r, err := load(p.root, key)
		if err != nil || !p.due(r, nil) {
			return unlessExpected(err)
		}
	}
	if err := removeRecord(ctx, p.root, key); err != nil {
		return err
	}
	p.removed++
	return nil
}

// locked calls do while it holds the lock called name, and removes the lock afterwards. It
// does nothing if the lock is held.
func (p *pruning) locked(name string, do func() error) error {
	f, err := lock(p.root, name)
	if errors.Is(err, journal.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(do(), free(p.root, f, name))
}

// unlessGone returns err, or nil if err means that there is no such file.
func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// unlessExpected returns err, or nil if err is not a failure of Prune.
func unlessExpected(err error) error {
	for _, expected := range []error{journal.ErrNoRecord, journal.ErrRecordDamaged, journal.ErrRecordVersion} {
		if errors.Is(err, expected) {
			return nil
		}
	}
	return err
}
