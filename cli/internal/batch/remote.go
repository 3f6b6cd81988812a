package batch

import (
	"context"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client/source/s3"
)

// remoteFile is the part of an entry that is not on this machine.
type remoteFile struct {
	file string  // as it was named, which may have secrets
	etag string  // in the listing that had the file; "": it was named
	in   *prefix // prefix below which the file was found; nil: it was named
}

// prefix is what the objects of a listing have in common.
type prefix struct {
	at   string // the names of objects begin with it, and their paths below the prefix follow
	base string // name of the prefix, see remote.Base
}

// entry returns an entry of an object below the prefix, without its size.
func (p *prefix) entry(below, etag string) entry {
	name := p.at + below
	return entry{name: name, below: below, remote: &remoteFile{file: name, etag: etag, in: p}}
}

// has reports whether entry returns what e has, apart from its size.
func (p *prefix) has(e *entry) bool {
	return e.name == e.remote.file && len(e.name) == len(p.at)+len(e.below) &&
		strings.HasPrefix(e.name, p.at) && strings.HasSuffix(e.name, e.below)
}

// newRemote returns the entry of a remote file that was named.
func newRemote(file string) entry {
	return entry{name: remote.Shown(file), remote: &remoteFile{file: file}}
}

// AddRemote adds a file that is not on this machine.
func (l *Listing) AddRemote(file string, err error) {
	e := newRemote(file)
	e.err = err
	l.entries.add(e)
}

// addWrong adds a file that cannot be read because of its name, for that reason. A name on the
// command line is an error of the command.
func (l *Listing) addWrong(shown string, reason error, named bool) error {
	if named {
		return &advice.Failure{Subject: shown, Err: usage.Error(reason)}
	}
	l.Add(shown, usage.Error(reason))
	return nil
}

// addRemote adds the remote file that was named, or with --recursive, the objects below it. A
// prefix that cannot be read is an entry with an error.
func (l *Listing) addRemote(ctx context.Context, r *remote.Files, s *flags.Selection, file string, now time.Time) error {
	switch {
	case remote.IsFolder(file) && !s.Recursive:
		return &advice.Failure{Subject: remote.Shown(file), Err: usage.Error(s3.ErrNotObject), Hint: "send the objects below it with --recursive"}
	case !s3.IsLocation(file) || !s.Recursive:
		l.entries.add(newRemote(file))
		return nil
	}
	in, found := &prefix{base: remote.Base(file)}, false
	for o, err := range r.List(ctx, file, "") {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			l.AddRemote(file, err)
			return nil
		}
		if !found {
			in.at = strings.TrimSuffix(o.Name, o.Below)
			found = true
		}
		if s.SelectsObject(o, now) {
			l.entries.add(entry{
				name: o.Name, below: o.Below, size: o.Size, modified: o.Modified.UnixNano(),
				remote: &remoteFile{file: o.Name, etag: o.ETag, in: in},
			})
		}
	}
	if !found && !remote.IsFolder(file) {
		l.entries.add(newRemote(file)) // an object and no prefix
	}
	return nil
}
