package batch

import (
	"context"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client/source/s3"
)

// remoteFile is the part of an entry that is not on this machine.
type remoteFile struct {
	file string // as it was named, which may have secrets
	etag string // in the listing that had the file; "": it was named
	base string // name of the prefix in which the file was found; "": it was named
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
	base, found := remote.Base(file), false
	for o, err := range r.List(ctx, file, "") {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			l.AddRemote(file, err)
			return nil
		}
		found = true
		if s.SelectsObject(o, now) {
			l.entries.add(entry{
				name: o.Name, below: o.Below, size: o.Size, modified: o.Modified.UnixNano(),
				remote: &remoteFile{file: o.Name, etag: o.ETag, base: base},
			})
		}
	}
	if !found && !remote.IsFolder(file) {
		l.entries.add(newRemote(file)) // an object and no prefix
	}
	return nil
}
