//go:build unix

package source

import (
	"os"
	"syscall"
)

// openRegular opens a file without waiting: for a pipe that has taken its place
// there may never be anybody who writes to it. It spares the runtime the question
// whether the file can be polled, too.
func openRegular(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// openRegularIn is openRegular for a file below root.
func openRegularIn(root *os.Root, name string) (*os.File, error) {
	return root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
