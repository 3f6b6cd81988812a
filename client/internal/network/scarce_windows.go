package network

import "syscall"

// scarceErrors are the errors of the system for a lack of open files, ports and buffers.
var scarceErrors = []error{
	syscall.Errno(4),     // ERROR_TOO_MANY_OPEN_FILES
	syscall.Errno(10024), // WSAEMFILE
	syscall.Errno(10049), // WSAEADDRNOTAVAIL
	syscall.Errno(10055), // WSAENOBUFS
}
