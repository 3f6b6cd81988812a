//go:build !linux

package client_test

import "testing"

// hasLeases returns false, because only Linux reports whether a file is open for writing.
func hasLeases(*testing.T) bool { return false }
