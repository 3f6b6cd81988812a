//go:build unix && !linux

package disposal

import "os"

// rename renames a file in the directory from to a name in the directory to, unless there is
// a file of that name.
func rename(from *os.File, oldName string, to *os.File, newName string) error {
	return link(from, oldName, to, newName)
}
