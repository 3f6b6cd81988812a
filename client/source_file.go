package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Path is the regular file called name. The file is looked at now, opened when
// its upload begins and closed when it ends, so that a long list of paths costs
// no descriptors. The error Is ErrSource, and fs.ErrNotExist or
// fs.ErrPermission as the case may be. The Name of the source is name.
//
// Symbolic links are followed, also one that takes the place of the file before
// its upload begins. Use [Root] for files in a folder that others can write to.
//
// A file that has bytes though its size is 0, such as those in /proc, ends its
// upload with an error that Is ErrSource: [Stream] can send it. This is so for
// File and FS as well.
func Path(name string) (Source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, sourceError(err)
	}
	if err := checkRegular(name, info); err != nil {
		return nil, err
	}
	return &fileSource{name: name, size: info.Size(), file: func() (*openFile, error) {
		f, err := openRegular(name)
		if err != nil {
			return nil, err
		}
		return &openFile{r: f, stat: f.Stat, path: name, closer: f.Close}, nil
	}}, nil
}

// File is an open regular file, taken from its beginning by offset: its position
// is neither used nor moved, and the caller closes it after the upload. The
// error Is ErrSource.
func File(f *os.File) (Source, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, sourceError(err)
	}
	if err := checkRegular(f.Name(), info); err != nil {
		return nil, err
	}
	return &fileSource{name: f.Name(), size: info.Size(), file: func() (*openFile, error) {
		return &openFile{r: f, stat: f.Stat, path: f.Name()}, nil
	}}, nil
}

// FS is the regular file called name in fsys, opened when its upload begins and
// closed when it ends. Where its files have neither ReadAt nor Seek, going back
// means to open it again and to read up to the place. The error Is ErrSource.
func FS(fsys fs.FS, name string) (Source, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, sourceError(err)
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

// ReaderAt is size bytes of r, which must be safe for concurrent use where the
// source is used by several uploads. An upload does not return while r is being
// read, even when its context has ended. A negative size is an error.
func ReaderAt(r io.ReaderAt, size int64) (Source, error) {
	if size < 0 {
		return nil, fmt.Errorf("%w: %w: size %d is negative", ErrSource, ErrInvalidOption, size)
	}
	if r == nil {
		return nil, fmt.Errorf("%w: %w: no reader", ErrSource, ErrInvalidOption)
	}
	return &fileSource{size: size, file: func() (*openFile, error) {
		return &openFile{r: r}, nil
	}}, nil
}

func checkRegular(name string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%w: %s is a directory", ErrSource, filepath.ToSlash(name))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a regular file", ErrSource, filepath.ToSlash(name))
	case info.Size() < 0:
		return fmt.Errorf("%w: %s has no known size", ErrSource, filepath.ToSlash(name))
	}
	return nil
}

// fileSource can go to any offset.
type fileSource struct {
	name string
	size int64
	file func() (*openFile, error)
}

func (s *fileSource) Name() string            { return s.name }
func (s *fileSource) Length() protocol.Length { return protocol.Known(s.size) }

func (s *fileSource) open(int64) (opened, error) {
	f, err := s.file()
	if err != nil {
		return nil, sourceError(err)
	}
	f.size = s.size
	if err := f.remember(); err != nil {
		return nil, errors.Join(sourceError(err), f.close())
	}
	return f, nil
}

// openFile is a source in its upload.
type openFile struct {
	r       io.ReaderAt
	stat    func() (fs.FileInfo, error) // nil: there is nothing to look at but the bytes
	path    string                      // as it was given, "" where there is none
	forward bool                        // going back is dear
	closer  func() error                // nil: not ours to close

	// Of the time when the upload began.
	size    int64
	was     identity
	watched time.Time // when the file was first seen as it was
	content []byte    // all of a small file, nil of others

	writers writers // as found last
}

func (f *openFile) cut(_ context.Context, off, chunk int64) (cut, error) {
	rng, err := protocol.Next(off, f.length(), chunk)
	if err != nil {
		return cut{}, err
	}
	if f.content != nil {
		return memoryCut(rng, f.size, f.content[rng.Start:rng.End]), nil
	}
	c := cut{Range: rng, last: rng.End == f.size, reader: func() (io.Reader, error) {
		return io.NewSectionReader(f.r, rng.Start, rng.Len()), nil
	}}
	if file, ok := f.r.(*os.File); ok {
		c.file = &fileRange{file, rng.Start}
	}
	return c, nil
}

func (f *openFile) length() protocol.Length { return protocol.Known(f.size) }
func (f *openFile) release(int64)           {}

func (f *openFile) close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer()
}

// sequential is a file that can only be read forward, or sought, made into an
// io.ReaderAt.
type sequential struct {
	fsys fs.FS
	name string

	mu  sync.Mutex
	f   fs.File
	pos int64
}

func (s *sequential) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.seek(off); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.f, p)
	s.pos += int64(n)
	if isShort(err) {
		err = io.EOF
	}
	return n, err
}

func (s *sequential) seek(off int64) error {
	if off == s.pos {
		return nil
	}
	if sk, ok := s.f.(io.Seeker); ok {
		_, err := sk.Seek(off, io.SeekStart)
		if err == nil {
			s.pos = off
		}
		return err
	}
	if off < s.pos {
		f, err := s.fsys.Open(s.name)
		if err != nil {
			return err
		}
		_ = s.f.Close()
		s.f, s.pos = f, 0
	}
	n, err := io.CopyN(io.Discard, s.f, off-s.pos)
	s.pos += n
	return err
}

func (s *sequential) stat() (fs.FileInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f.Stat()
}

func (s *sequential) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f.Close()
}
