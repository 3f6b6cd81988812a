//go:build !unix

package source

import "io/fs"

// inodeOf gives the zero value on systems whose files have no inode.
func inodeOf(fs.FileInfo) inode { return inode{} }
