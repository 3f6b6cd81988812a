package job

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// target is a file or a folder below a root.
type target struct {
	root string
	path string // slash-separated path below the root; ".": the root itself
	dir  bool
}

// errDirectory means that a folder was named without --recursive.
var errDirectory = errors.New("is a directory")

// errOutside means that a path is not below its root.
var errOutside = errors.New("the path leads out of the root")

const (
	recursiveHint = "add the files in it with --recursive"
	rootHint      = "name the folder with --root NAME=FOLDER"
)

// resolver finds the roots of names on the command line and in lists.
type resolver struct {
	roots   Roots // known so far
	folder  string
	folders bool // folders may be named
}

// resolve returns what name means: NAME:PATH is a path below the root of that name, and any
// other name is one of this machine. A folder or file that is below no root becomes or gets a
// root of its own, whose name is that of the folder.
func (r *resolver) resolve(name string) (target, error) {
	if root, below, ok := strings.Cut(name, ":"); ok && isRootName(root) {
		if _, known := r.roots[root]; known {
			return r.below(root, below)
		}
		if err := remote.CheckLocal(name); err != nil {
			return target{}, objectError(name, err)
		}
		if _, err := os.Lstat(name); err != nil {
			return target{}, &advice.Failure{
				Subject: name, Err: usage.Error(fmt.Errorf("no root is called %q", root)),
				Hint: "say which folder it is: --root " + root + "=FOLDER",
			}
		}
	}
	full, err := filepath.Abs(name)
	if err != nil {
		return target{}, err
	}
	info, err := os.Stat(full)
	if err != nil {
		return target{}, exit.With(exit.Source, err)
	}
	if err := r.check(name, info); err != nil {
		return target{}, err
	}
	if t, ok := r.known(full); ok {
		t.dir = info.IsDir()
		return t, nil
	}
	dir, below := full, "."
	if !info.IsDir() {
		dir, below = filepath.Dir(full), filepath.Base(full)
	}
	root := filepath.Base(dir)
	if !isRootName(root) {
		return target{}, &advice.Failure{Subject: name, Err: usage.Error(fmt.Errorf("no root can be called %s", output.Escape(root))), Hint: rootHint}
	}
	if other, taken := r.roots[root]; taken {
		return target{}, &advice.Failure{
			Subject: name, Err: usage.Error(fmt.Errorf("%s and %s have the same name", output.Escape(dir), output.Escape(other))),
			Hint: "give one of them a name of its own: --root NAME=" + shell.QuotePath(dir),
		}
	}
	r.roots[root] = dir
	return target{root: root, path: below, dir: info.IsDir()}, nil
}

// below returns the target at a path below a root.
func (r *resolver) below(root, below string) (target, error) {
	name := root + ":" + below
	if below == "" {
		below = "."
	}
	local := filepath.FromSlash(below)
	if !filepath.IsLocal(local) {
		return target{}, &advice.Failure{Subject: name, Err: usage.Error(errOutside)}
	}
	info, err := os.Stat(filepath.Join(r.roots[root], local))
	if err != nil {
		return target{}, exit.With(exit.Source, err)
	}
	return target{root: root, path: path.Clean(filepath.ToSlash(local)), dir: info.IsDir()}, r.check(name, info)
}

// check returns an error if a name cannot be added because of its kind.
func (r *resolver) check(name string, info fs.FileInfo) error {
	switch {
	case info.IsDir() && !r.folders:
		return &advice.Failure{Subject: name, Err: usage.Error(errDirectory), Hint: recursiveHint}
	case !info.IsDir() && !info.Mode().IsRegular():
		return &advice.Failure{Subject: name, Err: usage.Error(errors.New("not a regular file")), Hint: "tusker upload sends pipes and devices"}
	}
	return nil
}

// known returns the target at a path that is below a known root. If several roots have it, it is
// the deepest one, and the first by name of those for the same folder.
func (r *resolver) known(full string) (target, bool) {
	best, found := target{}, false
	for _, root := range slices.Sorted(maps.Keys(r.roots)) {
		below, err := filepath.Rel(r.roots[root], full)
		if err != nil || !filepath.IsLocal(below) {
			continue
		}
		t := target{root: root, path: filepath.ToSlash(below)}
		if !found || len(t.prefix()) < len(best.prefix()) {
			best, found = t, true
		}
	}
	return best, found
}

// listed returns the target of a name in a list, which may be of a file only.
func (r *resolver) listed(name string) (target, error) {
	if root, below, ok := strings.Cut(name, ":"); ok && r.roots[root] != "" {
		if !filepath.IsLocal(filepath.FromSlash(below)) {
			return target{}, usage.Error(errOutside)
		}
		return target{root: root, path: path.Clean(filepath.ToSlash(below))}, nil
	}
	if err := remote.CheckLocal(name); err != nil {
		return target{}, usage.Error(err)
	}
	full := name
	if !filepath.IsAbs(full) {
		full = filepath.Join(r.folder, name)
	}
	if t, ok := r.known(full); ok && t.path != "." {
		return t, nil
	}
	if below, err := filepath.Rel(r.folder, full); err == nil && filepath.IsLocal(below) {
		root := filepath.Base(r.folder)
		if _, taken := r.roots[root]; isRootName(root) && !taken {
			r.roots[root] = r.folder
			return target{root: root, path: filepath.ToSlash(below)}, nil
		}
	}
	return target{}, &advice.Failure{Subject: name, Err: usage.Error(errors.New("it is below no root")), Hint: rootHint}
}

// independent sorts targets and removes those that are below others.
func independent(all []target) []target {
	slices.SortFunc(all, func(a, b target) int {
		if c := strings.Compare(a.root, b.root); c != 0 {
			return c
		}
		return compareWalk([]byte(a.prefix()), []byte(b.prefix()))
	})
	var kept []target
	for _, t := range all {
		if len(kept) > 0 && kept[len(kept)-1].covers(t) {
			continue
		}
		kept = append(kept, t)
	}
	return kept
}

// prefix returns the path for comparisons, which is "" for the root itself.
func (t target) prefix() string {
	if t.path == "." {
		return ""
	}
	return t.path
}

// covers reports whether other is t or below it.
func (t target) covers(other target) bool {
	return t.root == other.root && (t.path == other.path || t.dir && (t.path == "." || strings.HasPrefix(other.path, t.path+"/")))
}
