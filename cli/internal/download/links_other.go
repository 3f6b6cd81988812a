//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package download

import "os"

// isLinked cannot find out on this system and returns false.
func isLinked(*os.File) (bool, error) { return false, nil }
