//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package download

import (
	"os"
	"syscall"
)

// isLinked reports whether the file has more than one name.
func isLinked(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 1, nil
}
