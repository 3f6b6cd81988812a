package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
)

// walker lists the files below a folder.
type walker struct {
	*flags.Selection
	*Listing
	console *console.Console
	now     time.Time // for --newer-than
	in      *folder
	files   files
}

// walk adds the entries of a folder to the listing. A folder or directory that
// cannot be read is an entry with an error.
func walk(ctx context.Context, con *console.Console, s *flags.Selection, l *Listing, f *folder, now time.Time) error {
	w := &walker{console: con, now: now, Selection: s, Listing: l, in: f, files: linked{f}}
	if !f.follow {
		root, err := f.open()
		if err != nil {
			w.failed(f.path, err)
			return nil
		}
		defer func() { _ = root.Close() }()
		w.files = rooted{f, root}
	}
	info, err := w.files.look("")
	if err != nil {
		w.failed(f.path, err)
		return nil
	}
	if w.IsApart(info) {
		return usage.Error(fmt.Errorf("--move-to would move the files in %s to where they are", output.Escape(f.path)))
	}
	return w.walk(ctx, "", []fs.FileInfo{info}, false)
}

// walk lists the entries below the directory called below, a slash-separated path
// in the folder. Above are that directory and its parents. Included reports whether a
// pattern includes one of them.
func (w *walker) walk(ctx context.Context, below string, above []fs.FileInfo, included bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w.dirs = append(w.dirs, w.in.file(below))
	names, err := namesIn(w.files, below, above[len(above)-1])
	if err != nil {
		w.failed(w.in.file(below), err)
	}
	for _, name := range names {
		if err := w.visit(ctx, path.Join(below, name), above, included); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) visit(ctx context.Context, name string, above []fs.FileInfo, included bool) error {
	file := w.in.file(name)
	info, err := w.files.look(name)
	// Patterns for directories exclude entries that may be directories, too.
	matches, excluded := w.Selects(name, err != nil || info.IsDir())
	included = included || matches
	switch {
	case excluded:
	case err != nil:
		if included {
			w.failed(file, err)
		}
	case info.IsDir() && w.IsApart(info):
	case info.IsDir():
		if slices.ContainsFunc(above, func(one fs.FileInfo) bool { return os.SameFile(one, info) }) {
			w.say("left out %s: a link to a directory that it is in", output.Escape(file))
			w.links++
			return nil
		}
		return w.walk(ctx, name, append(slices.Clip(above), info), included)
	case info.Mode()&fs.ModeSymlink != 0:
		w.links++
	case !info.Mode().IsRegular():
		w.say("left out %s: not a regular file", output.Escape(file))
		w.special++
	case included && w.Admits(info, w.now):
		w.entries.add(entry{
			in: w.in, below: name, id: idOf(info), size: info.Size(), modified: info.ModTime().UnixNano(),
		})
	}
	return nil
}

// say writes a line to the user of a run that lists the files once.
func (w *walker) say(format string, args ...any) {
	if w.console != nil {
		w.console.Say(format, args...)
	}
}

func (w *walker) failed(file string, err error) {
	w.entries.add(entry{name: file, err: fmt.Errorf("%w: %w", client.ErrSource, err)})
}

// files is the view of a walker of a folder. Names are slash-separated paths in it,
// and "" is the folder itself.
type files interface {
	// open opens a directory without waiting for a pipe that has taken its place.
	open(name string) (*os.File, error)

	// look returns the type of an entry. If links are not followed, it describes
	// the link itself.
	look(name string) (fs.FileInfo, error)
}

// rooted is a folder whose links are not followed.
type rooted struct {
	in   *folder
	root *os.Root
}

func (r rooted) open(name string) (*os.File, error) {
	f, err := r.root.OpenFile(inRoot(name), directoryFlags, 0)
	return f, named(err, "open", r.in.file(name))
}

func (r rooted) look(name string) (fs.FileInfo, error) {
	info, err := r.root.Lstat(inRoot(name))
	return info, named(err, "stat", r.in.file(name))
}

func inRoot(name string) string { return filepath.FromSlash(path.Join(".", name)) }

// linked is a folder whose links are followed.
type linked struct{ in *folder }

func (l linked) open(name string) (*os.File, error) {
	return os.OpenFile(l.in.file(name), directoryFlags, 0)
}

func (l linked) look(name string) (fs.FileInfo, error) { return os.Stat(l.in.file(name)) }

// namesIn returns the sorted names in a directory. It fails if listed is about
// another directory. An error may come with names.
func namesIn(in files, name string, listed fs.FileInfo) ([]string, error) {
	f, err := in.open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(info, listed) {
		err = errFolderReplaced
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, errors.Join(err, f.Close())
}
