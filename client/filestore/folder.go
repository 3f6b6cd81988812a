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

// makeFolder makes dir and the parents that are missing, and flushes the entries of the
// folders that it made.
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
	root, err := openFolder(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return syncFolder(root)
}

// probe fails if no file can be made in the folder.
func (s *Store) probe() error {
	root, err := openFolder(s.dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	name := newTempName()
	f, err := openFile(root, name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), root.Remove(name))
}

// write makes a new file of this name with the content b and flushes it to the disk.
func write(root *os.Root, name string, b []byte) error {
	f, err := openFile(root, name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

const tempSuffix = ".tmp"

func newTempName() string { return rand.Text() + tempSuffix }

// isTempName reports whether newTempName made a name. rand.Text returns 26 letters and
// digits of base32.
func isTempName(name string) bool {
	text, ok := strings.CutSuffix(name, tempSuffix)
	return ok && len(text) == 26 && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '2' || r > '7')
	})
}
