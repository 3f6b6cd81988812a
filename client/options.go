package client

import (
	"net/http"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// UploadOptions describes one upload. nil and the zero value are an upload without
// metadata.
type UploadOptions struct {
	// Metadata is kept by the server with the upload. nil: none.
	Metadata protocol.Metadata

	// Header is sent with every request of this upload. It wins over Config.Header, and
	// the headers of the protocol win over it. nil: none.
	Header http.Header

	// Retry replaces Config.Retry; retry.Never makes each request once. nil:
	// Config.Retry.
	Retry retry.Policy

	// Recreate replaces Config.Recreate. 0: Config.Recreate.
	Recreate Recreate

	// Checksum replaces Config.Checksum. "": Config.Checksum.
	Checksum string

	// ChunkSize replaces Config.ChunkSize, in bytes. 0: Config.ChunkSize. Negative:
	// ErrInvalidOption.
	ChunkSize int64

	// Parallel sends a file in parts, this many at the same time over connections of
	// their own, and joins them on the server (tus 1.0.0, Concatenation). It is for
	// connections that are slower than the line. At most 32 parts are sent at a time, of
	// at least 1 MiB each; a large file has twice as many parts, so that a slow
	// connection does not delay the end. A server without concatenation, and a source
	// that cannot be divided, gets one request after the other. An upload that is resumed
	// keeps the parts that it was begun with. Events are those of the whole. Resume always
	// uses one connection. 0 and 1: one. Any other negative number than ParallelAuto:
	// ErrInvalidOption.
	//
	// ParallelAuto begins over one connection. If that would take more than a few seconds,
	// it gives the connection up after the first sixth of a second, before the server has
	// acknowledged anything, and sends the file in parts, over more and more connections
	// as long as that makes it faster, at most 16.
	Parallel int

	// Verify compares, after the upload, what the server holds with the source: by the
	// SHA-256 that the server names, or by reading it back. The source is read once more
	// for that, unless it is a stream. The error Is ErrDifferent, or ErrUnverified if the
	// server offers neither.
	Verify bool

	// OnEvent is called for what happens to the upload, one call at a time, from
	// goroutines of the upload. It must return at once, because the upload waits for it.
	// It is not called after the upload has returned. nil: nothing is called.
	OnEvent func(Event)
}

func (o *UploadOptions) orZero() UploadOptions {
	if o == nil {
		return UploadOptions{}
	}
	return *o
}

// ParallelAuto is a value of UploadOptions.Parallel.
const ParallelAuto = -1
