package client

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"
)

// Errors of files that others write to; test for them with errors.Is.
var (
	// ErrSourceInUse means that another program has the file open for writing,
	// and that Config.RefuseInUse is set. What Is ErrSourceInUse Is ErrSource too.
	ErrSourceInUse = errors.New("another program has the file open for writing")

	// ErrUnconfirmed means that the server has all bytes, and that the context
	// ended before the file was old enough to be confirmed: a change of its bytes
	// while they were read could not be told from the change before. The error Is
	// the cause of the context as well.
	ErrUnconfirmed = errors.New("the server has all bytes, but the source was not confirmed yet")
)

const (
	// granularity is the longest time between two changes of a file that leave the
	// same time of modification. FAT counts in steps of 2 s. The clock of a
	// kernel's file systems is up to 10 ms late.
	granularity = 2*time.Second + 10*time.Millisecond

	// fineStep is more than the step of a file system whose times have fractions of
	// a second: the kernel's clock moves at least every 10 ms.
	fineStep = 20 * time.Millisecond

	// maxAhead is by how much the clock of a file system is ahead of this
	// machine's at most: FAT has local time, which may be 14 h ahead. A later time
	// of modification was set by a program, and any further change replaces it.
	maxAhead = 24 * time.Hour
)

// unsettled is how long a file that was modified at modified, and has been watched
// without a change for some time, has to be watched on until a further change
// cannot leave the same time of modification, on a file system whose clock moves
// in such steps. 0: it is settled.
//
// Two facts settle a file: its time of modification is past by the clock, or the
// file was watched for as long. The second holds on file systems whose clock is
// ahead, and for uploads that take their time.
func unsettled(modified, now time.Time, watched, step time.Duration) time.Duration {
	age := now.Sub(modified)
	if age < -maxAhead {
		return 0
	}
	return max(0, min(step-age, step-watched))
}

// stepOf is the step of the clock that made this time of modification, as far as
// the time itself tells. It does not tell that the clock is late.
func stepOf(modified time.Time) time.Duration {
	if modified.Nanosecond()%int(10*time.Millisecond) == 0 {
		return granularity
	}
	return fineStep
}

// settler is a source that may change so soon after another change that its
// attributes do not show it.
type settler interface {
	// unsettled is how long the source has to be watched on until its state can
	// be told from every other one, if the clock moves in such steps. A check after
	// that time confirms the source.
	unsettled(step time.Duration) time.Duration

	// step is the step in which the clock of the source seems to move.
	step() time.Duration

	// findWriters says whether others could write to the source now.
	findWriters() writers

	// trusted tells whether a record of this state is one of these bytes, though
	// the source was not watched.
	trusted() bool

	// sentKey makes of a key, which the fingerprint is part of, one that no other
	// state of the source has. "" stays "".
	sentKey(key string) string

	// compact gives back memory that a complete upload does not need.
	compact()
}

func (f *openFile) unsettled(step time.Duration) time.Duration {
	// A change of bytes that are all compared is seen whenever it happens. Only a
	// write that is still under way could change them after the comparison.
	if f.stat == nil || f.isCompared() && f.writers == writersNone {
		return 0
	}
	return unsettled(f.was.modified, time.Now(), time.Since(f.watched), step)
}

func (f *openFile) step() time.Duration { return stepOf(f.was.modified) }

func (f *openFile) findWriters() writers {
	f.writers = writersUnknown
	if file, ok := f.r.(syscall.Conn); ok {
		f.writers = findWriters(file)
	}
	return f.writers
}

func (f *openFile) trusted() bool {
	return f.isCompared() || unsettled(f.was.modified, time.Now(), 0, granularity) == 0
}

// sentKey adds the time of change, if the fingerprint does not tell all bytes of the
// file.
func (f *openFile) sentKey(key string) string {
	if key == "" || f.isCompared() || f.was.inode.changed.IsZero() {
		return key
	}
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "tusker sent 1\n%s\n%d", key, f.was.inode.changed.UnixNano())))
}

func (f *openFile) compact() {
	if f.content != nil {
		f.was.edges, f.content = sha256.Sum256(f.content), nil
	}
}

// isCompared tells whether check and the fingerprint know all bytes of the file.
func (f *openFile) isCompared() bool { return f.legible() && f.was.size <= 2*edge }

// admit warns of a source that others could write to, or refuses it.
func (t *transfer) admit(ctx context.Context) error {
	s, ok := t.src.(settler)
	if !ok || s.findWriters() != writersFound {
		return nil
	}
	if t.c.refuseInUse {
		return sourceError(ErrSourceInUse)
	}
	if !t.result.InUse {
		t.result.InUse = true
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "another program has the file open for writing: the upload may be a mix of two states",
			slog.String("source", t.events.source))
	}
	return nil
}

// confirm makes sure that the source did not change while it was read, now that the
// server has all of it. The caller has checked the source, which had to be watched
// for wait when the check began.
func (t *transfer) confirm(ctx context.Context, wait time.Duration) error {
	s, ok := t.src.(settler)
	if !ok {
		return nil
	}
	if wait > 0 {
		s.compact()
		t.events.update(EventSettling, func(ev *Event) { ev.Wait = wait })
		if t.idle != nil {
			t.idle()
		}
		if err := pause(ctx, wait); err != nil {
			return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
		}
		if err := t.src.check(); err != nil {
			return err
		}
	}
	return t.admit(ctx)
}

// confirmed is confirm at the end of send.
func (t *transfer) confirmed(ctx context.Context, wait time.Duration) error {
	if err := t.confirm(ctx, wait); err != nil {
		return err
	}
	return errComplete
}

// unsettled is how long the source has to be watched on, see settler.
func (t *transfer) unsettled() time.Duration {
	if s, ok := t.src.(settler); ok {
		return s.unsettled(granularity)
	}
	return 0
}
