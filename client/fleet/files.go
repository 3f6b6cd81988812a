package fleet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// Files returns a function for Worker.Open that opens files below folders: roots has the
// folder of each root that items name. A symbolic link that leads out of a folder is not
// followed, and neither is one in the place of the file. The upload then fails with an error
// that Is ErrNoRoot, ErrMissing, ErrUnreadable, or client.ErrSourceChanged if the file has
// another size or time of modification than the item. The time is compared to the
// microsecond, because some file systems keep no more.
func Files(roots map[string]string) func(context.Context, Item) (client.Source, error) {
	return func(_ context.Context, it Item) (client.Source, error) {
		dir, ok := roots[it.Root]
		if !ok {
			return nil, fmt.Errorf("%w: %q", ErrNoRoot, it.Root)
		}
		return &rootedFile{dir, it}, nil
	}
}

// rootedFile is a file below the folder of a root.
type rootedFile struct {
	dir  string
	item Item
}

// Name implements source.Source.
func (f *rootedFile) Name() string { return f.item.Name() }

// Length implements source.Source.
func (f *rootedFile) Length() protocol.Length { return protocol.Known(f.item.Size) }

// Open implements source.Source. The root is needed only until the file is open.
func (f *rootedFile) Open(ctx context.Context, chunk int64) (source.Handle, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		// The text alone is kept, so that a missing folder is not taken for a missing file.
		return nil, fmt.Errorf("%w: %q: %s", ErrNoRoot, f.item.Root, err.Error())
	}
	defer func() { _ = root.Close() }()
	h, err := f.open(ctx, root, chunk)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // a file is in the place of a folder
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return h, err
}

func (f *rootedFile) open(ctx context.Context, root *os.Root, chunk int64) (source.Handle, error) {
	name := filepath.FromSlash(f.item.Path)
	src, err := client.Root(root, name)
	if err != nil {
		if now, look := root.Lstat(name); look == nil && !now.Mode().IsRegular() {
			return nil, fmt.Errorf("%w: it is no longer a regular file", client.ErrSourceChanged)
		}
		return nil, err
	}
	opened, same := fs.FileInfo(nil), false
	h, err := client.Expect(src, func(info fs.FileInfo) bool {
		opened, same = info, isSame(f.item, info)
		return same
	}).Open(ctx, chunk)
	if err != nil && opened != nil && !same {
		return nil, fmt.Errorf("%w: it had %d bytes of %s when it was added, and has %d bytes of %s now: add it again", client.ErrSourceChanged,
			f.item.Size, stamp(f.item.ModTime), opened.Size(), stamp(opened.ModTime()))
	}
	return h, err
}

// isSame reports whether a file is in the state in which it was added.
func isSame(it Item, now fs.FileInfo) bool {
	return now.Size() == it.Size &&
		(it.ModTime.IsZero() || it.ModTime.Truncate(time.Microsecond).Equal(now.ModTime().Truncate(time.Microsecond)))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
