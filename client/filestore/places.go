package filestore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/client/filelock"
	"github.com/tusker-go/tusker/client/journal"
)

// placeSuffix ends the name of a file that lists the keys of the records of one place, see
// journal.PlaceSuffix. A record is found by its place without a look at the names of all
// records.
//
// A key is added before its record is saved and removed after its record, so that a crash
// leaves a key too many. A reader ignores such a key, and Prune removes it.
const placeSuffix = ".place"

// maxPlace is the most bytes of the file of a place that are read.
const maxPlace = 1 << 20

// placeName returns the name of the file of the place of a key, or "" if the key has no place.
func placeName(key string) string {
	suffix := journal.PlaceSuffix(key)
	if suffix == "" {
		return ""
	}
	return suffix[1:] + placeSuffix
}

// isPlaceName reports whether placeName made a name.
func isPlaceName(name string) bool {
	place, ok := strings.CutSuffix(name, placeSuffix)
	return ok && journal.PlaceSuffix("-"+place) == "-"+place
}

// addPlace adds a key to the records of its place.
func addPlace(ctx context.Context, root *os.Root, key string) error {
	name := placeName(key)
	if name == "" {
		return nil
	}
	return changePlace(ctx, root, name, func(keys []string) []string {
		if slices.Contains(keys, key) {
			return keys
		}
		return append(keys, key)
	})
}

// removePlace removes a key from the records of its place. A key that stays is harmless.
func removePlace(ctx context.Context, root *os.Root, key string) {
	if name := placeName(key); name != "" {
		_ = changePlace(ctx, root, name, func(keys []string) []string {
			return slices.DeleteFunc(keys, func(other string) bool { return other == key })
		})
	}
}

// changePlace replaces the keys in the file of a place. A file without keys is removed. A lock on
// the file excludes other changes.
func changePlace(ctx context.Context, root *os.Root, name string, change func([]string) []string) error {
	f, err := waitForGuard(ctx, root, name)
	if err != nil {
		return err
	}
	before, err := readPlace(f)
	after := change(slices.Clone(before))
	switch {
	case err != nil:
	case len(after) == 0:
		return free(root, f, name)
	case !slices.Equal(before, after):
		err = writePlace(f, after)
	}
	filelock.Unlock(f)
	return errors.Join(err, f.Close())
}

func readPlace(f *os.File) ([]string, error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxPlace))
	keys := strings.Fields(string(b))
	return slices.DeleteFunc(keys, func(key string) bool { return journal.CheckKey(key) != nil }), err
}

func writePlace(f *os.File, keys []string) error {
	text := strings.Join(keys, "\n") + "\n"
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// placed yields the keys of the records of a place, and some without a record.
func placed(root *os.Root, suffix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f, err := openLines(root, placeName(suffix), os.O_RDONLY)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		var keys []string
		if err == nil {
			keys, err = readPlace(f)
			_ = f.Close()
		}
		if err != nil {
			yield("", err)
			return
		}
		for _, key := range keys {
			if journal.PlaceSuffix(key) == suffix && !yield(key, nil) {
				return
			}
		}
	}
}

// prunePlace removes the keys that a crash left without a record.
func (p *pruning) prunePlace(ctx context.Context, e entry) error {
	if !olderThan(p.root, e.name, leftover) {
		return nil // its record may be about to be saved
	}
	return changePlace(ctx, p.root, e.name, func(keys []string) []string {
		return slices.DeleteFunc(keys, func(key string) bool { return !hasRecord(p.root, key) })
	})
}

func hasRecord(root *os.Root, key string) bool {
	_, err := root.Lstat(recordName(key))
	return !errors.Is(err, fs.ErrNotExist)
}
