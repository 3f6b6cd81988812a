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

	// leftover is the age of a temporary file or lock that a crash left behind.
	leftover = time.Hour
)

// List implements journal.Lister. Damaged records are reported and stay where they are;
// Load moves them aside. List reads the folder while the loop runs, in bounded memory. The
// store may be used within the loop.
func (s *Store) List(ctx context.Context) iter.Seq2[*journal.Record, error] {
	return s.ListSuffix(ctx, "")
}

// ListSuffix implements journal.SuffixLister. It reads the names of all files, and opens only
// those of the records that it returns.
func (s *Store) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		root, err := openFolder(s.dir)
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
				continue // deleted after the folder was read
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
	key, suffix string // the key is "" if the file is not that of one record
}

// walk yields the files of the folder that belong to keys or endpoints, and removes
// temporary files that a crash left behind. An error ends it.
func walk(ctx context.Context, root *os.Root) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		d, err := openFile(root, ".", os.O_RDONLY)
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
	for _, suffix := range []string{recordSuffix, lockSuffix, guardSuffix, damagedSuffix} {
		if key, ok := strings.CutSuffix(d.Name(), suffix); ok && journal.CheckKey(key) == nil {
			return entry{d, key, suffix}, true
		}
	}
	if isHashName(d.Name(), sentSuffix) {
		return entry{DirEntry: d, suffix: sentSuffix}, true
	}
	if isHashName(d.Name(), batchSuffix) {
		return entry{d, strings.TrimSuffix(d.Name(), batchSuffix), batchSuffix}, true
	}
	if isHashName(d.Name(), sentSuffix+guardSuffix) {
		return entry{DirEntry: d, suffix: guardSuffix}, true
	}
	return entry{}, false
}

// sweep removes a temporary file that is no longer written.
func sweep(root *os.Root, d fs.DirEntry) {
	if isTempName(d.Name()) && olderThan(d, leftover) {
		_ = root.Remove(d.Name())
	}
}

// olderThan reports whether the file was last written that long ago.
func olderThan(d fs.DirEntry, age time.Duration) bool {
	info, err := d.Info()
	return err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) >= age
}
