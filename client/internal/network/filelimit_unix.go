//go:build unix

package network

import "golang.org/x/sys/unix"

// fileLimit returns how many files this process may have open, and whether that is known.
func fileLimit() (n uint64, known bool) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	return uint64(limit.Cur), true //nolint:unconvert,gosec // the type differs between systems
}
