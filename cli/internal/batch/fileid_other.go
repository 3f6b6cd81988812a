//go:build !unix

package batch

import (
	"io/fs"
	"os"
)

// directoryFlags open a directory.
const directoryFlags = os.O_RDONLY

// fileID tells one file from all others.
type fileID struct{ info fs.FileInfo }

func idOf(info fs.FileInfo) fileID { return fileID{info} }

// is reports whether info is about the same file.
func (id fileID) is(info fs.FileInfo) bool { return id.info != nil && os.SameFile(id.info, info) }
