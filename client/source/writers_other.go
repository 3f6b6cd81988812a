//go:build !linux

package source

import "syscall"

// findWriters cannot tell on systems without leases.
func findWriters(syscall.Conn) Writers { return WritersUnknown }
