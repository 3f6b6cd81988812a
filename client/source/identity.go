package source

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
)

// Identity implements [Identifier]: the path with its symbolic links resolved, the size,
// the time of modification and both ends of the file. Device and inode do not belong to it,
// because they change when a file system is mounted again. A source without a path has no
// identity.
//
// The identity is that of the file that was opened: it does not change when a link does later.
func (f *openFile) Identity() string {
	if f.identity != "" {
		return f.identity
	}
	path := f.Place()
	if path == "" {
		return ""
	}
	d := newDigest("file 1")
	d.text(path)
	d.number(uint64(f.was.size))
	d.number(uint64(f.was.modified.UnixNano()))
	edges := f.edgesOf()
	d.bytes(edges[:])
	f.identity = d.String()
	return f.identity
}

// StateIdentity implements [StateIdentifier]: Identity, and the time of change if Identity
// does not tell all bytes of the file. A program may restore the time of modification after
// it wrote to a file, but not the time of change.
func (f *openFile) StateIdentity() string {
	id := f.Identity()
	if id == "" || f.isCompared() || f.was.inode.changed.IsZero() {
		return id
	}
	d := newDigest("state 1")
	d.text(id)
	d.number(uint64(f.was.inode.changed.UnixNano()))
	return d.String()
}

// Place implements [Locator]: the path with its symbolic links resolved.
func (f *openFile) Place() string {
	if f.place == "" && f.path != "" {
		f.place = f.places.of(f.path)
	}
	return f.place
}

// edgesOf returns the SHA-256 of both ends of the file, whose content may be kept.
func (f *openFile) edgesOf() [sha256.Size]byte {
	if f.content != nil && !f.summed {
		f.was.edges, f.summed = sha256.Sum256(f.content), true
	}
	return f.was.edges
}

// digest sums up fields, each with its length, so that no two lists of fields have the same
// sum.
type digest struct{ fields []byte }

func newDigest(kind string) *digest {
	d := new(digest)
	d.text(kind)
	return d
}

func (d *digest) text(s string) {
	d.fields = append(binary.BigEndian.AppendUint64(d.fields, uint64(len(s))), s...)
}

func (d *digest) bytes(b []byte) {
	d.fields = append(binary.BigEndian.AppendUint64(d.fields, uint64(len(b))), b...)
}

func (d *digest) number(n uint64) {
	d.fields = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(d.fields, 8), n)
}

// String returns the SHA-256 of the fields in hexadecimal.
func (d *digest) String() string {
	sum := sha256.Sum256(d.fields)
	return hex.EncodeToString(sum[:])
}

// resolved returns the absolute path without symbolic links, as far as they can be
// resolved. It is "" if the absolute path cannot be told.
func resolved(name string) string {
	p, err := filepath.Abs(name)
	if err != nil {
		return ""
	}
	if target, err := filepath.EvalSymlinks(p); err == nil {
		return target
	}
	return p
}
