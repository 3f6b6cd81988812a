package batch

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// leadsTo reports whether name is one of the directory that info is about.
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

// isParent reports whether dir ends in "..": its name is not in it.
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
