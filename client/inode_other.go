//go:build !unix

package client

import "io/fs"

// inodeOf gives the zero value on systems whose files have no inode.
func inodeOf(fs.FileInfo) inode { return inode{} }
