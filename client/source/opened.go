package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/protocol"
)

// openFile is a source that can be read at any offset, in its upload.
type openFile struct {
	r        io.ReaderAt
	stat     func() (fs.FileInfo, error) // nil: there is nothing to look at but the bytes
	path     string                      // as it was given; "": none
	forward  bool                        // going back is expensive
	snapshot bool                        // the file may grow
	closer   func() error                // nil: the caller closes r
	places   *places                     // where directories lead; nil: not kept
	opened   fs.FileInfo                 // what stat said when the file was opened, until remember; nil: it was not asked

	// Since the upload began.
	size    int64
	was     state
	content []byte    // all of a small file; nil: it is not kept
	summed  bool      // was.edges is the sum of content
	watched time.Time // since when the file was not seen to change
	writers Writers   // as found last
	leases  writerCheck

	place    string // the path with its links resolved, see Place; "": not resolved yet
	identity string // "": not computed yet
}

// Length implements [Handle].
func (f *openFile) Length() protocol.Length { return protocol.Known(f.size) }

// Chunk implements [Handle].
func (f *openFile) Chunk(_ context.Context, off, most int64) (Chunk, error) {
	rng, err := protocol.Next(off, f.Length(), most)
	if err != nil {
		return Chunk{}, err
	}
	c := Chunk{Range: rng, Last: rng.End == f.size}
	if f.content != nil {
		data := f.content[rng.Start:rng.End]
		c.Data, c.Reader = data, func() (io.Reader, error) { return bytes.NewReader(data), nil }
		return c, nil
	}
	c.Reader = func() (io.Reader, error) { return io.NewSectionReader(f.r, rng.Start, rng.Len()), nil }
	if file, ok := f.r.(*os.File); ok {
		c.File, c.FileOffset = file, rng.Start
	}
	return c, nil
}

// Part implements [Divider].
func (f *openFile) Part(rng protocol.Range) Handle {
	if f.forward {
		return nil
	}
	return &part{whole: f, Range: rng}
}

// PrepareDigest implements [Digester].
func (f *openFile) PrepareDigest() {}

// Digest implements [Digester]: it reads the file once more.
func (f *openFile) Digest(ctx context.Context) ([]byte, error) {
	h := sha256.New()
	if err := input.Sum(ctx, h, io.NewSectionReader(f.r, 0, f.size), f.size); err != nil {
		return nil, err
	}
	return h.Sum(nil), f.Check(ctx)
}

// IsReplaced implements [ReplacementDetector].
func (f *openFile) IsReplaced() bool {
	same, exists := f.atPath()
	return exists && !same
}

// atPath reports whether the path leads to this file, and whether it leads to any. A file
// without a path has no name that it could lose.
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

// Close implements [Handle].
func (f *openFile) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer()
}
