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

// addToPlace adds a key to the records of its place, and then calls save, which saves its record.
// A lock on the file of the place excludes other changes until both are done.
func addToPlace(ctx context.Context, root *os.Root, key string, save func() error) error {
	name := placeName(key)
	if name == "" {
		return save()
	}
	f, err := patiently(ctx, func() (*os.File, error) { return lock(root, name) })
	if err != nil {
		return err
	}
	keys, err := readPlace(f)
	if err != nil {
		unlock(f)
		return err
	}
	if !slices.Contains(keys, key) {
		err = writePlace(f, append(slices.Clip(keys), key))
	}
	if err == nil {
		err = save()
	}
	if err != nil && len(keys) == 0 {
		discard(root, f, name)
	} else {
		unlock(f)
	}
	return err
}

// removeFromPlace calls remove, which removes the record of a key, and then removes the key from
// the records of its place. A key that stays is harmless.
func removeFromPlace(ctx context.Context, root *os.Root, key string, remove func() error) error {
	name := placeName(key)
	if name == "" {
		return remove()
	}
	f, err := patiently(ctx, func() (existing, error) { return lockExisting(root, name, 0) })
	if err != nil {
		return remove()
	}
	if err := remove(); err != nil {
		unlock(f.File)
		return err
	}
	_ = removeKeys(root, f, name, func(other string) bool { return other == key })
	return nil
}

// removeKeys removes the keys that match from the locked file of a place, and unlocks it. A file
// without keys is removed.
func removeKeys(root *os.Root, f existing, name string, match func(key string) bool) error {
	before, err := readPlace(f.File)
	after := slices.DeleteFunc(slices.Clone(before), match)
	switch {
	case err != nil:
	case len(after) == 0:
		discard(root, f.File, name)
		return nil
	case len(after) < len(before) && f.denied != nil:
		err = f.denied
	case len(after) < len(before):
		err = writePlace(f.File, after)
	}
	unlock(f.File)
	return err
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

// visitPlace removes the keys of a place that a crash left without a record. A place that another
// process changes stays.
func (p *pruning) visitPlace(_ context.Context, e entry) error {
	if e.suffix != placeSuffix {
		return nil
	}
	f, err := lockExisting(p.root, e.name, 0)
	if err != nil {
		return unlessInUse(err)
	}
	return removeKeys(p.root, f, e.name, func(key string) bool { return !hasRecord(p.root, key) })
}

func hasRecord(root *os.Root, key string) bool {
	_, err := root.Lstat(recordName(key))
	return !errors.Is(err, fs.ErrNotExist)
}
