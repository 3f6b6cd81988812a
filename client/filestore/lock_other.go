//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package filestore

import (
	"os"
	"path/filepath"
	"sync"
)

// held has the locks of this process by path. All Stores share it, because two of them
// may have the same folder.
var held sync.Map

// tryLock locks the file's name within this process.
func tryLock(f *os.File) error {
	if _, locked := held.LoadOrStore(filepath.Clean(f.Name()), f); locked {
		return errLocked
	}
	return nil
}

// release unlocks what tryLock locked.
func release(f *os.File) { held.CompareAndDelete(filepath.Clean(f.Name()), f) }
