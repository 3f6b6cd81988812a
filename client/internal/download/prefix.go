package download

import (
	"crypto/sha256"
	"hash"
	"io"
)

// A PrefixSummer is a writer that knows the SHA-256 of the bytes that it has.
type PrefixSummer interface {
	io.Writer

	// PrefixSum is the SHA-256 of all bytes that the writer has. It is called once, before
	// the first Write.
	PrefixSum() [sha256.Size]byte
}

// prefix has the digest of the bytes that a writer has, as far as it is known.
type prefix struct {
	sum   hash.Hash          // of these bytes; later bytes are added to it; nil: not known
	given *[sha256.Size]byte // of these bytes, by the writer; nil: not known
}

// newPrefix returns the prefix of a writer that has offset bytes.
func newPrefix(w io.Writer, offset int64) prefix {
	if offset == 0 {
		return prefix{sum: sha256.New()}
	}
	if summer, ok := w.(PrefixSummer); ok {
		given := summer.PrefixSum()
		return prefix{given: &given}
	}
	return prefix{}
}

// known reports whether other bytes can be compared with these.
func (p *prefix) known() bool { return p.sum != nil || p.given != nil }

// add continues with bytes that were written.
func (p *prefix) add(b []byte) {
	if p.sum != nil {
		_, _ = p.sum.Write(b)
	}
}

// agrees compares the bytes with as many others, and continues with their sum.
func (p *prefix) agrees(other hash.Hash) bool {
	theirs := [sha256.Size]byte(other.Sum(nil))
	switch {
	case p.sum != nil && [sha256.Size]byte(p.sum.Sum(nil)) != theirs,
		p.sum == nil && (p.given == nil || *p.given != theirs):
		return false
	}
	p.sum = other
	return true
}
