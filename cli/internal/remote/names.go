package remote

import (
	"os"
	"path/filepath"
	"sync"
)

// Names makes the names of files independent of the working directory. It asks the system for the
// working directory only once, so the program must not change it meanwhile. The zero value is
// ready for use. It is safe for concurrent use.
type Names struct {
	once sync.Once
	dir  string
	err  error
}

// Absolute returns what names a file in any working directory: its absolute path, or what [Shown]
// returns for a remote one.
func (n *Names) Absolute(file string) (string, error) {
	switch {
	case IsName(file):
		return Shown(file), nil
	case !isBelow(file):
		return filepath.Abs(file)
	}
	n.once.Do(func() { n.dir, n.err = os.Getwd() })
	if n.err != nil {
		return "", n.err
	}
	return filepath.Join(n.dir, file), nil
}

// isBelow reports whether a path begins at the working directory. On Windows, a path that is not
// absolute may begin at the root of a drive, or at the working directory of another drive.
func isBelow(path string) bool {
	return filepath.VolumeName(path) == "" && (path == "" || !os.IsPathSeparator(path[0]))
}
