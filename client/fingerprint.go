package client

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// edge is how many bytes at each end of a file tell it from another one.
const edge = 64 << 10

// edges are buffers: a file is looked at twice at least, however small it is.
var edges = sync.Pool{New: func() any { return new([edge]byte) }}

// identity is what tells one state of a file from another.
type identity struct {
	size     int64
	modified time.Time
	inode    inode
	edges    [sha256.Size]byte // of a file whose content is not kept
}

// difference says how now differs from was in what the system keeps of the file. It
// is "" for the same state. Named tells whether the path of the file still leads to
// it: a program that renames the file or replaces it changes the inode too.
func (was identity) difference(now identity, named bool) string {
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

// remember takes the state that every later check is held against. Nothing was
// promised to a server yet, so the size of now counts.
func (f *openFile) remember() error {
	was, err := f.look(f.size)
	if err == nil && was.size == 0 && f.stat != nil {
		was, err = f.lookInside(was)
	}
	if err != nil {
		return err
	}
	f.was, f.size, f.watched = was, was.size, time.Now()
	switch {
	case !f.legible():
	case f.size <= smallBody:
		f.content = make([]byte, f.size)
		var n int
		if n, err = f.readAt(f.content, 0); err == nil && n < len(f.content) {
			err = fmt.Errorf("%w: %d bytes are missing", ErrSourceChanged, len(f.content)-n)
		}
	default:
		f.was.edges, err = f.edges(f.size)
	}
	return err
}

// lookInside fails for a file that has bytes though its size is 0: what a system
// makes up while it is read, as in /proc, has no size.
func (f *openFile) lookInside(was identity) (identity, error) {
	if n, err := f.readAt(make([]byte, 1), 0); n == 0 || err != nil {
		return was, err
	}
	now, err := f.look(0)
	if err == nil && now.size == 0 {
		err = fmt.Errorf("%w: it has bytes though its size is 0: read it as a stream, on the command line with -", ErrSource)
	}
	return now, err // one that has a size by now was just being written
}

// check says whether the source is still as it was when the upload began, as far
// as its attributes and its first and last bytes can tell. The time of change is
// not asked for where all bytes are compared.
func (f *openFile) check() error {
	now, err := f.look(f.was.size)
	if err != nil {
		return sourceError(err)
	}
	named := !f.isCompared() && now.inode != f.was.inode && f.isNamed()
	if what := f.was.difference(now, named); what != "" {
		return sourceError(fmt.Errorf("%w: %s", ErrSourceChanged, what))
	}
	if !f.legible() {
		return nil
	}
	same, err := f.same()
	if err != nil {
		return sourceError(err)
	}
	if !same {
		return sourceError(fmt.Errorf("%w: its bytes are other ones", ErrSourceChanged))
	}
	return nil
}

// replaced tells whether the path names another file by now. That one was not
// sent, and what was sent is whole all the same.
func (f *openFile) replaced() bool {
	same, exists := f.atPath()
	return exists && !same
}

// isNamed tells whether the path still leads to the file. A file without a path has
// no name that it could lose.
func (f *openFile) isNamed() bool {
	same, _ := f.atPath()
	return same
}

// atPath tells whether the path leads to this file, and whether it leads to any.
func (f *openFile) atPath() (same, exists bool) {
	if f.path == "" || f.stat == nil {
		return true, true
	}
	ours, err := f.stat()
	if err != nil {
		return true, true
	}
	theirs, err := os.Stat(f.path)
	return err == nil && os.SameFile(ours, theirs), err == nil
}

// same tells whether the file has the bytes that it had.
func (f *openFile) same() (bool, error) {
	if f.content == nil {
		now, err := f.edges(f.was.size)
		return now == f.was.edges, err
	}
	buf := edges.Get().(*[edge]byte)
	defer edges.Put(buf)
	n, err := f.readAt(buf[:len(f.content)], 0)
	return bytes.Equal(buf[:n], f.content), err
}

// look reads the attributes of a source that had size bytes.
func (f *openFile) look(size int64) (identity, error) {
	id := identity{size: size}
	if f.stat == nil {
		return id, nil
	}
	info, err := f.stat()
	if err != nil {
		return id, err
	}
	id.size, id.modified = info.Size(), info.ModTime()
	id.inode = inodeOf(info)
	name := f.path
	if name == "" {
		name = info.Name()
	}
	return id, checkRegular(name, info)
}

// legible is false where the bytes are dear to read, or the caller's affair.
func (f *openFile) legible() bool { return !f.forward && f.stat != nil }

// edges is the SHA-256 of both ends of a file of size bytes.
func (f *openFile) edges(size int64) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	buf := edges.Get().(*[edge]byte)
	defer edges.Put(buf)
	for _, part := range [][2]int64{{0, min(edge, size)}, {max(edge, size-edge), size}} {
		if part[0] >= part[1] {
			continue
		}
		n, err := f.readAt(buf[:part[1]-part[0]], part[0])
		if err != nil {
			return sum, err
		}
		h.Write(buf[:n])
	}
	h.Sum(sum[:0])
	return sum, nil
}

// readAt reads up to the end of the file, which is no error.
func (f *openFile) readAt(p []byte, off int64) (int, error) {
	n, err := f.r.ReadAt(p, off)
	if isEnd(err) {
		err = nil
	}
	return n, err
}

// fingerprint names the upload of this state of the file to endpoint by account,
// "" for none. It is "" for a source that no later run could find again.
func (f *openFile) fingerprint(endpoint, account string) string {
	path := absolute(f.path)
	if path == "" {
		return ""
	}
	edges := f.was.edges
	if f.content != nil {
		edges = sha256.Sum256(f.content)
	}
	h := sha256.New()
	field := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	number := func(n uint64) { field(binary.BigEndian.AppendUint64(nil, n)) }
	field([]byte("tusker 1"))
	field([]byte(endpoint))
	field([]byte(path))
	number(uint64(f.was.size))
	number(uint64(f.was.modified.UnixNano()))
	number(f.was.inode.device)
	number(f.was.inode.number)
	field(edges[:])
	if account != "" {
		field([]byte(account))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// absolute is "" where the path cannot be told.
func absolute(name string) string {
	if name == "" {
		return ""
	}
	p, err := filepath.Abs(name)
	if err != nil {
		return ""
	}
	return p
}
