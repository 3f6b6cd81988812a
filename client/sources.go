package client

import (
	"io"
	"io/fs"
	"os"

	"github.com/tusker-go/tusker/client/source"
)

// Names of package source that most programs need; that package has further sources, and
// says how to write one.
type (
	// Source has the bytes of an upload: Path, Root, File, FS, ReaderAt, Bytes, Stream,
	// source.NewRanged, or a type of your own.
	Source = source.Source
	// StreamOptions describes a Stream.
	StreamOptions = source.StreamOptions
)

// DefaultWindow is the window of a stream, in bytes, if StreamOptions.Window is 0.
const DefaultWindow = source.DefaultWindow

// Path is the regular file called name. It is opened when its upload begins and closed when
// it ends. See [source.Path].
func Path(name string) (Source, error) { return source.Path(name) }

// Root is the regular file called name below root, which no symbolic link may lead out of.
// See [source.Root].
func Root(root *os.Root, name string) (Source, error) { return source.Root(root, name) }

// Expect is src with a condition on the file that it opens. See [source.Expect].
func Expect(src Source, accept func(opened fs.FileInfo) bool) Source {
	return source.Expect(src, accept)
}

// Snapshot is src, which may grow during its upload: the upload has the bytes that the source
// has when it is opened. See [source.Snapshot].
func Snapshot(src Source) Source { return source.Snapshot(src) }

// File is an open regular file, read from its beginning; the caller closes it. See
// [source.File].
func File(f *os.File) (Source, error) { return source.File(f) }

// FS is the regular file called name in fsys. See [source.FS].
func FS(fsys fs.FS, name string) (Source, error) { return source.FS(fsys, name) }

// ReaderAt is size bytes of r. See [source.ReaderAt].
func ReaderAt(r io.ReaderAt, size int64) (Source, error) { return source.ReaderAt(r, size) }

// Bytes is b, which must not change during its uploads.
func Bytes(b []byte) Source { return source.Bytes(b) }

// Stream is a source that can be read only once, such as a pipe. See [source.Stream].
func Stream(r io.Reader, opts *StreamOptions) Source { return source.Stream(r, opts) }
