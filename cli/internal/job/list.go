package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client/fleet"
)

// List is what a command adds to a job. It yields the files in the order of fleet.OrderWalk.
type List struct {
	// Roots has the folders of all roots in the list.
	Roots Roots
	// Name identifies the list. Two commands have the same one if they name the same files and
	// folders, select files in them with the same flags, and have the same list of names. It
	// does not depend on the order of the arguments.
	Name string
	// Failed is called for each file or folder that cannot be added. Others are added.
	Failed func(name string, err error)

	// Remote opens and lists the files that are not on this machine. It is needed if
	// HasObjects.
	Remote *remote.Files
	// Concurrency is how many remote files that were named are asked for at the same time. 0: 1.
	Concurrency int
	// After is the last item that an interrupted command has added, so that Items need not
	// ask for the remote files up to it. The zero value: there is none.
	After fleet.Item

	// Links and Special count what is left out of folders: symbolic links, and devices, pipes
	// and sockets. They are complete after Items has ended.
	Links, Special int

	selection *flags.Selection
	targets   []target            // named ones
	listed    map[string]*names   // of a list of names, by root
	objects   map[string]*objects // remote files, by root
	now       time.Time
}

// NewList resolves names, which are files and folders, and a list of further files. nil: there
// is no list. Roots are those of the flags, and the selection has the other flags. Errors of
// names are errors of the command. Errors of listed files are reported by failed.
func NewList(roots Roots, s *flags.Selection, args []string, list iter.Seq2[string, error], failed func(string, error)) (*List, error) {
	folder, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	l := &List{Roots: make(Roots), Failed: failed, selection: s, now: time.Now()}
	maps.Copy(l.Roots, roots)
	r := &resolver{roots: l.Roots, folder: folder, folders: s.Recursive}
	for _, name := range args {
		if remote.IsName(name) {
			if err := l.addObject(name); err != nil {
				return nil, err
			}
			continue
		}
		t, err := r.resolve(name)
		if err != nil {
			return nil, err
		}
		l.targets = append(l.targets, t)
	}
	l.targets = independent(l.targets)
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%s\x00", s.Key())
	for _, t := range l.targets {
		_, _ = fmt.Fprintf(sum, "%s:%s\x00%s\x00", t.root, t.path, l.Roots[t.root])
	}
	for _, store := range l.stores() {
		o := l.objects[store]
		_, _ = fmt.Fprintf(sum, "%s\x00", store)
		for _, p := range o.prefixes {
			_, _ = fmt.Fprintf(sum, "below %s\x00", p.below)
		}
		for below := range o.named.all() {
			_, _ = fmt.Fprintf(sum, "%s\x00", below)
		}
	}
	if list != nil {
		if err := l.readNames(r, list, func(name string) { _, _ = fmt.Fprintf(sum, "%s\x00", name) }); err != nil {
			return nil, err
		}
	}
	for _, store := range l.stores() {
		l.Roots[store] = store
	}
	l.Name = hex.EncodeToString(sum.Sum(nil)[:16])
	return l, nil
}

// readNames adds the names of a list, and calls seen for each.
func (l *List) readNames(r *resolver, list iter.Seq2[string, error], seen func(string)) error {
	l.listed = make(map[string]*names)
	for name, err := range list {
		if err != nil {
			return err
		}
		if remote.IsName(name) {
			if err := l.addListedObject(name); err != nil {
				l.Failed(remote.Shown(name), err)
				continue
			}
			seen(name)
			continue
		}
		seen(name)
		t, err := r.listed(name)
		if err != nil {
			l.Failed(name, err)
			continue
		}
		if slices.ContainsFunc(l.targets, func(named target) bool { return named.covers(t) }) {
			continue
		}
		if l.listed[t.root] == nil {
			l.listed[t.root] = &names{}
		}
		l.listed[t.root].add(t.path)
	}
	for _, n := range l.listed {
		n.sort()
	}
	return nil
}

// Items yields the items. An error ends it: the cause of ctx.
func (l *List) Items(ctx context.Context) iter.Seq2[fleet.Item, error] {
	return func(yield func(fleet.Item, error) bool) {
		for _, root := range slices.Sorted(maps.Keys(l.Roots)) {
			w := &walk{List: l, ctx: ctx, root: root, yield: yield}
			visit := w.visitRoot
			if o := l.objects[root]; o != nil {
				visit = func() error { return w.visitStore(o) } //nolint:contextcheck // A walk has the context of Items.
			}
			if err := visit(); err != nil {
				if !errors.Is(err, errStopped) {
					yield(fleet.Item{}, err)
				}
				return
			}
		}
	}
}

// errStopped means that the loop over the items has ended.
var errStopped = errors.New("stopped")

// walk visits what the list has below one root.
type walk struct {
	*List
	ctx   context.Context //nolint:containedctx // A walk is one call of Items.
	root  string
	yield func(fleet.Item, error) bool
	base  string // the folder that was named, for patterns
}

// visitRoot merges the named targets and the names of the list.
func (w *walk) visitRoot() error {
	targets := slices.Collect(func(yield func(target) bool) {
		for _, t := range w.targets {
			if t.root == w.root && !yield(t) {
				return
			}
		}
	})
	listed := w.listed[w.root]
	if len(targets) == 0 && listed == nil {
		return nil
	}
	root, err := os.OpenRoot(w.Roots[w.root])
	if err != nil {
		w.Failed(w.Roots[w.root], err)
		return nil
	}
	defer func() { _ = root.Close() }()
	last := ""
	if listed != nil {
		for name := range listed.all() {
			for len(targets) > 0 && compareWalk([]byte(targets[0].prefix()), []byte(name)) < 0 {
				if err := w.visitTarget(root, targets[0]); err != nil {
					return err
				}
				targets = targets[1:]
			}
			if name == last {
				continue // named twice
			}
			last = name
			if err := w.visitFile(root, name); err != nil {
				return err
			}
		}
	}
	for _, t := range targets {
		if err := w.visitTarget(root, t); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) visitTarget(root *os.Root, t target) error {
	if !t.dir {
		return w.visitFile(root, t.path)
	}
	w.base = t.path
	if t.path == "." {
		return w.visitFolder(root, "", false)
	}
	folder, err := root.OpenRoot(filepath.FromSlash(t.path))
	if err != nil {
		w.Failed(w.shown(t.path), err)
		return nil
	}
	defer func() { _ = folder.Close() }()
	return w.visitFolder(folder, t.path, false)
}

// visitFile adds a file that was named.
func (w *walk) visitFile(root *os.Root, name string) error {
	info, err := root.Lstat(filepath.FromSlash(name))
	switch {
	case err != nil:
		w.Failed(w.shown(name), err)
		return nil
	case info.IsDir():
		w.Failed(w.shown(name), errDirectory)
		return nil
	case info.Mode()&fs.ModeSymlink != 0:
		w.Failed(w.shown(name), errLink)
		return nil
	case !info.Mode().IsRegular():
		w.Special++
		return nil
	case !w.selection.Admits(info, w.now):
		return nil
	}
	return w.add(name, info)
}

// errLink means that a symbolic link was named. Workers follow none.
var errLink = errors.New("is a symbolic link: name its target")

// visitFolder adds the files in a folder, whose path below the root is at. Included reports
// whether a pattern includes the folder or one above it.
func (w *walk) visitFolder(folder *os.Root, at string, included bool) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	dir, err := folder.Open(".")
	if err != nil {
		w.Failed(w.shown(at), err)
		return nil
	}
	found, err := readNames(dir)
	_ = dir.Close()
	if err != nil {
		w.Failed(w.shown(at), err)
	}
	for name := range found.all() {
		if err := w.visitEntry(folder, at, name, included); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) visitEntry(folder *os.Root, at, name string, included bool) error {
	below := path.Join(at, name)
	info, err := folder.Lstat(name)
	matches, excluded := w.selection.Selects(w.patternPath(below), err != nil || info.IsDir())
	included = included || matches
	switch {
	case excluded, errors.Is(err, fs.ErrNotExist): // It was removed after its folder was read.
		return nil
	case err != nil:
		w.Failed(w.shown(below), err)
		return nil
	case info.IsDir():
		deeper, err := folder.OpenRoot(name)
		if err != nil {
			w.Failed(w.shown(below), err)
			return nil
		}
		defer func() { _ = deeper.Close() }()
		return w.visitFolder(deeper, below, included)
	case info.Mode()&fs.ModeSymlink != 0:
		w.Links++
		return nil
	case !info.Mode().IsRegular():
		w.Special++
		return nil
	case !included || !w.selection.Admits(info, w.now):
		return nil
	}
	return w.add(below, info)
}

// patternPath returns the path below the folder that was named.
func (w *walk) patternPath(below string) string {
	if w.base == "." {
		return below
	}
	return strings.TrimPrefix(below, w.base+"/")
}

// shown returns the path of a file on this machine.
func (w *walk) shown(below string) string {
	return filepath.Join(w.Roots[w.root], filepath.FromSlash(below))
}

func (w *walk) add(name string, info fs.FileInfo) error {
	return w.addItem(fleet.Item{Root: w.root, Path: name, Size: info.Size(), ModTime: info.ModTime()})
}
