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
// negative ages mean every record. Records that are locked, that another process changes at
// this moment, or that are of a newer version, stay. Damaged records are moved aside. Files
// that were moved aside olderThan ago are removed, and so are locks and temporary files that
// crashes left behind. Finished uploads are removed if none of their endpoint was looked up
// for that long, or if there is a later one of the same account and source. Batches are
// removed if no record was added for that long.
//
// A record that cannot be read or deleted does not end Prune; the error is that of the
// first such record. Prune ends early only if the folder cannot be read or ctx ends.
func (s *Store) Prune(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	root, err := openFolder(s.dir)
	if err != nil {
		return 0, fmt.Errorf("filestore: prune %s: %w", s.dir, err)
	}
	defer func() { _ = root.Close() }()
	p := pruning{store: s, root: root, age: max(olderThan, 0)}
	// The places come last, because most of them are removed with their records.
	first := p.each(ctx, p.visit)
	if err := p.each(ctx, p.visitPlace); first == nil {
		first = err
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
	store   *Store
	root    *os.Root
	age     time.Duration
	removed int
}

// each calls visit for the files of the folder, and returns the first error, or the one that ended
// the walk.
func (p *pruning) each(ctx context.Context, visit func(context.Context, entry) error) (first error) {
	for e, err := range walk(ctx, p.root) {
		if err != nil {
			return fmt.Errorf("filestore: prune %s: %w", p.store.dir, err)
		}
		if err := visit(ctx, e); err != nil && first == nil {
			first = p.store.failed("prune", e.key, err)
		}
	}
	return first
}

func (p *pruning) visit(ctx context.Context, e entry) error {
	switch e.suffix {
	case recordSuffix:
		return p.pruneRecord(ctx, e.key)
	case damagedSuffix:
		if olderThan(p.root, e.name, p.age) {
			return unlessGone(p.root.Remove(e.name))
		}
	case sentSuffix:
		return p.pruneSent(ctx, e)
	case batchSuffix:
		return p.pruneBatch(e)
	case lockSuffix, guardSuffix:
		if olderThan(p.root, e.name, leftover) {
			return p.locked(e.name, func() error { return nil })
		}
	}
	return nil
}

// pruneRecord removes a record that is due and moves a damaged one aside. A record that another
// process changes at this time is in use, and stays.
func (p *pruning) pruneRecord(ctx context.Context, key string) error {
	g, err := guardedRecord(p.root, key).takeExisting()
	if err != nil {
		return unlessInUse(err)
	}
	defer g.release()
	r, err := g.read(key)
	if errors.Is(err, journal.ErrRecordDamaged) {
		return p.unlocked(key, func() error { return p.moveAside(key) })
	}
	if err != nil || max(time.Since(r.Updated), 0) < p.age {
		return unlessExpected(err)
	}
	return p.unlocked(key, func() error {
		err := removeRecord(ctx, p.root, key)
		if err == nil {
			p.removed++
		}
		return err
	})
}

// moveAside moves a damaged record aside.
func (p *pruning) moveAside(key string) error {
	_, err := load(p.root, key)
	return unlessExpected(err)
}

// unlocked calls do unless an upload has the lock of the key. It is called with the guard of the
// record held. An upload that takes the lock from now on waits for the guard before it uses the
// record, so a lock without a file is not taken.
func (p *pruning) unlocked(key string, do func() error) error {
	if _, err := p.root.Lstat(lockName(key)); errors.Is(err, fs.ErrNotExist) {
		return do()
	}
	return p.locked(lockName(key), do)
}

// locked calls do while it holds the lock called name, and removes the lock afterwards. It
// does nothing if the lock is held.
func (p *pruning) locked(name string, do func() error) error {
	f, err := lock(p.root, name)
	if err != nil {
		return unlessInUse(err)
	}
	return errors.Join(do(), free(p.root, f, name))
}

// unlessInUse returns err, or nil if err means that another process uses the file or has removed
// it.
func unlessInUse(err error) error {
	if errors.Is(err, journal.ErrBusy) {
		return nil
	}
	return unlessGone(err)
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
