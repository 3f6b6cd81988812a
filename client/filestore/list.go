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

// ListSuffix implements journal.SuffixLister. For the suffix of a place, see
// journal.PlaceSuffix, it looks only at the records of the place. For another one it reads the
// names of all files. It opens only the records that it returns.
func (s *Store) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		root, err := s.open(ctx)
		if err != nil {
			yield(nil, fmt.Errorf("filestore: list records in %s: %w", s.dir, err))
			return
		}
		defer func() { _ = root.Close() }()
		for key, err := range keys(ctx, root, suffix) {
			if err != nil {
				yield(nil, fmt.Errorf("filestore: list records in %s: %w", s.dir, err))
				return
			}
			r, _, err := read(root, key)
			if errors.Is(err, journal.ErrNoRecord) {
				continue // deleted after the folder was read
			}
			if err != nil {
				r, err = nil, s.failed("list", key, err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// keys yields the keys of the records that end in suffix, and some without a record.
func keys(ctx context.Context, root *os.Root, suffix string) iter.Seq2[string, error] {
	if suffix != "" && journal.PlaceSuffix(suffix) == suffix {
		return placed(ctx, root, suffix)
	}
	return func(yield func(string, error) bool) {
		for e, err := range walk(ctx, root) {
			if err == nil && (e.suffix != recordSuffix || !strings.HasSuffix(e.key, suffix)) {
				continue
			}
			if !yield(e.key, err) {
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
		for d, err := range entriesOf(ctx, root, ".") {
			if err != nil {
				yield(entry{}, err)
				return
			}
			e, ok := parseEntry(d)
			if !ok {
				sweep(root, d)
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// entriesOf yields the entries of a folder below root, in bounded memory. An error ends it.
func entriesOf(ctx context.Context, root *os.Root, name string) iter.Seq2[fs.DirEntry, error] {
	return func(yield func(fs.DirEntry, error) bool) {
		d, err := openFile(root, name, os.O_RDONLY)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = d.Close() }()
		for {
			names, err := d.ReadDir(batch)
			for _, name := range names {
				if ctx.Err() != nil {
					yield(nil, context.Cause(ctx))
					return
				}
				if !yield(name, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
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
