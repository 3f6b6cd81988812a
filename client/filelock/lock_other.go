//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package filelock

import (
	"os"
	"path/filepath"
	"sync"
)

const advisory = true

// held has the locks of this process by path. All Stores share it, because two of them
// may have the same folder.
var held sync.Map

// tryLock locks the file's name within this process.
func tryLock(f *os.File) error {
	if _, locked := held.LoadOrStore(filepath.Clean(f.Name()), f); locked {
		return ErrLocked
	}
	return nil
}

// unlock unlocks what tryLock locked.
func unlock(f *os.File) { held.CompareAndDelete(filepath.Clean(f.Name()), f) }
