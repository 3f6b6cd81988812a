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

	// Parallel is the number of parts of the file that are sent at the same time, each over
	// its own connection. The server joins the parts (tus 1.0.0, Concatenation). Use it if
	// one connection does not use the whole bandwidth. At most 32 parts are sent at a time,
	// and a part has at least 1 MiB. A large file has twice as many parts, so that a slow
	// connection does not delay the end. If the server does not support concatenation, or the
	// source cannot be divided, one connection is used. An upload that is resumed keeps the
	// parts that it was begun with. Events are those of the whole upload. Resume always uses
	// one connection. 0 and 1: one. A negative number other than ParallelAuto:
	// ErrInvalidOption.
	//
	// ParallelAuto begins over one connection. If the upload would take more than a few
	// seconds, it closes that connection after a sixth of a second, before the server has
	// acknowledged anything, and sends the file in parts. It adds connections while they make
	// the upload faster, up to 16.
	Parallel int

	// OneOfMany means that other uploads to the same server follow. Before the first small one
	// of them is created, the server is asked what it supports, see Client.Learn, so that each of
	// them takes a single request. It is not asked for an upload that is resumed or skipped.
	OneOfMany bool

	// Upgrade sends the source as an ordinary request that can be resumed if the server supports
	// it. nil: an upload of Config.Protocol.
	Upgrade *Upgrade

	// Verify compares the bytes on the server with the source after the upload. It uses the
	// SHA-256 that the server names, or else downloads the upload. The source is read once
	// more, unless it is a stream. The error Is ErrDifferent, or ErrUnverified if the server
	// offers neither.
	Verify bool

	// Digest computes the SHA-256 of the bytes that were sent, for Result.SHA256. The source
	// is read once more after the upload, unless it is a stream, and must not have changed
	// meanwhile. It costs nothing more with Verify, or if Config.Ledger has the SHA-256 of a
	// skipped source. The error Is ErrUnverified if the source cannot compute it.
	Digest bool

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

// ParallelAuto is a value of UploadOptions.Parallel: as many connections as make the upload
// faster.
const ParallelAuto = -1
