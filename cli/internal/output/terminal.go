//go:build !windows

package output

import (
	"os"

	"golang.org/x/term"
)

// isTerminal reports whether f is a terminal that understands control sequences.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
