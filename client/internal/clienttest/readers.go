package clienttest

import (
	"context"
	"io"
	"strings"
	"time"
)

// CloseRecorder is a response body that records whether it was closed.
type CloseRecorder struct {
	io.Reader
	Closed bool
}

// Close sets Closed.
func (b *CloseRecorder) Close() error {
	b.Closed = true
	return nil
}

// BlockedReader is a reader without bytes. Read blocks until Ctx ends, and then returns
// io.ErrUnexpectedEOF.
type BlockedReader struct{ Ctx context.Context }

// Read implements io.Reader.
func (r BlockedReader) Read([]byte) (int, error) {
	<-r.Ctx.Done()
	return 0, io.ErrUnexpectedEOF
}

// PlainReader returns a reader of s that has no other method than Read.
func PlainReader(s string) io.Reader { return struct{ io.Reader }{strings.NewReader(s)} }

// SlowReader returns one byte of Reader for each Read, after a wait of Gap.
type SlowReader struct {
	Reader io.Reader
	Gap    time.Duration
}

// Read implements io.Reader.
func (s SlowReader) Read(p []byte) (int, error) {
	time.Sleep(s.Gap)
	return s.Reader.Read(p[:min(1, len(p))])
}
