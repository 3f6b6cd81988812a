package filestore

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	folderMode = 0o700
	fileMode   = 0o600
)

// makeFolder makes dir and its parents where they are missing, and flushes the
// entries of those it made.
func makeFolder(dir string) error {
	var made []string
	for d := dir; ; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err == nil && !info.IsDir() {
			return &fs.PathError{Op: "open", Path: d, Err: errors.New("is a file, not a folder")}
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		made = append(made, d)
	}
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	for _, d := range made {
		if err := syncParent(d); err != nil {
			return err
		}
	}
	return nil
}

func syncParent(dir string) error {
	root, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return syncFolder(root)
}

// probe finds out whether files can be made in the folder.
func (s *Store) probe() error {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	name := newTempName()
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), root.Remove(name))
}

// replace makes b the content of the file called name: at no time is there less
// than the old or the new content under that name, and the new one survives a
// crash once replace has returned nil.
func replace(root *os.Root, name string, b []byte) error {
	if err := swap(root, name, b, (*os.File).Sync); err != nil {
		return err
	}
	return syncFolder(root)
}

// swap is replace without the promise for crashes. Flush is called when all is
// written.
func swap(root *os.Root, name string, b []byte, flush func(*os.File) error) error {
	temp := newTempName()
	err := write(root, temp, b, flush)
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		_ = root.Remove(temp)
	}
	return err
}

func write(root *os.Root, name string, b []byte, flush func(*os.File) error) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = flush(f)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

const tempSuffix = ".tmp"

func newTempName() string { return rand.Text() + tempSuffix }

// isTempName tells names that newTempName makes from those of other programs:
// 26 letters and digits of base32, as rand.Text has them.
func isTempName(name string) bool {
	text, ok := strings.CutSuffix(name, tempSuffix)
	return ok && len(text) == 26 && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '2' || r > '7')
	})
}
