package source

import (
	"io/fs"
	"os"
)

// Folder is an open directory with many files to upload. It looks up once what holds for all of
// its files, such as where its path leads. [NewFolder] makes one. It is safe for concurrent use.
type Folder struct {
	root   *os.Root
	places places
}

// NewFolder returns the folder that root has open. The caller closes root after the last upload of
// a file of the folder has ended. Root must not be nil.
func NewFolder(root *os.Root) *Folder { return &Folder{root: root} }

// File is the regular file called name below the folder, as [Root] describes it, which the caller
// has looked at before: File itself does not look at it. Size is the number of bytes that it had
// then. An upload fails with an error that Is failure.ErrSourceChanged unless accept returns true
// for what name leads to, before and after it is opened; with os.SameFile, accept can tell whether
// that is still the file. Name is relative to the folder, without ".", ".." and symbolic links, and
// in the letters in which the folder lists it.
func (d *Folder) File(name string, size int64, accept func(fs.FileInfo) bool) Source {
	path := pathBelow(d.root.Name(), name)
	return &fileSource{name: path, size: size, file: func() (*openFile, error) {
		f, err := openBelow(d.root, name, path, accept)
		if err == nil {
			f.places = &d.places
		}
		return f, err
	}}
}

// openBelow opens a regular file below root that accept takes, before and after it is opened: to
// open a device can have side effects.
func openBelow(root *os.Root, name, path string, accept func(fs.FileInfo) bool) (*openFile, error) {
	now, err := lookBelow(root, name, path)
	if err != nil {
		return nil, err
	}
	if !accept(now) {
		return nil, errReplaced
	}
	f, err := openRegularIn(root, name)
	if err != nil {
		return nil, namePath(err, "open", path)
	}
	return (&openFile{r: f, stat: f.Stat, path: path, closer: f.Close, leases: writerCheck{own: true}}).expect(accept)
}

// lookBelow returns what the regular file called name below root is.
func lookBelow(root *os.Root, name, path string) (fs.FileInfo, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, Error(namePath(err, "stat", path))
	}
	return info, checkRegular(path, info)
}
