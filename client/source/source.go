// Package source is where the bytes of an upload come from.
//
// The sources of this package are files ([Path], [File], [FS]), anything that can be
// read at an offset ([ReaderAt], [Bytes]), anything that can be opened at an offset
// ([Ranged]), and streams that can be read only once ([Stream]). A type of your own
// becomes a source by implementing [Source] and [Handle]; package sourcetest checks
// it. Its Handle may implement small interfaces for what else the source can do:
//
//   - [Identifier]: a later run recognizes it, so that its uploads have records and are
//     skipped once they are finished. [StateIdentifier] and [Locator] add to that.
//   - [Divider]: it can be sent in parts.
//   - [Digester]: an upload can be verified.
//   - [Settler] and [ReplacementDetector]: it may change without a trace, as files do.
//   - [Releaser] and [Spooler]: it is a stream that keeps only some of its bytes.
//
// A Source may implement [SingleUse], [Expecter] and [Snapshotter].
//
// Every error of a source Is failure.ErrSource, see [Error].
package source

import (
	"context"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/protocol"
)

// Source has the bytes of an upload. A source can be used for several uploads, also
// at the same time, unless it is [SingleUse]. Its methods are safe for concurrent use.
type Source interface {
	// Name says what is read, for logs and events. It may be empty.
	Name() string

	// Length is the number of bytes, or the zero value if it is not known yet.
	Length() protocol.Length

	// Open prepares the source for one upload, which closes the handle. Chunk is the most
	// bytes that the upload will ask for at a time. 0: no limit. An error should be one of
	// the function [Error].
	Open(ctx context.Context, chunk int64) (Handle, error)
}

// Handle is a source that one upload has opened. The upload calls one method at a time, but
// reads the bytes of a [Chunk] from another goroutine, also during a call. An error of a
// method Is failure.ErrSource in the end: the caller adds it if the method does not.
type Handle interface {
	// Length is the number of bytes. The zero value: it is not known yet. It does not change
	// once it is known.
	Length() protocol.Length

	// Chunk returns the bytes from offset off on, and at most most bytes. 0 and less: no
	// limit. It waits until they can be read, or until ctx ends. At the end of the source it
	// returns an empty chunk that is the last. An offset beyond the end is an error.
	Chunk(ctx context.Context, off, most int64) (Chunk, error)

	// Check returns an error that Is failure.ErrSourceChanged if the bytes are no longer
	// those that the source had when it was opened.
	Check(ctx context.Context) error

	// Close releases what Open acquired. It is called once, after the last call of another
	// method.
	Close() error
}

// Chunk is a range of the bytes of a source. Reader is always set. Data and File are
// shortcuts for bytes in memory or in a file.
type Chunk struct {
	protocol.Range

	// Last means that no bytes follow.
	Last bool

	// Live means that the bytes are not all there yet: a reader waits for them. A reader of
	// such a chunk is an io.Closer whose Close ends a waiting Read, and it serves one
	// request. If End is Endless, the chunk ends where the source turns out to end.
	Live bool

	// Reader returns a new reader of exactly these bytes with each call, for a request that
	// is sent again. Only the newest reader is used. A reader that is an io.Closer is
	// closed after use.
	Reader func() (io.Reader, error)

	// Data holds the bytes if they are in memory; nil otherwise.
	Data []byte

	// File holds the bytes from FileOffset on, so that the system can send them
	// (sendfile); nil if they are not in a file.
	File       *os.File
	FileOffset int64
}

// Endless is the End of a chunk whose length is not known yet, see Chunk.Live.
const Endless = math.MaxInt64

// Interrupter is a reader of a [Chunk] whose Read may wait for long, such as for a server. A
// request that has ended then does not wait for its reader.
type Interrupter interface {
	// Interrupt ends a Read that waits, and all later ones, with an error. It may be called at
	// any time from another goroutine, and more than once.
	Interrupt()
}

// Streamer is a [Handle] of a stream that can hand on all of its bytes in one request, although
// it keeps only some of them.
type Streamer interface {
	// Rest returns all bytes from offset off on as one chunk, which is Live unless the stream
	// has ended already. Acknowledged bytes make room for those that follow, see [Releaser].
	// A Read fails with failure.ErrUnacknowledged if it has waited too long for room.
	Rest(ctx context.Context, off int64) (Chunk, error)
}

// Identifier is a [Handle] of a source that a later run can recognize.
type Identifier interface {
	// Identity identifies these bytes, on any machine: another state of the source
	// has another identity. "" means that there is none. It must not be a secret.
	Identity() string
}

// StateIdentifier is a [Handle] that can tell the current state of the source on this machine from
// one that has the same Identity, for instance by a time of change that a program cannot
// set.
type StateIdentifier interface {
	// StateIdentity identifies the state. It may change although the bytes do not. "" means
	// that there is none.
	StateIdentity() string
}

// Locator is a [Handle] of a source that is at a place, such as the path of a file or the name of
// an object.
type Locator interface {
	// Place identifies the place; sources there have the same Place, whatever their bytes.
	// An upload that starts over because the bytes have changed says so if there is a record
	// with the same Place. "" means that there is no place. It must not be a secret.
	Place() string
}

// Divider is a [Handle] of a source whose parts can be read at the same time.
type Divider interface {
	// Part returns a handle of a range, or nil if this source cannot be divided after all.
	// Parts are used at the same time from several goroutines, until the whole is closed.
	// Closing a part does not close the whole.
	Part(r protocol.Range) Handle
}

// Digester is a [Handle] that can compute the SHA-256 of all bytes of the source.
type Digester interface {
	// PrepareDigest is called before the first Chunk if Digest will be called. A source
	// whose bytes can be read only once computes the SHA-256 as they are read.
	PrepareDigest()

	// Digest returns the SHA-256 of all bytes. The error Is failure.ErrUnverified if
	// they cannot be read again.
	Digest(ctx context.Context) ([]byte, error)
}

// Releaser is a [Handle] that keeps bytes only until they are acknowledged.
type Releaser interface {
	// Release says that the server has the bytes before off. A lower offset than
	// before takes back what was said.
	Release(off int64)
}

// Spooler is a [Handle] of a source that may be copied to a temporary file if the server
// has to know the length beforehand.
type Spooler interface {
	// Spool is the most bytes that may be copied; 0 means that it must not be.
	Spool() int64
}

// ReplacementDetector is a [Handle] that can tell whether the name of the source leads to
// another source by now.
type ReplacementDetector interface {
	// IsReplaced reports whether the name leads to another source now. The upload sends
	// the bytes of the one that was opened.
	IsReplaced() bool
}

// SingleUse is a [Source] that can be opened only once.
type SingleUse interface {
	// SingleUse reports whether the source can be opened only once. A source whose
	// SingleUse returns false is like a source without the method.
	SingleUse() bool
}

// Expecter is a [Source] of a file that can check the file that it opens, see [Expect].
type Expecter interface {
	// Expect returns the source with the condition that accept returns true for the
	// fs.FileInfo of the opened file. Otherwise, Open fails with an error that Is
	// failure.ErrSourceChanged.
	Expect(accept func(opened fs.FileInfo) bool) Source
}

// Error returns err as an error of a source: it Is failure.ErrSource and err.
func Error(err error) error { return input.Error(err) }
