package filestore

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"

	"github.com/tusker-go/tusker/client/journal"
)

// placesFolder has a folder for each place of a source, see journal.PlaceSuffix, and in it an
// empty file for each record of the place. The name of the file is the key. A record is found by
// its place without a look at the names of all records.
//
// The file is made before its record and removed after it, so that a crash leaves a file too
// many. A reader ignores such a file, and Prune removes it.
const placesFolder = "places"

// placeOf returns the folder of the place of a key, or "" if the key has no place.
func placeOf(key string) string {
	suffix := journal.PlaceSuffix(key)
	if suffix == "" {
		return ""
	}
	return path.Join(placesFolder, suffix[1:])
}

// addPlace adds a key to the records of its place. It is called with the guard of the key held.
func addPlace(root *os.Root, key string) error {
	place := placeOf(key)
	if place == "" {
		return nil
	}
	for range attempts {
		f, err := openFile(root, path.Join(place, key), os.O_WRONLY|os.O_CREATE)
		if err == nil {
			return f.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		// The folder may be removed before the file is made.
		if err := root.MkdirAll(place, folderMode); err != nil {
			return err
		}
	}
	return errUnsteady
}

// removePlace removes a key from the records of its place, and folders that are empty then. It is called with the guard of the key held. A key that stays is harmless.
func removePlace(root *os.Root, key string) {
	if place := placeOf(key); place != "" {
		_ = root.Remove(path.Join(place, key))
		_ = root.Remove(place) // fails if there are other records
		_ = root.Remove(placesFolder)
	}
}

// placed yields the keys of the records of a place, and some without a record.
func placed(ctx context.Context, root *os.Root, suffix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for e, err := range entriesOf(ctx, root, placeOf(suffix)) {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return
			case err != nil:
				yield("", err)
				return
			case journal.CheckKey(e.Name()) != nil || journal.PlaceSuffix(e.Name()) != suffix:
				continue
			}
			if !yield(e.Name(), nil) {
				return
			}
		}
	}
}

// prunePlaces removes the keys that a crash left without a record, and the folders of places
// without records.
func (p *pruning) prunePlaces(ctx context.Context) error {
	for place, err := range entriesOf(ctx, p.root, placesFolder) {
		if err != nil {
			return unlessGone(err)
		}
		for key, err := range placed(ctx, p.root, "-"+place.Name()) {
			if err == nil {
				err = p.pruneKey(ctx, key)
			}
			if err != nil {
				return err
			}
		}
		_ = p.root.Remove(path.Join(placesFolder, place.Name())) // fails if there are records
	}
	_ = p.root.Remove(placesFolder)
	return nil
}

func (p *pruning) pruneKey(ctx context.Context, key string) error {
	if hasRecord(p.root, key) {
		return nil
	}
	return guarded(ctx, p.root, key, func() error {
		if !hasRecord(p.root, key) {
			removePlace(p.root, key)
		}
		return nil
	})
}

func hasRecord(root *os.Root, key string) bool {
	_, err := root.Lstat(recordName(key))
	return !errors.Is(err, fs.ErrNotExist)
}
