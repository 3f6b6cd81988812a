package batch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
)

// entry is a file to upload.
type entry struct {
	name  string  // as it was named; "": it was found in a folder
	in    *folder // folder in which the file was found; nil: the file was named, or is remote
	below string  // slash-separated path in the folder
	id    fileID  // identity of a file in a folder when it was listed
	err   error   // reason why the file cannot be sent
	size  int64   // size of a regular file when it was listed; 0: may be unknown if the file was named

	modified int64 // time of modification of a regular file in nanoseconds since 1970, when it was listed

	remote *remoteFile // nil: the file is on this machine

	whole string // path, while the file is sent; "": path puts it together
}

// path returns the name of the file. That of a file in a folder is put together each time, because
// there may be very many files.
func (e *entry) path() string {
	switch {
	case e.whole != "":
		return e.whole
	case e.in == nil:
		return e.name
	}
	return e.in.file(e.below)
}

// relative returns the path of a file, beginning with the folder in which it was
// found, or "" for a file that was named.
func (e *entry) relative() string {
	switch {
	case e.in != nil:
		return path.Join(e.in.base, e.below)
	case e.remote != nil && e.remote.in != nil:
		return path.Join(e.remote.in.base, e.below)
	}
	return ""
}

// Listing contains the files that the arguments name.
type Listing struct {
	entries entries
	links   int // symbolic links left out
	special int // devices, pipes and sockets left out

	paths source.Paths // of the files that were named

	dirs []string // directories that were read
}

// Add adds a file. If err is not nil, it is the reason why the file cannot be sent.
func (l *Listing) Add(name string, err error) {
	l.entries.add(entry{name: name, err: err})
}

// IsEmpty reports whether there is nothing to send.
func (l *Listing) IsEmpty() bool { return l.entries.len() == 0 }

// Len returns the number of files.
func (l *Listing) Len() int { return l.entries.len() }

// close closes the folders whose files were sent.
func (l *Listing) close() {
	for _, dir := range l.entries.dirs {
		if dir.in != nil {
			dir.in.close()
		}
	}
}

// leftOut returns the number of entries of directories that are not sent because of
// their type.
func (l *Listing) leftOut() int { return l.links + l.special }

// Report says which links were left out, and that there is nothing to send. Follow means
// that links are followed.
func (l *Listing) Report(con *console.Console, follow bool) {
	if l.links > 0 && !follow {
		con.Say("left out %s: --follow-symlinks follows them", units.FormatCount(l.links, "symbolic link", "symbolic links"))
	}
	if l.entries.len() == 0 {
		con.Say("there are no files to send")
	}
}

var errDirectory = errors.New("is a directory")

const recursiveHint = "send the files in it with --recursive"

// Find finds the files that the arguments and the flags name, in this order. The files of a
// directory are in the order of their names, unless the flags sort all files. Errors are usage
// errors, or the cause of ctx. A nil con gets no messages, and without objects all files are on
// this machine.
func Find(ctx context.Context, con *console.Console, s *flags.Selection, objects *remote.Files, files []string) (*Listing, error) {
	l := &Listing{}
	now := time.Now()
	add := func(name string, named bool) error {
		if objects != nil && remote.IsName(name) {
			if wrong := remote.Check(name); wrong != nil {
				return l.addWrong(remote.Shown(name), wrong, named)
			}
			return l.addRemote(ctx, objects, s, name, now)
		}
		if named && name == usage.Stdin { // also beside a file of that name
			l.entries.add(entry{name: name})
			return nil
		}
		info, err := os.Stat(name)
		if err != nil {
			name = NameOnDisk(name)
			info, err = os.Stat(name)
		}
		if err != nil && objects != nil {
			if wrong := remote.CheckLocal(name); wrong != nil {
				return l.addWrong(remote.Shown(name), wrong, named)
			}
		}
		switch {
		case err != nil, !info.IsDir():
			e := entry{name: name}
			if info != nil && info.Mode().IsRegular() {
				if !s.Admits(info, now) {
					return nil
				}
				e.size, e.modified = info.Size(), info.ModTime().UnixNano()
			}
			l.entries.add(e)
			return nil
		case s.Recursive:
			return walk(ctx, con, s, l, newFolder(name, info, s.Follow), now)
		case named:
			return &advice.Failure{Subject: name, Err: usage.Error(errDirectory), Hint: recursiveHint}
		}
		l.entries.add(entry{name: name, err: fmt.Errorf("%w: %w", client.ErrSource, errDirectory)})
		return nil
	}
	for _, name := range files {
		if err := add(name, true); err != nil {
			return nil, err
		}
	}
	if s.FilesFrom != "" {
		for name, err := range NamesFrom(ctx, con.In, s.FilesFrom, s.Null) {
			if err == nil {
				err = add(name, false)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	l.sort(s.Order)
	return l, nil
}
