package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tusker-go/tusker/client"
)

// folder is a directory that was named. Links in it are either left out, and then
// no file outside of it is ever opened, or followed wherever they lead.
type folder struct {
	path   string // as it was named, as short as it can be
	base   string // its name, see baseOf
	id     fileID // of the directory
	follow bool   // links in it are followed
}

// newFolder is the directory called name, which info is about.
func newFolder(name string, info fs.FileInfo, follow bool) *folder {
	f := &folder{path: filepath.Clean(name), base: baseOf(name, info), id: idOf(info), follow: follow}
	// For the system, link/.. is the directory above the target of the link;
	// cleaned, it is the directory of the link.
	if !leadsTo(f.path, info) {
		f.path = name
	}
	return f
}

// file is the path of what is called below in the folder.
func (f *folder) file(below string) string {
	switch {
	case below == "":
		return f.path
	case f.path == ".":
		return filepath.FromSlash(below)
	}
	return withSeparator(f.path) + filepath.FromSlash(below)
}

func withSeparator(path string) string {
	separator := string(filepath.Separator)
	return strings.TrimRight(path, separator) + separator
}

// errFolderReplaced means that the name of a folder leads to another one by now.
var errFolderReplaced = fmt.Errorf("%w: the directory was replaced by another one", client.ErrSourceChanged)

// open opens the folder that was listed. The separator at the end keeps the system
// from waiting for a pipe that has taken its place.
func (f *folder) open() (*os.Root, error) {
	root, err := os.OpenRoot(withSeparator(f.path))
	if err != nil {
		return nil, named(err, "open", f.path)
	}
	info, err := root.Stat(".")
	if err == nil && !f.id.is(info) {
		err = errFolderReplaced
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// source is a file that was found in the folder. Its upload fails if it opens
// another file than the one that was listed. The caller calls end after the upload.
func (f *folder) source(e *entry) (source client.Source, end func(), err error) {
	end = func() {}
	if f.follow {
		source, err = client.Path(e.name)
	} else {
		var root *os.Root
		if root, err = f.open(); err != nil {
			return nil, end, fmt.Errorf("%w: %w", client.ErrSource, err)
		}
		end = func() { _ = root.Close() }
		source, err = client.Root(root, filepath.FromSlash(e.below))
	}
	return client.Expect(source, e.id.is), end, err
}

// named gives an error of the system the path that people know.
func named(err error, op, path string) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: op, Path: path, Err: e.Err}
	}
	return err
}
