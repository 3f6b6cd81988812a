package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/tusker-go/tusker/client"
)

// entry is a file to upload.
type entry struct {
	name  string
	in    *folder // folder in which the file was found; nil: the file was named
	below string  // slash-separated path in the folder
	id    fileID  // identity of a file in a folder when it was listed
	err   error   // reason why the file cannot be sent
	size  int64   // size of a regular file when it was listed; 0: may be unknown if the file was named
}

// relative returns the path of a file, beginning with the folder in which it was
// found, or "" for a file that was named.
func (e *entry) relative() string {
	if e.in == nil {
		return ""
	}
	return path.Join(e.in.base, e.below)
}

// listing contains the files that the arguments name. It stores little about each
// file, because there may be very many.
type listing struct {
	entries []entry
	links   int // symbolic links left out
	special int // devices, pipes and sockets left out
}

// leftOut returns the number of entries of directories that are not sent because of
// their type.
func (l *listing) leftOut() int { return l.links + l.special }

var errDirectory = errors.New("is a directory")

const recursiveHint = "send the files in it with --recursive"

// list finds the files that the arguments and the flags name, in this order. The
// files of a directory are in the order of their names. Errors are usage errors, or
// the cause of ctx.
func (a *app) list(ctx context.Context, s *selecting, files []string) (*listing, error) {
	l := &listing{}
	add := func(name string, named bool) error {
		name = nameOnDisk(name)
		info, ok := directory(name)
		switch {
		case named && name == stdin, !ok:
			e := entry{name: name}
			if info != nil && info.Mode().IsRegular() {
				e.size = info.Size()
			}
			l.entries = append(l.entries, e)
			return nil
		case s.recursive:
			return a.walk(ctx, s, l, newFolder(name, info, s.follow))
		case named:
			return &failure{subject: name, err: usage(errDirectory), hint: recursiveHint}
		}
		l.entries = append(l.entries, entry{name: name, err: fmt.Errorf("%w: %w", client.ErrSource, errDirectory)})
		return nil
	}
	for _, name := range files {
		if err := add(name, true); err != nil {
			return nil, err
		}
	}
	if s.filesFrom != "" {
		for name, err := range a.namesFrom(ctx, s.filesFrom, s.null) {
			if err == nil {
				err = add(name, false)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	a.warnUnmatched(s)
	return l, nil
}

// directory reports whether name is a directory, or a link to a directory.
func directory(name string) (fs.FileInfo, bool) {
	info, err := os.Stat(name)
	return info, err == nil && info.IsDir()
}
