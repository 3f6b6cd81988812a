// Package source is where the bytes of an upload come from.
//
// The sources of this package are files ([Path], [File], [FS]), anything that can be
// read at an offset ([ReaderAt], [Bytes]), anything that can be opened at an offset
// ([Ranged]), and streams that can be read only once ([Stream]). A type of your own
// becomes a source by implementing [Source] and [Opened]; package sourcetest checks
// it. Its opened form may implement small interfaces for what else the source can do:
//
//   - [Identifier]: a later run recognizes it, so that its uploads have records and are
//     skipped once they are finished. [StateIdentifier], [Locator] and [FormerIdentifier]
//     add to that.
//   - [Divisible]: it can be sent in parts.
//   - [Digester]: an upload can be verified.
//   - [Settler] and [Replaceable]: it may change without a trace, as files do.
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
	"os"

	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/protocol"
)

// Source has the bytes of an upload. A source can be used for several uploads, also
// at the same time, unless it is [SingleUse].
type Source interface {
	// Name says what is read, for logs and events. It may be empty.
	Name() string

	// Length is the number of bytes, or the zero value if it is not known yet.
	Length() protocol.Length

	// Open prepares the source for one upload. Chunk is the most bytes that the
	// upload will ask for at a time; 0 means no limit. An error should be an
	// [Error].
	Open(ctx context.Context, chunk int64) (Opened, error)
}

// Opened is a source in the hands of one upload. The upload calls one method at a
// time, but reads a chunk from another goroutine.
type Opened interface {
	// Length is the number of bytes as far as it is known by now. It does not change
	// once it is known.
	Length() protocol.Length

	// Chunk returns the bytes from offset off on, at most most of them if most is
	// positive. It waits until they can be read. At the end of the source it returns
	// an empty chunk that is the last.
	Chunk(ctx context.Context, off, most int64) (Chunk, error)

	// Check fails with failure.ErrSourceChanged if the source is no longer what it
	// was when it was opened.
	Check(ctx context.Context) error

	// Close releases what Open acquired.
	Close() error
}

// Chunk is a range of the bytes of a source.
type Chunk struct {
	protocol.Range

	// Last means that no bytes follow.
	Last bool

	// Reader returns a new reader of the bytes with each call. A new reader makes
	// the earlier ones useless. A reader that is an io.Closer is closed.
	Reader func() (io.Reader, error)

	// Data holds the bytes if they are in memory; nil otherwise.
	Data []byte

	// File holds the bytes from FileOffset on, so that the system can send them
	// (sendfile); nil if they are not in a file.
	File       *os.File
	FileOffset int64
}

// Identifier is an [Opened] source that a later run can recognize.
type Identifier interface {
	// Identity identifies these bytes, on any machine: another state of the source
	// has another identity. "" means that there is none. It must not be a secret.
	Identity() string
}

// StateIdentifier is an [Opened] source that can tell its current state on this machine from
// one that has the same Identity, for instance by a time of change that a program cannot
// set.
type StateIdentifier interface {
	// StateIdentity identifies the state. It may change although the bytes do not. "" means
	// that there is none.
	StateIdentity() string
}

// Locator is an [Opened] source that is at a place, such as the path of a file or the name of
// an object.
type Locator interface {
	// Place identifies the place; sources there have the same Place, whatever their bytes.
	// An upload that starts over because the bytes have changed says so if there is a record
	// with the same Place. "" means that there is no place. It must not be a secret.
	Place() string
}

// FormerIdentifier is an [Opened] source whose records had another key in earlier versions.
type FormerIdentifier interface {
	// FormerKey returns that key for the creation URL endpoint, or "" if there was none.
	FormerKey(endpoint string) string
}

// Divisible is an [Opened] source whose parts can be read at the same time.
type Divisible interface {
	// Part returns the range as a source of its own, or nil if this source cannot be
	// divided after all. Parts are used side by side, until the whole is closed.
	Part(protocol.Range) Opened
}

// Digester is an [Opened] source that can compute the SHA-256 of all its bytes.
type Digester interface {
	// PrepareDigest is called before the first Chunk if Digest will be called. A source
	// whose bytes can be read only once computes the SHA-256 as they are read.
	PrepareDigest()

	// Digest returns the SHA-256 of all bytes. The error Is failure.ErrUnverified if
	// they cannot be read again.
	Digest(ctx context.Context) ([]byte, error)
}

// Releaser is an [Opened] source that keeps bytes only until they are acknowledged.
type Releaser interface {
	// Release says that the server has the bytes before off. A lower offset than
	// before takes back what was said.
	Release(off int64)
}

// Spooler is an [Opened] source that may be copied to a temporary file if the server
// has to know the length beforehand.
type Spooler interface {
	// Spool is the most bytes that may be copied; 0 means that it must not be.
	Spool() int64
}

// Replaceable is an [Opened] source whose name may lead to another source by now.
type Replaceable interface {
	// Replaced reports whether the name leads to another source now. The upload sends
	// the bytes of the one that was opened.
	Replaced() bool
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
	// fs.FileInfo of the opened file. Otherwise, Open fails with an error that Is failure.ErrSourceChanged.
	Expect(accept func(opened fs.FileInfo) bool) Source
}

// Error returns err as an error of a source: it Is failure.ErrSource and err.
func Error(err error) error { return input.Error(err) }
