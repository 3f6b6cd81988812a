package batch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/tusker-go/tusker/cli/internal/disposal"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
)

// sentFile is the file that an upload opened, in the state that it had then.
type sentFile struct {
	mu    sync.Mutex
	info  fs.FileInfo // nil: the source is not a file
	state string      // its StateIdentity; "": it has none

	unlisted error // the file is missing in the manifest; nil: it is there, or there is no manifest
}

// track returns src as a source whose Open remembers the file.
func (s *sentFile) track(src client.Source) client.Source {
	return tracked{client.Expect(src, func(opened fs.FileInfo) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.info = opened
		return true
	}), s}
}

type tracked struct {
	client.Source
	sent *sentFile
}

// SingleUse implements source.SingleUse.
func (t tracked) SingleUse() bool {
	single, ok := t.Source.(source.SingleUse)
	return ok && single.SingleUse()
}

// Open implements client.Source.
func (t tracked) Open(ctx context.Context, chunk int64) (source.Handle, error) {
	opened, err := t.Source.Open(ctx, chunk)
	if err != nil {
		return nil, err
	}
	if id, ok := opened.(source.StateIdentifier); ok {
		state := id.StateIdentity()
		t.sent.mu.Lock()
		defer t.sent.mu.Unlock()
		t.sent.state = state
	}
	return opened, nil
}

// Reasons for which a file stays in its place.
var (
	errInUse      = errors.New("another program has it open for writing")
	errJustNow    = errors.New("it was modified just now")
	errNotFile    = errors.New("it is not a regular file")
	errDenied     = errors.New("the server answered the last bytes with an error")
	errUnverified = errors.New("it was not verified")
	errUnlisted   = errors.New("it is missing in the manifest")
	errIncomplete = errors.New("the server does not have all of its bytes")
)

// unchanged opens the file again and reports whether it is the same file in the same state as
// s. A state that does not tell later changes from earlier ones counts as a change.
func (s *sentFile) unchanged(ctx context.Context, b *Batch, e entry) error {
	now := &sentFile{}
	src, err := b.source(ctx, e, now)
	if err != nil {
		return err
	}
	opened, err := src.Open(ctx, 0)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	if s.state == "" || now.state != s.state || !os.SameFile(now.info, s.info) {
		return disposal.ErrChanged
	}
	if settler, ok := opened.(source.Settler); ok {
		switch {
		case !settler.IsTrusted():
			return errJustNow
		case settler.FindWriters() == source.WritersFound:
			return errInUse
		}
	}
	return nil
}

// refusal returns the reason for which the file of a complete upload must not leave its place,
// or nil. Verify means that the user asked for a comparison of the bytes.
func refusal(r *client.Result, verify bool) error {
	length, known := r.Length.Int64()
	switch {
	case !known || r.Offset != length:
		return errIncomplete
	case verify && !r.Verified:
		return errUnverified
	case r.Denial != (client.Denial{}) && !r.Verified:
		return errDenied
	case r.InUse:
		return errInUse
	}
	return nil
}
