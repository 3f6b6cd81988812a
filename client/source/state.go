package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/input"
)

// edge is how many bytes at each end of a file tell one state from another.
const edge = 64 << 10

// smallFile is the size in bytes up to which all of a file is kept in memory, so that it is
// sent in one piece with its headers.
const smallFile = 32 << 10

// edgeBuffers are reused, because a file is looked at twice at least, however small it is.
var edgeBuffers = sync.Pool{New: func() any { return new([edge]byte) }}

// state tells one content of a file from another.
type state struct {
	size     int64
	modified time.Time
	inode    inode
	edges    [sha256.Size]byte // of a file whose content is not kept
}

// difference says how now differs from was in what the system keeps of the file. It is ""
// for the same state. Named means that the path of the file still leads to it: a program
// that renames or replaces the file changes the inode, too.
func (was state) difference(now state, named bool) string {
	switch {
	case now.size != was.size:
		return fmt.Sprintf("it had %d bytes, now it has %d", was.size, now.size)
	case !now.modified.Equal(was.modified):
		return "it was modified at " + now.modified.UTC().Format(time.RFC3339)
	case named && was.inode.rewritten(now.inode):
		return "it was changed at " + now.inode.changed.UTC().Format(time.RFC3339) +
			", though its time of modification is the same"
	}
	return ""
}

// remember takes the state that every later check compares with. Nothing was promised to a
// server yet, so the size of the file is the one that it has now.
func (f *openFile) remember() error {
	was, err := f.first()
	if err == nil && was.size == 0 && f.stat != nil {
		was, err = f.lookInside(was)
	}
	if err != nil {
		return err
	}
	f.was, f.size, f.watched = was, was.size, time.Now()
	switch {
	case !f.legible():
	case f.size <= smallFile:
		f.content = make([]byte, f.size)
		var n int
		if n, err = f.readAt(f.content, 0); err == nil && n < len(f.content) {
			err = input.Missing(int64(len(f.content) - n))
		}
	default:
		f.was.edges, err = f.edges(f.size)
	}
	if errors.Is(err, failure.ErrSourceChanged) {
		// A file that was truncated meanwhile has another size by now.
		if now, lerr := f.look(f.size); lerr == nil && now.size == was.size {
			return errWrongSize
		}
	}
	return err
}

// lookInside returns errWrongSize for a file that has bytes although its size is 0.
func (f *openFile) lookInside(was state) (state, error) {
	if n, err := f.readAt(make([]byte, 1), 0); n == 0 || err != nil {
		return was, err
	}
	now, err := f.look(0)
	if err == nil && now.size == 0 {
		err = errWrongSize
	}
	return now, err // a file that has a size by now was just being written
}

// Check implements [Handle], as far as the attributes of the file and its first and last
// bytes can tell. The time of change does not count if all bytes are compared.
func (f *openFile) Check(context.Context) error {
	now, err := f.look(f.was.size)
	if err != nil {
		return Error(err)
	}
	named := false
	if !f.isCompared() && now.inode != f.was.inode {
		named, _ = f.atPath()
	}
	if f.snapshot && now.size >= f.was.size {
		// A program appends to the file. The bytes that it had are compared below.
		now = f.was
	}
	if what := f.was.difference(now, named); what != "" {
		return Error(fmt.Errorf("%w: %s", failure.ErrSourceChanged, what))
	}
	if !f.legible() {
		return nil
	}
	same, err := f.same()
	if err != nil {
		return Error(err)
	}
	if !same {
		return Error(fmt.Errorf("%w: its bytes have changed", failure.ErrSourceChanged))
	}
	return nil
}

// same reports whether the file has the bytes that it had.
func (f *openFile) same() (bool, error) {
	if f.content == nil {
		now, err := f.edges(f.was.size)
		return now == f.was.edges, err
	}
	buf := edgeBuffers.Get().(*[edge]byte)
	defer edgeBuffers.Put(buf)
	n, err := f.readAt(buf[:len(f.content)], 0)
	return bytes.Equal(buf[:n], f.content), err
}

// first returns the state of a file that was just opened, which may be known.
func (f *openFile) first() (state, error) {
	if f.opened == nil {
		return f.look(f.size)
	}
	info := f.opened
	f.opened = nil
	return f.stateOf(info)
}

// look reads the attributes of a source that had size bytes.
func (f *openFile) look(size int64) (state, error) {
	if f.stat == nil {
		return state{size: size}, nil
	}
	info, err := f.stat()
	if err != nil {
		return state{size: size}, err
	}
	return f.stateOf(info)
}

// stateOf returns what info says of the file.
func (f *openFile) stateOf(info fs.FileInfo) (state, error) {
	name := f.path
	if name == "" {
		name = info.Name()
	}
	return state{size: info.Size(), modified: info.ModTime(), inode: inodeOf(info)}, checkRegular(name, info)
}

// legible is false if the bytes are expensive to read, or are the caller's business.
func (f *openFile) legible() bool { return !f.forward && f.stat != nil }

// edges returns the SHA-256 of both ends of a file of size bytes.
func (f *openFile) edges(size int64) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	buf := edgeBuffers.Get().(*[edge]byte)
	defer edgeBuffers.Put(buf)
	for _, end := range [][2]int64{{0, min(edge, size)}, {max(edge, size-edge), size}} {
		if end[0] >= end[1] {
			continue
		}
		n, err := f.readAt(buf[:end[1]-end[0]], end[0])
		if err != nil {
			return sum, err
		}
		if n < int(end[1]-end[0]) {
			return sum, input.Missing(end[1] - end[0] - int64(n))
		}
		h.Write(buf[:n])
	}
	h.Sum(sum[:0])
	return sum, nil
}

// readAt reads up to the end of the file, which is not an error.
func (f *openFile) readAt(p []byte, off int64) (int, error) {
	n, err := f.r.ReadAt(p, off)
	if input.IsEnd(err) {
		err = nil
	}
	return n, err
}
