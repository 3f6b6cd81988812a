package source

import (
	"os"
	"path/filepath"
	"sync"
)

// Paths makes the sources of many files, as [Path] does. It looks up once where a directory leads
// while files of this directory follow one another, so no link on the way may change meanwhile.
// The zero value is ready for use. It is safe for concurrent use.
type Paths struct{ places places }

// Path is the regular file called name, as the function [Path] describes it.
func (p *Paths) Path(name string) (Source, error) {
	info, err := os.Lstat(name)
	if err == nil && info.Mode().IsRegular() {
		return newPath(name, info, &p.places)
	}
	return Path(name) // a link leads to another place, and an error should name what is there
}

// places knows where the directories of files lead. A nil places knows none. A directory that is
// replaced by a link meanwhile keeps its place, as for a file that was opened just before: its
// bytes are those of the file that was opened, and only the record of an interrupted upload is not
// found by a later run.
type places struct {
	mu         sync.Mutex
	dir, place string // the directory that was resolved last, and the result
}

// of is resolved for the path of a file, whose last element is not a link if p is not nil.
func (p *places) of(path string) string {
	if p == nil {
		return resolved(path)
	}
	dir, base := filepath.Split(path)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.place == "" || p.dir != dir {
		if dir == "" {
			p.place = resolved(".")
		} else {
			p.place = resolved(dir)
		}
		p.dir = dir
	}
	if p.place == "" {
		return ""
	}
	return filepath.Join(p.place, base)
}
