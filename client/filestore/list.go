package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

const (
	// batch is how many names are read from the folder at a time.
	batch = 512

	// leftover is the age from which on a temporary file belongs to nobody.
	leftover = time.Hour
)

// List is that of journal.Lister. Damaged records are reported and stay where
// they are; Load puts them aside. The folder is read as the loop goes on, in
// bounded memory. The store may be used within the loop.
func (s *Store) List(ctx context.Context) iter.Seq2[*journal.Record, error] {
	return s.ListSuffix(ctx, "")
}

// ListSuffix is that of journal.SuffixLister. It reads the names of all files, and opens only
// those of the records that it gives.
func (s *Store) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		root, err := os.OpenRoot(s.dir)
		if err != nil {
			yield(nil, fmt.Errorf("filestore: list records in %s: %w", s.dir, err))
			return
		}
		defer func() { _ = root.Close() }()
		for e, err := range walk(ctx, root) {
			if err != nil {
				yield(nil, fmt.Errorf("filestore: list records in %s: %w", s.dir, err))
				return
			}
			if e.suffix != recordSuffix || !strings.HasSuffix(e.key, suffix) {
				continue
			}
			r, _, err := read(root, e.key)
			if errors.Is(err, journal.ErrNoRecord) {
				continue // deleted in between
			}
			if err != nil {
				r, err = nil, s.failed("list", e.key, err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// entry is a file of the store.
type entry struct {
	fs.DirEntry
	key, suffix string // the key is "" where the file is not a record's
}

// walk gives the files of the folder that belong to keys or servers, and removes
// temporary files that a crash has left behind. An error ends it.
func walk(ctx context.Context, root *os.Root) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		d, err := root.Open(".")
		if err != nil {
			yield(entry{}, err)
			return
		}
		defer func() { _ = d.Close() }()
		for {
			names, err := d.ReadDir(batch)
			for _, name := range names {
				if ctx.Err() != nil {
					yield(entry{}, context.Cause(ctx))
					return
				}
				e, ok := parseEntry(name)
				if !ok {
					sweep(root, name)
					continue
				}
				if !yield(e, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(entry{}, err)
				return
			}
		}
	}
}

func parseEntry(d fs.DirEntry) (entry, bool) {
	for _, suffix := range []string{recordSuffix, lockSuffix, damagedSuffix} {
		if key, ok := strings.CutSuffix(d.Name(), suffix); ok && journal.CheckKey(key) == nil {
			return entry{d, key, suffix}, true
		}
	}
	if isHashName(d.Name(), sentSuffix) {
		return entry{DirEntry: d, suffix: sentSuffix}, true
	}
	return entry{}, false
}

// sweep removes a temporary file that nobody writes any more.
func sweep(root *os.Root, d fs.DirEntry) {
	if isTempName(d.Name()) && olderThan(d, leftover) {
		_ = root.Remove(d.Name())
	}
}

// olderThan tells whether the file was written that long ago.
func olderThan(d fs.DirEntry, age time.Duration) bool {
	info, err := d.Info()
	return err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) >= age
}
