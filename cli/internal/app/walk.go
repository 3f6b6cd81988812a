package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

// entry is a file to be sent.
type entry struct {
	name     string
	relative string // from the directory on that it was found in; "" where it was named
	err      error  // it is a directory that cannot be read
	size     int64  // of a regular file, as far as it was looked at; 0: ask for it
}

// listing is what the arguments name. Of a file it holds the name and no more:
// there may be very many, and they may be other ones when their turn comes.
type listing struct {
	entries []entry
	links   int // symbolic links left out
	special int // devices, pipes and sockets left out
}

// leftOut is how many things in directories are not sent for what they are.
func (l *listing) leftOut() int { return l.links + l.special }

var errDirectory = errors.New("is a directory")

const recursiveHint = "send the files in it with --recursive"

// list finds the files that the arguments and the flags name, in their order, and
// those in a directory in the order of their names. Errors are of usage, or the
// cause of ctx.
func (a *app) list(ctx context.Context, s *selecting, files []string) (*listing, error) {
	l := &listing{}
	add := func(name string, named bool) error {
		info, ok := directory(name)
		switch {
		case named && name == stdin, !ok:
			e := entry{name: name}
			if info != nil && info.Mode().IsRegular() {
				e.size = info.Size()
			}
			l.entries = append(l.entries, e)
			return nil
		case s.recursive:
			w := &walker{app: a, selecting: s, listing: l, root: name, base: baseOf(name, info)}
			w.asIs = !leadsTo(filepath.Clean(name), info)
			return w.walk(ctx, "", []fs.FileInfo{info})
		case named:
			return &failure{subject: name, err: usage(errDirectory), hint: recursiveHint}
		}
		l.entries = append(l.entries, entry{name: name, err: fmt.Errorf("%w: %w", client.ErrSource, errDirectory)})
		return nil
	}
	for _, name := range files {
		if err := add(name, true); err != nil {
			return nil, err
		}
	}
	if s.filesFrom == "" {
		return l, nil
	}
	for name, err := range a.namesFrom(s.filesFrom, s.null) {
		if err == nil {
			err = add(name, false)
		}
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

// walker lists the files in a directory and below.
type walker struct {
	*app
	*selecting
	*listing
	root string
	base string // what the root is called
	asIs bool   // the root is another directory once it is cleaned
}

// walk lists what is below the directory called below, a slash-separated path
// under the root. Above are that directory and those that it is in.
func (w *walker) walk(ctx context.Context, below string, above []fs.FileInfo) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	dir := w.path(below)
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.entries = append(w.entries, entry{name: dir, err: fmt.Errorf("%w: %w", client.ErrSource, err)})
	}
	for _, e := range entries {
		name := path.Join(below, e.Name())
		if w.excludes(name) {
			continue
		}
		if err := w.visit(ctx, name, e.Type(), above); err != nil {
			return err
		}
	}
	return nil
}

// path is where the system has what is called below. For the system, link/.. is
// where the link leads to, and up; cleaned, it is the directory of the link.
func (w *walker) path(below string) string {
	switch {
	case !w.asIs:
		return filepath.Join(w.root, filepath.FromSlash(below))
	case below == "":
		return w.root
	}
	separator := string(filepath.Separator)
	return strings.TrimRight(w.root, separator) + separator + filepath.FromSlash(below)
}

func (w *walker) visit(ctx context.Context, name string, kind fs.FileMode, above []fs.FileInfo) error {
	file := w.path(name)
	switch {
	case kind&fs.ModeSymlink != 0 && !w.follow:
		w.links++
		return nil
	case kind&fs.ModeSymlink != 0, kind.IsDir():
		info, ok := directory(file)
		if !ok && !kind.IsDir() {
			break
		}
		if !ok {
			return w.walk(ctx, name, above) // It says why.
		}
		for _, one := range above {
			if os.SameFile(one, info) {
				w.say("left out %s: a link to a directory that it is in", output.Escape(file))
				w.links++
				return nil
			}
		}
		return w.walk(ctx, name, append(slices.Clip(above), info))
	}
	if isSpecial(file, kind) {
		w.say("left out %s: not a regular file", output.Escape(file))
		w.special++
		return nil
	}
	w.add(file, name)
	return nil
}

// isSpecial tells whether a thing of that kind is neither a file nor a link to
// one. A link to nothing fails when its turn comes.
func isSpecial(file string, kind fs.FileMode) bool {
	if kind&fs.ModeSymlink == 0 {
		return !kind.IsRegular()
	}
	info, err := os.Stat(file)
	return err == nil && !info.Mode().IsRegular()
}

// directory looks whether name is one, or a link to one.
func directory(name string) (fs.FileInfo, bool) {
	info, err := os.Stat(name)
	return info, err == nil && info.IsDir()
}

func (w *walker) add(file, name string) {
	if w.includes(name) {
		w.entries = append(w.entries, entry{name: file, relative: path.Join(w.base, name)})
	}
}

// leadsTo tells whether name is one of the directory that info is about.
func leadsTo(name string, info fs.FileInfo) bool {
	other, err := os.Stat(name)
	return err == nil && os.SameFile(other, info)
}

// baseOf is what a directory is called, also where it was named as "." or "..";
// "" for the root of a file system.
func baseOf(dir string, info fs.FileInfo) string {
	whole, err := filepath.Abs(dir)
	if err == nil && isParent(dir) && !leadsTo(whole, info) {
		whole = resolved(dir, whole)
	}
	if err == nil {
		dir = whole
	}
	base := filepath.ToSlash(filepath.Base(dir))
	if base == "/" || base == "." {
		return ""
	}
	return base
}

// isParent tells whether dir ends in "..": its name is not in it.
func isParent(dir string) bool {
	names := slices.DeleteFunc(strings.Split(filepath.ToSlash(dir), "/"), func(name string) bool { return name == "" || name == "." })
	return len(names) > 0 && names[len(names)-1] == ".."
}

// resolved is the path of dir without symbolic links, or else the other one. The
// working directory, too, may be known by a path with links.
func resolved(dir, other string) string {
	if !filepath.IsAbs(dir) {
		wd, err := os.Getwd()
		if err != nil {
			return other
		}
		dir = wd + string(filepath.Separator) + dir
	}
	if followed, err := filepath.EvalSymlinks(dir); err == nil {
		return followed
	}
	return other
}
