package output

import (
	"os"

	"golang.org/x/sys/windows"
)

// isTerminal reports whether f is a console that understands control sequences. It
// enables them on older consoles. The oldest consoles do not support them.
func isTerminal(f *os.File) bool {
	var mode uint32
	handle := windows.Handle(f.Fd())
	if windows.GetConsoleMode(handle, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
