package sourcetest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// chunk fails the test if the chunk at off is not correct, in any of its forms.
func (s subject) chunk(o source.Handle, off, most int64, content []byte) source.Chunk {
	s.Helper()
	c, err := o.Chunk(s.ctx, off, most)
	if err != nil {
		s.Fatalf("Chunk at %d of at most %d: %v", off, most, err)
	}
	if err := checkChunk(c, off, most, content); err != nil {
		s.Fatalf("Chunk at %d of at most %d: %v", off, most, err)
	}
	return c
}

// checkChunk compares a chunk with what was asked for, and with the content.
func checkChunk(c source.Chunk, off, most int64, content []byte) error {
	size := int64(len(content))
	switch {
	case c.Start != off || c.End < off || c.End > size:
		return fmt.Errorf("range %d to %d of %d bytes", c.Start, c.End, size)
	case most > 0 && c.Len() > most:
		return fmt.Errorf("%d bytes, more than were asked for", c.Len())
	case c.Len() == 0 && off < size:
		return fmt.Errorf("no bytes, although %d follow", size-off)
	case c.Last != (c.End == size):
		return fmt.Errorf("it ends at %d of %d bytes, and Last is %t", c.End, size, c.Last)
	case c.Reader == nil:
		return fmt.Errorf("no Reader")
	}
	want := content[c.Start:c.End]
	if c.Data != nil && !bytes.Equal(c.Data, want) {
		return fmt.Errorf("wrong Data, %d of %d bytes", len(c.Data), len(want))
	}
	if c.File != nil {
		got := make([]byte, c.Len())
		if _, err := c.File.ReadAt(got, c.FileOffset); err != nil && !input.IsEnd(err) {
			return fmt.Errorf("read File: %w", err)
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("wrong bytes in File at %d", c.FileOffset)
		}
	}
	got, err := read(c)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("wrong bytes from Reader")
	}
	return nil
}

// read returns the bytes of a chunk through a new reader, which is closed.
func read(c source.Chunk) ([]byte, error) {
	r, err := c.Reader()
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("neither a reader nor an error")
	}
	defer closeReader(r)
	b := make([]byte, c.Len())
	n, err := io.ReadFull(r, b)
	return b[:n], err
}

func closeReader(r io.Reader) {
	if c, ok := r.(io.Closer); ok {
		_ = c.Close()
	}
}

// inOrder reads all of an opened source, at most so many bytes at a time.
func (s subject) inOrder(o source.Handle, most int64, content []byte) {
	s.Helper()
	for off := int64(0); ; {
		c := s.chunk(o, off, most, content)
		off = c.End
		if c.Last {
			return
		}
	}
}

// length checks that the length is that of the content, at the latest when the end was read,
// and that it does not change.
func length(s subject) {
	want := protocol.Known(s.size())
	if n := s.Source.Length(); n != want && n != (protocol.Length{}) {
		s.Errorf("Length of the source is %v, want %v", n, want)
	}
	o := s.opened()
	if n := o.Length(); n != want && n != (protocol.Length{}) {
		s.Errorf("Length of the opened source is %v, want %v", n, want)
	}
	known := s.Source.Length() == want
	if known && o.Length() != want {
		s.Error("the length is no longer known after Open")
	}
	s.inOrder(o, 0, s.Content)
	if n := o.Length(); n != want {
		s.Errorf("Length after the end was read is %v, want %v", n, want)
	}
}

// chunksAnywhere reads at offsets in no order.
func chunksAnywhere(s subject) {
	s.isRepeatable()
	o := s.opened()
	s.chunk(o, s.size(), 0, s.Content)
	s.chunk(o, s.size(), 1, s.Content)
	s.chunk(o, 0, 0, s.Content)
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		off := random.Int64N(s.size() + 1)
		most := random.Int64N(s.size()-off+2) >> (8 * random.IntN(2))
		s.chunk(o, off, most, s.Content)
	}
}

// chunksInOrder reads from the beginning to the end, in chunks of a size that does not divide
// the content.
func chunksInOrder(s subject) {
	s.inOrder(s.opened(), s.size()/3+1, s.Content)
}

// announcedChunks reads a source that was opened with the size of its chunks.
func announcedChunks(s subject) {
	most := s.size()/5 + 1
	o, err := s.Source.Open(s.ctx, most)
	if err != nil {
		s.Fatalf("Open: %v", err)
	}
	defer func() { _ = o.Close() }()
	s.inOrder(o, most, s.Content)
}

// chunkBeyond asks for bytes behind the end.
func chunkBeyond(s subject) {
	if c, err := s.opened().Chunk(s.ctx, s.size()+1, 1); err == nil {
		s.Errorf("Chunk behind the end gives %d to %d, want an error", c.Start, c.End)
	}
}

// readAgain opens readers of a chunk one after the other, also before the end of an earlier one,
// and asks for the same chunk again.
func readAgain(s subject) {
	o := s.opened()
	most := s.size()/2 + 1
	c := s.chunk(o, 0, most, s.Content)
	first, err := c.Reader()
	if err != nil {
		s.Fatalf("Reader: %v", err)
	}
	_, _ = io.CopyN(io.Discard, first, c.Len()/2)
	if err := checkChunk(c, 0, most, s.Content); err != nil {
		s.Errorf("a second reader of the chunk: %v", err)
	}
	closeReader(first)
	s.chunk(o, 0, most, s.Content)
	s.inOrder(o, most, s.Content)
}

// readBeside reads a chunk while the upload calls other methods, which it does one at a time.
func readBeside(s subject) {
	o := s.opened()
	c, err := o.Chunk(s.ctx, 0, s.size()/2+1)
	if err != nil {
		s.Fatalf("Chunk: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- checkChunk(c, 0, 0, s.Content) }()
	for range 10 {
		_ = o.Length()
		if err := o.Check(s.ctx); err != nil {
			s.Errorf("Check: %v", err)
		}
	}
	if err := <-done; err != nil {
		s.Error(err)
	}
}
