//go:build !windows

package network

import "syscall"

// scarceErrors are the errors of the system for a lack of open files, ports and buffers.
var scarceErrors = []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS}
