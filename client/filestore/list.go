package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	return s.list(ctx, func(root *os.Root) iter.Seq2[string, error] {
		if suffix != "" && journal.PlaceSuffix(suffix) == suffix {
			return placed(root, suffix)
		}
		return keys(ctx, root, func(key string) bool { return strings.HasSuffix(key, suffix) })
	})
}

// ListPrefix returns each record whose key begins with prefix, as List does, for people who type
// the beginning of a key. It reads the names of all files, and opens only the records that it
// returns.
func (s *Store) ListPrefix(ctx context.Context, prefix string) iter.Seq2[*journal.Record, error] {
	return s.list(ctx, func(root *os.Root) iter.Seq2[string, error] {
		return keys(ctx, root, func(key string) bool { return strings.HasPrefix(key, prefix) })
	})
}

// list yields the records of some keys, which need not have a record.
func (s *Store) list(ctx context.Context, keys func(*os.Root) iter.Seq2[string, error]) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		root, err := s.open(ctx)
		if err != nil {
			yield(nil, fmt.Errorf("filestore: list records in %s: %w", s.dir, err))
			return
		}
		defer func() { _ = root.Close() }()
		for key, err := range keys(root) {
			if err != nil {
				yield(nil, fmt.Errorf("filestore: list records in %s: %w", s.dir, err))
				return
			}
			r, _, err := readListed(root, key)
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

// keys yields the keys of the records that match.
func keys(ctx context.Context, root *os.Root, match func(key string) bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for e, err := range walk(ctx, root) {
			if err == nil && (e.suffix != recordSuffix || !match(e.key)) {
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
	name        string
	key, suffix string // the key is "" if the file is not that of one record
}

// walk yields the files of the folder that belong to keys or endpoints, and removes
// temporary files that a crash left behind. An error ends it.
func walk(ctx context.Context, root *os.Root) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		for name, err := range names(ctx, root) {
			if err != nil {
				yield(entry{}, err)
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
	}
}

// names yields the names in the folder, in bounded memory. An error ends it.
func names(ctx context.Context, root *os.Root) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		d, err := openFile(root, ".", os.O_RDONLY)
		if err != nil {
			yield("", err)
			return
		}
		defer func() { _ = d.Close() }()
		for {
			// ReadDir would look at each file.
			some, err := d.Readdirnames(batch)
			for _, name := range some {
				if ctx.Err() != nil {
					yield("", context.Cause(ctx))
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
				yield("", err)
				return
			}
		}
	}
}

func parseEntry(name string) (entry, bool) {
	for _, suffix := range []string{recordSuffix, lockSuffix, guardSuffix, damagedSuffix} {
		if key, ok := strings.CutSuffix(name, suffix); ok && journal.CheckKey(key) == nil {
			return entry{name, key, suffix}, true
		}
	}
	if isHashName(name, sentSuffix) {
		return entry{name: name, suffix: sentSuffix}, true
	}
	if isHashName(name, batchSuffix) {
		return entry{name, strings.TrimSuffix(name, batchSuffix), batchSuffix}, true
	}
	if isPlaceName(name) {
		return entry{name: name, suffix: placeSuffix}, true
	}
	if isHashName(name, sentSuffix+guardSuffix) {
		return entry{name: name, suffix: guardSuffix}, true
	}
	return entry{}, false
}

// sweep removes a temporary file that is no longer written.
func sweep(root *os.Root, name string) {
	if isTempName(name) && olderThan(root, name, leftover) {
		_ = root.Remove(name)
	}
}

// olderThan reports whether the file was last written that long ago.
func olderThan(root *os.Root, name string, age time.Duration) bool {
	info, err := root.Lstat(name)
	return err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) >= age
}
