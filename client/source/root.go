package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tusker-go/tusker/client/failure"
)

// Root is the regular file called name below root. Name is relative to root; ".."
// and symbolic links on the way may not lead out of it, and the last element may
// not be a link. Root looks at the file now. An upload opens it below root again,
// without waiting for a pipe, and fails with an error that Is [failure.ErrSourceChanged] if
// another file, link, pipe or device has taken its place since. It closes the file
// when it ends. The error Is failure.ErrSource, and fs.ErrNotExist or fs.ErrPermission as
// the case may be.
//
// The Name of the source is the path: root.Name() and name, joined. Records of
// unfinished and of finished uploads have the same key as with [Path] and that
// path, so an upload that began with one of them is resumed with the other.
//
// The caller closes root after the last upload of the source. A nil root is an
// error that Is ErrInvalidOption.
func Root(root *os.Root, name string) (Source, error) {
	if root == nil {
		return nil, fmt.Errorf("%w: %w: no root", failure.ErrSource, failure.ErrInvalidOption)
	}
	path := pathBelow(root.Name(), name)
	listed, err := lookBelow(root, name, path)
	if err != nil {
		return nil, err
	}
	accept := func(now fs.FileInfo) bool { return os.SameFile(listed, now) }
	return &fileSource{name: path, size: listed.Size(), file: func() (*openFile, error) {
		return openBelow(root, name, path, accept)
	}}, nil
}

// errReplaced means that a name leads to another file than the one that was
// looked at.
var errReplaced = fmt.Errorf("%w: it was replaced by another file", failure.ErrSourceChanged)

// Expect is src with a condition on the file that it opens. An upload fails with
// an error that Is failure.ErrSourceChanged, before anything is sent, unless accept
// returns true for what the open file is. With os.SameFile, accept can tell
// whether it is the file that was listed earlier. Accept is called once for each
// time that the file is opened, and has to be safe for concurrent use if the source
// is used by several uploads.
//
// A source that is not an [Expecter] is returned as it is.
func Expect(src Source, accept func(opened fs.FileInfo) bool) Source {
	if e, ok := src.(Expecter); ok && accept != nil {
		return e.Expect(accept)
	}
	return src
}

// Expect implements [Expecter].
func (s *fileSource) Expect(accept func(opened fs.FileInfo) bool) Source {
	expected := *s
	expected.file = func() (*openFile, error) {
		f, err := s.file()
		if err != nil || f.stat == nil {
			return f, err
		}
		return f.expect(accept)
	}
	return &expected
}

// expect returns f, or closes it unless accept takes what was opened.
func (f *openFile) expect(accept func(opened fs.FileInfo) bool) (*openFile, error) {
	var err error
	if f.opened == nil {
		f.opened, err = f.stat()
	}
	if err == nil && !accept(f.opened) {
		err = errReplaced
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// pathBelow joins a directory and a name below it. It does not clean the path: for
// the system, ".." behind a link leads up from its target.
func pathBelow(dir, name string) string {
	switch {
	case dir == ".", dir == "./", dir == "."+string(os.PathSeparator):
		return name
	case dir != "" && os.IsPathSeparator(dir[len(dir)-1]):
		return dir + name
	}
	return dir + string(os.PathSeparator) + name
}

// namePath gives the error of an os.Root, which has the name below the root only,
// the whole path.
func namePath(err error, op, path string) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: op, Path: path, Err: e.Err}
	}
	return err
}
