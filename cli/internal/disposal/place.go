// Package disposal removes a file after its upload, or moves it to another directory. It
// touches only the file that was sent, and replaces no other file.
package disposal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Errors of the functions; test for them with errors.Is.
var (
	// ErrChanged means that the name leads to another file than the one that was sent, or
	// that the file has changed.
	ErrChanged = errors.New("it has changed since it was sent")

	// ErrLink means that the name is that of a symbolic link.
	ErrLink = errors.New("its name is that of a symbolic link")

	// ErrExists means that there is already a file of that name in the other directory.
	ErrExists = errors.New("there is already a file of that name")

	// ErrSameDirectory means that a file would be moved to the directory that it is in.
	ErrSameDirectory = errors.New("it is already in that directory")
)

// Place is the name of a file below a directory. Nothing outside of the directory is touched.
type Place struct {
	// Root is the directory. The caller closes it.
	Root *os.Root
	// Name is the path of the file in Root.
	Name string
}

// Open returns the place of the file called path. Symbolic links in its directory are
// followed. The caller closes the Root of the place.
func Open(path string) (Place, error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	return Place{root, base}, err
}

// check returns an error unless the name leads to the file of info, in the same state.
func (p Place) check(info fs.FileInfo) error {
	now, err := p.Root.Lstat(p.Name)
	switch {
	case err != nil:
		return err
	case now.Mode()&fs.ModeSymlink != 0:
		return ErrLink
	case !now.Mode().IsRegular(), !os.SameFile(now, info), now.Size() != info.Size(), !now.ModTime().Equal(info.ModTime()):
		return ErrChanged
	}
	return nil
}

// Remove removes the file of info at p. Unchanged reports whether the bytes of the file are
// those that were sent; it is called just before the file is removed.
func (p Place) Remove(info fs.FileInfo, unchanged func() error) error {
	if err := p.check(info); err != nil {
		return err
	}
	if err := unchanged(); err != nil {
		return err
	}
	return p.removeNow(info)
}

func (p Place) removeNow(info fs.FileInfo) error {
	if err := p.check(info); err != nil {
		return err
	}
	if err := p.Root.Remove(p.Name); err != nil {
		return fmt.Errorf("remove: %w", cause(err))
	}
	return nil
}

// cause returns the error of the system without the path, which messages have already.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
