package prose

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Tree checks all Go files and all Markdown pages below root, except for folders named
// testdata or vendor, or with a leading dot. The findings are sorted by file and line.
func Tree(root string) ([]Finding, error) {
	var out []Finding
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".")) {
				return fs.SkipDir
			}
			return nil
		}
		check := checkOf(name)
		if check == nil {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		found, err := check(filepath.ToSlash(rel), source)
		out = append(out, found...)
		return err
	})
	return out, err
}

// checkOf returns the check for a file of this name. nil: it has no prose.
func checkOf(name string) func(name string, source []byte) ([]Finding, error) {
	switch filepath.Ext(name) {
	case ".go":
		return File
	case ".md":
		return func(name string, source []byte) ([]Finding, error) { return Page(name, source), nil }
	}
	return nil
}
