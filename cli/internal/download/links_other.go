//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package download

import "os"

// isLinked cannot tell on this system.
func isLinked(*os.File) (bool, error) { return false, nil }
