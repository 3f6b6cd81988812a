package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
)

// Path is the regular file called name. Path looks at the file now; an upload opens it when
// it begins and closes it when it ends, so that a long list of paths costs no descriptors.
// The error Is failure.ErrSource, and fs.ErrNotExist or fs.ErrPermission if that is the
// reason. The Name of the source is name.
//
// Path follows symbolic links, also one that takes the place of the file before its upload
// begins. Use [Root] for files in a folder that others can write to.
//
// A file whose size is wrong, such as those in /proc and /sys, is read as a stream, see
// [Stream]. The same holds for File and FS.
func Path(name string) (Source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, Error(err)
	}
	return newPath(name, info, nil)
}

// newPath is the file called name, which info describes.
func newPath(name string, info fs.FileInfo, places *places) (Source, error) {
	if err := checkRegular(name, info); err != nil {
		return nil, err
	}
	return &fileSource{name: name, size: info.Size(), file: func() (*openFile, error) {
		f, err := openRegular(name)
		if err != nil {
			return nil, err
		}
		return &openFile{r: f, stat: f.Stat, path: name, places: places, closer: f.Close, leases: writerCheck{own: true}}, nil
	}}, nil
}

// File is an open regular file, read from its beginning by offset: its position is neither
// used nor moved, and the caller closes it after the upload. The error Is
// failure.ErrSource.
func File(f *os.File) (Source, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, Error(err)
	}
	if err := checkRegular(f.Name(), info); err != nil {
		return nil, err
	}
	return &fileSource{name: f.Name(), size: info.Size(), file: func() (*openFile, error) {
		return &openFile{r: f, stat: f.Stat, path: f.Name()}, nil
	}}, nil
}

// FS is the regular file called name in fsys. An upload opens it when it begins and closes
// it when it ends. If the files of fsys have neither ReadAt nor Seek, going back means to
// open the file again and to read up to the place. The error Is failure.ErrSource.
func FS(fsys fs.FS, name string) (Source, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, Error(err)
	}
	if err := checkRegular(name, info); err != nil {
		return nil, err
	}
	return &fileSource{name: path.Clean(name), size: info.Size(), file: func() (*openFile, error) {
		f, err := fsys.Open(name)
		if err != nil {
			return nil, err
		}
		if r, ok := f.(io.ReaderAt); ok {
			return &openFile{r: r, stat: f.Stat, closer: f.Close}, nil
		}
		s := &sequential{fsys: fsys, name: name, f: f}
		return &openFile{r: s, stat: s.stat, forward: true, closer: s.close}, nil
	}}, nil
}

// ReaderAt is size bytes of r, which must be safe for concurrent use if the source is used
// by several uploads or sent in parts. An upload does not return while r is being read,
// even after its context ended. A negative size is an error.
//
// Each read asks for at most 32 KiB, so r should not be a remote object: use [Ranged] for
// that.
func ReaderAt(r io.ReaderAt, size int64) (Source, error) {
	if size < 0 {
		return nil, fmt.Errorf("%w: %w: size %d is negative", failure.ErrSource, failure.ErrInvalidOption, size)
	}
	if r == nil {
		return nil, fmt.Errorf("%w: %w: no reader", failure.ErrSource, failure.ErrInvalidOption)
	}
	return &fileSource{size: size, file: func() (*openFile, error) {
		return &openFile{r: r}, nil
	}}, nil
}

// Bytes is b, which must not change during its uploads.
func Bytes(b []byte) Source {
	return &fileSource{size: int64(len(b)), file: func() (*openFile, error) {
		return &openFile{r: bytes.NewReader(b), content: b}, nil
	}}
}

func checkRegular(name string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%w: %s is a directory", failure.ErrSource, filepath.ToSlash(name))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a regular file", failure.ErrSource, filepath.ToSlash(name))
	case info.Size() < 0:
		return fmt.Errorf("%w: %s has no known size", failure.ErrSource, filepath.ToSlash(name))
	}
	return nil
}

// fileSource can be read at any offset.
type fileSource struct {
	name string
	id   string // given by the caller; "": as the opened file says
	size int64
	file func() (*openFile, error)
}

// Name implements [Source].
func (s *fileSource) Name() string { return s.name }

// Length implements [Source].
func (s *fileSource) Length() protocol.Length { return protocol.Known(s.size) }

// Open implements [Source].
func (s *fileSource) Open(_ context.Context, chunk int64) (Handle, error) {
	f, err := s.file()
	if err != nil {
		return nil, Error(err)
	}
	f.size = s.size
	err = f.remember()
	if errors.Is(err, errWrongSize) {
		return f.stream(s.name, chunk), nil
	}
	if err != nil {
		return nil, errors.Join(Error(err), f.Close())
	}
	return f, nil
}
