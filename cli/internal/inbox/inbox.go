// Package inbox gives the files of finished uploads the names that clients
// announced.
package inbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tusker-go/tusker/cli/internal/download"
	"github.com/tusker-go/tusker/protocol"
)

// maxNumber limits the search for a free name.
const maxNumber = 10_000

// Add makes the file available in dir under the name in the metadata of its
// upload, and returns its new path. The name is made safe by
// [download.SafeName]; without a usable name, it is the base name of the file. If
// the name is taken, it gets a number, and the existing file is not changed.
//
// The new file is a hard link, so that it needs no space and both files have the
// same content at all times. It is a copy if the file system has no hard links.
// Add is safe for concurrent use.
func Add(dir, file string, metadata protocol.Metadata) (string, error) {
	name := filepath.Base(file)
	for _, key := range []string{"filename", "name"} {
		if safe := download.SafeName(metadata[key]); safe != "" {
			name = safe
			break
		}
	}
	for i := 1; i <= maxNumber; i++ {
		target := filepath.Join(dir, download.Numbered(name, i))
		err := place(file, target, os.Link)
		if err == nil {
			return target, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	return "", fmt.Errorf("%s: too many files of that name: %w", filepath.Join(dir, name), fs.ErrExist)
}

// place makes the file available as target by link, or else as a copy. If target
// exists, the error is [fs.ErrExist].
func place(file, target string, link func(file, target string) error) error {
	err := link(file, target)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return copyFile(file, target)
}

// copyFile copies a file to a new file. If target exists, the error is
// [fs.ErrExist].
func copyFile(file, target string) (err error) {
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, to.Close()); err != nil {
			_ = os.Remove(target)
		}
	}()
	_, err = io.Copy(to, from)
	return err
}
