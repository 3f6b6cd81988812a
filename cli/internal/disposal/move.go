package disposal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// errElsewhere means that a file cannot be renamed to the other directory: it is on another
// file system, or its file system cannot rename without replacing a file.
var errElsewhere = errors.New("not the same file system")

// newDirectory is the mode of directories that are created, before the umask.
const newDirectory = 0o777

// Move moves the file of info from p to another place, whose directories are created. On
// another file system the file is copied, the copy is flushed to the disk, and then the file
// is removed. Unchanged reports whether the bytes of the file are those that were sent; it is
// called just before the file leaves its place. Ctx ends a copy.
func (p Place) Move(ctx context.Context, info fs.FileInfo, to Place, unchanged func() error) error {
	if err := p.check(info); err != nil {
		return err
	}
	if err := to.Root.MkdirAll(filepath.Dir(to.Name), newDirectory); err != nil {
		return err
	}
	from, err := p.Root.Open(filepath.Dir(p.Name))
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	target, err := to.Root.Open(filepath.Dir(to.Name))
	if err != nil {
		return err
	}
	defer func() { _ = target.Close() }()
	if isSame(from, target) {
		return ErrSameDirectory
	}
	if there, err := to.Root.Lstat(to.Name); err == nil {
		if !os.SameFile(there, info) {
			return ErrExists
		}
		// An earlier run ended after it had given the file its new name.
		return p.Remove(info, unchanged)
	}
	if err := unchanged(); err != nil {
		return err
	}
	err = rename(from, filepath.Base(p.Name), target, filepath.Base(to.Name))
	switch {
	case err == nil:
		moved, err := to.Root.Lstat(to.Name)
		if err == nil && os.SameFile(moved, info) {
			return nil
		}
		// Another file took the name just before.
		return errors.Join(ErrChanged, rename(target, filepath.Base(to.Name), from, filepath.Base(p.Name)))
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	case !errors.Is(err, errElsewhere):
		return fmt.Errorf("rename: %w", cause(err))
	}
	return p.copy(ctx, info, to, target, unchanged)
}

// isSame reports whether both are the same directory.
func isSame(a, b *os.File) bool {
	x, err := a.Stat()
	y, err2 := b.Stat()
	return err == nil && err2 == nil && os.SameFile(x, y)
}

// copy copies the file to a temporary name beside to, and then gives it its own name. Target
// is the directory of to.
func (p Place) copy(ctx context.Context, info fs.FileInfo, to Place, target *os.File, unchanged func() error) (err error) {
	temporary := filepath.Join(filepath.Dir(to.Name), ".tusker-"+rand.Text())
	defer func() {
		if err != nil {
			_ = to.Root.Remove(temporary)
		}
	}()
	if err := p.copyBytes(ctx, info, to.Root, temporary); err != nil {
		return fmt.Errorf("copy: %w", cause(err))
	}
	if err := unchanged(); err != nil {
		return err
	}
	if err := publish(to.Root, temporary, to.Name); err != nil {
		return err
	}
	// Some systems cannot flush a directory.
	_ = target.Sync()
	return p.removeNow(info)
}

func (p Place) copyBytes(ctx context.Context, info fs.FileInfo, root *os.Root, name string) error {
	src, err := p.Root.Open(p.Name)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	if opened, err := src.Stat(); err != nil || !os.SameFile(opened, info) {
		return errors.Join(ErrChanged, err)
	}
	dst, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(dst, readerUntil{ctx, src})
	if err == nil && n != info.Size() {
		err = ErrChanged
	}
	if err == nil {
		err = dst.Sync()
	}
	if err := errors.Join(err, dst.Close()); err != nil {
		return err
	}
	if err := root.Chmod(name, info.Mode().Perm()); err != nil {
		return err
	}
	return root.Chtimes(name, info.ModTime(), info.ModTime())
}

// readerUntil reads until its context ends.
type readerUntil struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (r readerUntil) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}

// publish gives a file its name, and replaces no other file. Without hard links, another
// program that creates the name at the same moment could lose its file.
func publish(root *os.Root, temporary, name string) error {
	err := root.Link(temporary, name)
	switch {
	case err == nil:
		return root.Remove(temporary)
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	}
	if _, err := root.Lstat(name); err == nil {
		return ErrExists
	}
	return root.Rename(temporary, name)
}
