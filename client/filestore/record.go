package filestore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tusker-go/tusker/client/journal"
)

const (
	// version is the version of the files of batches and of the oldest records.
	version = 1

	// maxRecord is the most bytes that a record's file may have.
	maxRecord = journal.MaxEncoded

	recordSuffix  = ".json"
	damagedSuffix = ".json.damaged"
	lockSuffix    = ".lock"
	guardSuffix   = ".guard"
)

// attempts is the maximum number of reads of a file that another process replaces during
// each read.
const attempts = 1000

// errUnsteady means that each attempt found another file, as on a file system that gives
// files no lasting identity.
var errUnsteady = errors.New("the file is a different one at each attempt")

func recordName(key string) string  { return key + recordSuffix }
func damagedName(key string) string { return key + damagedSuffix }
func lockName(key string) string    { return key + lockSuffix }

// guardName returns the name of the other file of a guard, for the key of a record or the name
// of a file of finished uploads.
func guardName(key string) string { return key + guardSuffix }

// encode returns the content of the file of a record that gets this revision.
func encode(r *journal.Record, revision string) ([]byte, error) {
	b, err := journal.Encode(r, revision)
	if err != nil {
		return nil, err
	}
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

// revisionOf returns the revision of a file. A file without one, such as one that a person wrote,
// has the revision of its content.
func revisionOf(r *journal.Record, b []byte) string {
	if r.Revision != "" {
		return r.Revision
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// read returns the record of key and the state of its file. The state may be known although
// the record is damaged. It changes nothing.
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
		// Links are not followed, and to open a device may have effects.
		if !info.Mode().IsRegular() {
			return nil, info, errNotRegular
		}
		b, opened, err := readFile(root, name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, opened) {
			continue // saved or deleted during the read
		}
		if err != nil {
			return nil, nil, err
		}
		r, err := decode(key, b)
		return r, info, err
	}
	return nil, nil, errUnsteady
}

// readListed is read without a look at the file before it is opened, because a list reads very
// many of them. A link leads to a file of the folder at most, which is no record of the key.
func readListed(root *os.Root, key string) (*journal.Record, fs.FileInfo, error) {
	b, info, err := readFile(root, recordName(key))
	if err != nil || !info.Mode().IsRegular() {
		return read(root, key) // says what it is
	}
	r, err := decode(key, b)
	return r, info, err
}

// errNotRegular means that something else has the name of a record.
var errNotRegular = fmt.Errorf("%w: not a regular file", journal.ErrRecordDamaged)

// decode returns the record of key in the content of its file.
func decode(key string, b []byte) (*journal.Record, error) {
	r, err := journal.Decode(key, b)
	if err != nil {
		return nil, err
	}
	r.Revision = revisionOf(r, b)
	return r, nil
}

// readFile reads a file that has the size that it has when it is opened, and at most one byte
// more than a record may have, so that a longer file is noticed. It reads nothing of a pipe, a
// device or a folder.
func readFile(root *os.Root, name string) ([]byte, fs.FileInfo, error) {
	f, err := openFile(root, name, os.O_RDONLY)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	return readOpen(f)
}

// readOpen is readFile for an open file of which nothing was read.
func readOpen(f *os.File) ([]byte, fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, info, err
	}
	b := make([]byte, min(info.Size(), maxRecord+1))
	n, err := io.ReadFull(f, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b[:n], info, err
}

// load returns the record of key. It moves a damaged record aside. It is called with the
// guard of the key held.
func load(root *os.Root, key string) (*journal.Record, error) {
	for range attempts {
		r, info, err := read(root, key)
		if !errors.Is(err, journal.ErrRecordDamaged) {
			return r, err
		}
		// A program that ignores the guard may have saved a good record since.
		now, gone := root.Lstat(recordName(key))
		if gone != nil || !unchanged(info, now) {
			continue
		}
		if failed := root.Rename(recordName(key), damagedName(key)); failed != nil {
			return nil, fmt.Errorf("%w (and it cannot be moved aside: %w)", err, failed)
		}
		return nil, fmt.Errorf("%w (moved aside to %s)", err, damagedName(key))
	}
	return nil, errUnsteady
}

// unchanged reports whether a and b are the same state of the same file. It compares more
// than the identity, because a new file may get the identity of a removed one.
func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
