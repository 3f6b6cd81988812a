package filestore

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/transport/hostcache"
)

const sentSuffix = ".sent"

// sentName returns the name of the file for an endpoint.
func sentName(endpoint string) string { return hashName(endpoint, sentSuffix) }

// sentFiles has the positions of the records in the files of finished uploads. The zero
// value has none.
type sentFiles struct {
	mu    sync.Mutex
	files hostcache.Cache[*sentIndex] // by the name of the file
}

// sentIndex has the positions of the records in one file. It has no records, because there
// may be very many.
type sentIndex struct {
	info    fs.FileInfo // of the file that was read
	read    int64       // bytes that were read
	lines   map[[sha256.Size]byte]int64
	damaged int // lines that were left out and not reported yet
}

// LoadFinished implements journal.Ledger. If lines of the file are damaged, the first call
// fails with journal.ErrRecordDamaged, and later calls ignore these lines.
func (s *Store) LoadFinished(ctx context.Context, endpoint, key string) (*journal.Record, error) {
	root, err := s.begin(ctx, key)
	if err != nil {
		return nil, s.failed("load finished", key, err)
	}
	defer func() { _ = root.Close() }()
	s.sent.mu.Lock()
	defer s.sent.mu.Unlock()
	r, err := s.sent.load(root, sentName(endpoint), key)
	if err != nil {
		return nil, s.failed("load finished", key, err)
	}
	return r, nil
}

// SaveFinished implements journal.Ledger. It adds a line to the file of the
// endpoint, and does not wait for the disk: Delete does.
func (s *Store) SaveFinished(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("filestore: save finished record: %w", err)
	}
	root, err := s.begin(ctx, r.Key)
	if err == nil {
		err = addLine(ctx, root, r)
		_ = root.Close()
	}
	if err != nil {
		return s.failed("save finished", r.Key, err)
	}
	return nil
}

func (s *sentFiles) load(root *os.Root, name, key string) (*journal.Record, error) {
	f, err := openLines(root, name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, journal.ErrNoRecord
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	index, known := s.files.Get(name)
	if !known {
		index = &sentIndex{}
		s.files.Set(name, index)
		// Prune removes files that were not used for a long time.
		now := time.Now()
		_ = root.Chtimes(name, now, now)
	}
	if err := index.refresh(f); err != nil {
		return nil, err
	}
	if n := index.damaged; n > 0 {
		index.damaged = 0
		return nil, fmt.Errorf("%w: lines left out of %s: %d", journal.ErrRecordDamaged, name, n)
	}
	at, ok := index.lines[sha256.Sum256([]byte(key))]
	if !ok {
		return nil, journal.ErrNoRecord
	}
	line, err := bufio.NewReader(io.NewSectionReader(f, at, maxRecord)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	r, err := journal.Decode(key, line)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", journal.ErrNoRecord, err)
	}
	r.Revision = ""
	return r, nil
}

// refresh reads the lines that this process and others wrote since the last call.
func (x *sentIndex) refresh(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if x.info == nil || !os.SameFile(x.info, info) || info.Size() < x.read {
		x.read, x.lines = 0, make(map[[sha256.Size]byte]int64)
	}
	x.info = info
	if info.Size() == x.read {
		return nil
	}
	return eachLine(f, x.read, info.Size(), func(at int64, b []byte) error {
		x.read = at + int64(len(b))
		line, err := parseLine(b)
		switch {
		case err != nil:
			x.damaged++
		case line.Version <= journal.Version:
			x.lines[sha256.Sum256([]byte(line.Key))] = at
		}
		return nil
	})
}

// addLine adds a record to the file of its endpoint. It holds the guard of the file, because Prune
// replaces the file.
func addLine(ctx context.Context, root *os.Root, r *journal.Record) error {
	b, err := encodeLine(r)
	if err != nil {
		return err
	}
	g, err := guardedSent(root, sentName(r.Endpoint)).wait(ctx)
	if err != nil {
		return err
	}
	defer g.release()
	if g.own {
		if g.locked.denied != nil {
			return g.locked.denied
		}
		return appendLine(g.locked.File, b)
	}
	f, err := openLines(root, g.name, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return err
	}
	return errors.Join(appendLine(f, b), f.Close())
}

// appendLine adds a line to a file that is open for appending.
func appendLine(f *os.File, b []byte) error {
	last := []byte{'\n'}
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		_, _ = f.ReadAt(last, info.Size()-1)
	}
	if last[0] != '\n' {
		// A crash cut off the line before.
		b = append([]byte{'\n'}, b...)
	}
	// One call writes the line, so that a crash leaves at most one line incomplete.
	_, err := f.Write(b)
	return err
}

// encodeLine returns the line of a record.
func encodeLine(r *journal.Record) ([]byte, error) {
	b, err := journal.Encode(r, "")
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	if len(b) > maxRecord {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", journal.ErrInvalidRecord, len(b), maxRecord)
	}
	return b, nil
}

// flush waits until the lines of a file are on the disk. There need not be a file.
func flush(root *os.Root, name string) error {
	f, err := openLines(root, name, os.O_RDWR)
	if err != nil {
		return unlessGone(err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// openLines opens a file. Links are not followed, and to open a pipe could block for
// ever.
func openLines(root *os.Root, name string, flag int) (*os.File, error) {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0:
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return openFile(root, name, flag)
}

// line has the fields of a record that the index and Prune need.
type line struct {
	Version int    `json:"version"`
	Key     string `json:"key"`
	Account string `json:"account"`
	Source  string `json:"source"`
	Bytes   []byte `json:"source_bytes"` // of a source that is not UTF-8
}

var errLine = errors.New("not a record")

func parseLine(b []byte) (line, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return l, err
	}
	return l, l.check()
}

// check returns an error if l is not the line of a record.
func (l line) check() error {
	if l.Version < version || l.Version <= journal.Version && journal.CheckKey(l.Key) != nil {
		return errLine
	}
	return nil
}

// eachLine calls fn with each complete line of f between two offsets, and with the offset of
// the line. Empty lines are left out. A line that is too long is cut.
func eachLine(f *os.File, from, to int64, fn func(at int64, line []byte) error) error {
	lines := bufio.NewReaderSize(io.NewSectionReader(f, from, to-from), int(min(to-from+1, maxRecord)))
	for at := from; ; {
		b, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		case len(bytes.TrimSpace(b)) > 0:
			if err := fn(at, b); err != nil {
				return err
			}
		}
		at += int64(len(b))
	}
}
