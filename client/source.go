package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tusker-go/tusker/protocol"
)

// Errors of sources; test for them with errors.Is. What Is one of the others Is
// [ErrSource] as well.
var (
	// ErrSource means that the bytes to be sent could not be read. Every
	// error of a source Is ErrSource, and none is worth a retry.
	ErrSource = errors.New("source")

	// ErrSourceChanged means that a source does not have the bytes, or the
	// number of bytes, that it had when the upload began, or that another file
	// has taken the place of the one that was looked at (Root, Expect).
	ErrSourceChanged = errors.New("source changed")

	// ErrSourceWindow means that the server asks again for bytes of a stream
	// that the stream no longer keeps.
	ErrSourceWindow = errors.New("stream no longer has these bytes")

	// ErrSourceUsed means that a stream was given to a second upload.
	ErrSourceUsed = errors.New("stream was read before")
)

// Source is where the bytes of an upload come from: Path, Root, File, FS, ReaderAt
// or Stream. Other origins fit behind ReaderAt, which can send again whatever gets
// lost, or Stream, which cannot go back further than its window.
//
// All but Stream can be used for several uploads, also at the same time.
type Source interface {
	// Name says what is read, for logs and events. It may be empty.
	Name() string

	// Length is the number of bytes, or not known for a stream that did not
	// say.
	Length() protocol.Length

	open(chunk int64) (opened, error)
}

// opened is a source in the hands of one upload.
type opened interface {
	// cut gives the bytes from off on, at most chunk of them where chunk
	// is positive. It waits for a stream to deliver them.
	cut(ctx context.Context, off, chunk int64) (cut, error)

	// length is the number of bytes, as far as it is known by now.
	length() protocol.Length

	// check fails with ErrSourceChanged where the source is not what it was
	// when it was opened.
	check() error

	// fingerprint names the upload of just these bytes to endpoint by an
	// account, for a later run; "" where none could find the source again.
	fingerprint(endpoint, account string) string

	// digest is the SHA-256 of all bytes. The error Is ErrUnverified where they
	// cannot be had again.
	digest(ctx context.Context) ([]byte, error)

	// release says that the server has the bytes before off. They are kept only
	// where that costs nothing; an earlier off takes back what was said.
	release(off int64)

	close() error
}

// cut is a stretch of a source.
type cut struct {
	protocol.Range
	last   bool                      // nothing follows
	reader func() (io.Reader, error) // its bytes, anew with each call
	data   []byte                    // its bytes, where they are in memory
	file   *fileRange                // where they lie; nil: in no file
}

// memoryCut is a stretch of a source of size bytes in all.
func memoryCut(rng protocol.Range, size int64, data []byte) cut {
	return cut{Range: rng, last: rng.End == size, data: data, reader: func() (io.Reader, error) {
		return bytes.NewReader(data), nil
	}}
}

func sourceError(err error) error {
	if errors.Is(err, ErrSource) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrSource, err)
}

// isEnd tells whether err is the end of what is read. An error that wraps io.EOF is
// a failure: a connection that was lost is one, too (io.Reader).
func isEnd(err error) bool {
	return err == io.EOF //nolint:errorlint // see above
}

// isShort is the same of io.ReadFull, where something was read before the end.
func isShort(err error) bool {
	return err == io.ErrUnexpectedEOF //nolint:errorlint // see isEnd
}
