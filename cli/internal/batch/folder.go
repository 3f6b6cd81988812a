package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// folder is a directory that was named. Links in it are either left out, and then
// no file outside of it is ever opened, or followed wherever they lead.
type folder struct {
	path   string // as it was named, as short as it can be
	base   string // its name, see baseOf
	id     fileID // of the directory
	follow bool   // links in it are followed

	mu    sync.Mutex
	root  *os.Root // open while files are sent; nil: it is not open
	files *source.Folder
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

// source returns the file e, which was found in the folder. Its upload fails if it opens
// another file than the one that was listed.
func (f *folder) source(e *entry) (client.Source, error) {
	if f.follow {
		source, err := client.Path(e.path())
		return client.Expect(source, e.id.is), err
	}
	return &folderFile{in: f, entry: e}, nil
}

// opened returns the folder that was listed, which it opens for the first file. It stays open for
// the next ones until close, as long as its name leads to it.
func (f *folder) opened() (*source.Folder, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root != nil {
		info, err := os.Stat(withSeparator(f.path))
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: %w", client.ErrSource, named(err, "open", f.path))
		case !f.id.is(info):
			return nil, errFolderReplaced
		}
		return f.files, nil
	}
	root, err := f.open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", client.ErrSource, err)
	}
	f.root, f.files = root, source.NewFolder(root)
	return f.files, nil
}

// close closes the folder. It is opened again for a further file.
func (f *folder) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root != nil {
		_ = f.root.Close()
		f.root, f.files = nil, nil
	}
}

// folderFile is a source that opens the file below its folder, so that the files of a folder cost
// one descriptor while they wait for their turn.
type folderFile struct {
	in       *folder
	entry    *entry
	snapshot bool
	accept   func(opened fs.FileInfo) bool // nil: the file that was listed is accepted
}

// Snapshot implements source.Snapshotter.
func (f *folderFile) Snapshot() client.Source {
	snapshot := *f
	snapshot.snapshot = true
	return &snapshot
}

// Expect implements source.Expecter.
func (f *folderFile) Expect(accept func(opened fs.FileInfo) bool) client.Source {
	expecting := *f
	expecting.accept = accept
	return &expecting
}

// Name implements client.Source.
func (f *folderFile) Name() string { return f.entry.path() }

// Length implements client.Source.
func (f *folderFile) Length() protocol.Length { return protocol.Known(f.entry.size) }

// Open implements client.Source.
func (f *folderFile) Open(ctx context.Context, chunk int64) (source.Handle, error) {
	in, err := f.in.opened()
	if err != nil {
		return nil, err
	}
	src := in.File(filepath.FromSlash(f.entry.below), f.entry.size, f.entry.id.is)
	if f.accept != nil {
		src = client.Expect(src, f.accept)
	}
	if f.snapshot {
		src = client.Snapshot(src)
	}
	return src.Open(ctx, chunk)
}

// named gives an error of the system the path that people know.
func named(err error, op, path string) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: op, Path: path, Err: e.Err}
	}
	return err
}
