package filestore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/tusker-go/tusker/client/journal"
)

const (
	// version is that of the format in the package comment.
	version = 1

	// maxRecord is the most bytes that a record's file may have.
	maxRecord = 1 << 20

	recordSuffix  = ".json"
	damagedSuffix = ".json.damaged"
	lockSuffix    = ".lock"
)

// attempts is how often a file is looked at again that somebody else replaced
// meanwhile.
const attempts = 1000

// errUnsteady means that it never came to rest, as on a file system that does
// not tell one file from another.
var errUnsteady = errors.New("the file is another one each time it is looked at")

func recordName(key string) string  { return key + recordSuffix }
func damagedName(key string) string { return key + damagedSuffix }
func lockName(key string) string    { return key + lockSuffix }

// encode gives the content of the record's file.
func encode(r *journal.Record) ([]byte, error) {
	// Not through json.Marshal, which would escape the ampersands of URLs.
	b, err := r.MarshalJSON()
	if err != nil {
		return nil, err
	}
	// A record is an object with one name at least.
	b = append([]byte(`{"version":`+strconv.Itoa(version)+`,`), b[1:]...)
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	if out.Len() > maxRecord {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", journal.ErrInvalidRecord, out.Len(), maxRecord)
	}
	return out.Bytes(), nil
}

// decode is the reverse of encode. The error Is ErrRecordDamaged or
// ErrRecordVersion.
func decode(key string, b []byte) (*journal.Record, error) {
	if len(b) > maxRecord {
		return nil, fmt.Errorf("%w: more than %d bytes", journal.ErrRecordDamaged, maxRecord)
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", journal.ErrRecordDamaged, err)
	}
	switch {
	case head.Version > version:
		return nil, fmt.Errorf("%w: %d, and this is %d", journal.ErrRecordVersion, head.Version, version)
	case head.Version < version:
		return nil, fmt.Errorf("%w: version %d", journal.ErrRecordDamaged, head.Version)
	}
	r := new(journal.Record)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%w: %w", journal.ErrRecordDamaged, err)
	}
	if r.Key != key {
		return nil, fmt.Errorf("%w: it is the record of another key", journal.ErrRecordDamaged)
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", journal.ErrRecordDamaged, err)
	}
	return r, nil
}

// read gives the record of key, and what its file is, which may be known where
// the record is not. It changes nothing.
func read(root *os.Root, key string) (*journal.Record, fs.FileInfo, error) {
	name := recordName(key)
	for range attempts {
		info, err := root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, journal.ErrNoRecord
		}
		if err != nil {
			return nil, nil, err
		}
		// Links are not followed, and opening a pipe may take for ever.
		if !info.Mode().IsRegular() {
			return nil, info, fmt.Errorf("%w: not a regular file", journal.ErrRecordDamaged)
		}
		b, opened, err := readFile(root, name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, opened) {
			continue // saved or deleted in between
		}
		if err != nil {
			return nil, nil, err
		}
		r, err := decode(key, b)
		return r, info, err
	}
	return nil, nil, errUnsteady
}

// readFile reads one byte more than a record may have at most.
func readFile(root *os.Root, name string) ([]byte, fs.FileInfo, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxRecord+1))
	return b, info, err
}

// load is read, and puts a damaged record aside.
func load(root *os.Root, key string) (*journal.Record, error) {
	for range attempts {
		r, info, err := read(root, key)
		if !errors.Is(err, journal.ErrRecordDamaged) {
			return r, err
		}
		// Somebody may have saved a good record since.
		now, gone := root.Lstat(recordName(key))
		if gone != nil || !unchanged(info, now) {
			continue
		}
		if failed := root.Rename(recordName(key), damagedName(key)); failed != nil {
			return nil, fmt.Errorf("%w (and it cannot be put aside: %w)", err, failed)
		}
		return nil, fmt.Errorf("%w (put aside as %s)", err, damagedName(key))
	}
	return nil, errUnsteady
}

// unchanged looks at more than the identity of a file, which the next one to be
// made may be given.
func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
