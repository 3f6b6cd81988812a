package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Errors of an upload that the server and the client see differently; test for
// them with errors.Is.
var (
	// ErrLengthMismatch means that the upload at a URL was created for another
	// number of bytes than the source has.
	ErrLengthMismatch = errors.New("length mismatch")

	// ErrIntegrity means that the server claims to hold bytes that it was
	// never sent.
	ErrIntegrity = errors.New("server claims bytes that were never sent")

	// ErrUncertain means that the upload was gone when the server was asked
	// about its end, after all bytes had been sent: it may be complete and
	// moved away, or lost. It is not sent again.
	ErrUncertain = errors.New("all bytes were sent, but the upload is no longer there to confirm it")

	// ErrNoProgress means that the server acknowledged a request without
	// keeping any of its bytes. It is worth a retry.
	ErrNoProgress = errors.New("server kept none of the bytes")
)

// transfer is one upload under way. The server's offset is the only truth: each
// body is cut anew from the source at the offset that the server named last,
// and after any failure the server is asked. One goroutine runs it, one request
// at a time.
type transfer struct {
	c        *Client
	src      opened
	url      string
	at       string        // where the next request goes: not to url after a redirect for one request
	chunk    int64         // 0: all that is left
	parallel int           // parts to send side by side, or ParallelAuto
	wary     bool          // it is verified in the end
	sum      summing       // how requests are checked
	gauge    *atomic.Int64 // bytes taken by the network; nil: nobody asks
	call     *CallOptions
	metadata protocol.Metadata // that a new upload would have
	events   *events
	result   *Result
	idle     func() // called when nothing is left but to wait for the source; nil: nobody is told
	recovery

	offset   int64           // what the server said last
	known    bool            // nothing has happened since that could have moved offset
	best     int64           // highest offset that the server has acknowledged
	reach    int64           // highest offset that the server can have: what was sent
	earlier  protocol.Length // reach of the record
	declared bool            // the server knows the length
	theirs   protocol.Length // what the server said that the length is
	joining  bool            // begun elsewhere: the first HEAD says where to go on
	piece    int64           // length of the last body
	began    time.Time       // when sending began, at offset first
	first    int64
	hurried  bool   // that time is short was said
	allSent  bool   // the network took the last byte of the source
	partial  bool   // one part: that it is complete makes it go nowhere
	resumed  func() // nil, or called where an earlier run's upload can be gone on with, before it is

	denial Denial // the last answer to the last bytes, of an earlier run too

	redeclared  bool // HEAD was asked why the length was refused
	distrusted  bool // what an earlier run had sent is not what the server holds
	mayBeJoined bool // the server may have made one upload of the parts
}

// send runs until the upload is complete or an error ends it.
func (t *transfer) send(ctx context.Context) error {
	t.began = time.Now()
	for {
		err := t.step(ctx)
		if errors.Is(err, errComplete) {
			return nil
		}
		if err == nil {
			continue
		}
		t.known = false
		if err := t.retry(ctx, t.url, t.doubt(err)); err != nil {
			return err
		}
	}
}

var errComplete = errors.New("complete")

// step does one exchange.
func (t *transfer) step(ctx context.Context) error {
	// A complete upload needs no request, so it does not wait for a throttled host.
	if !t.known || !t.complete() {
		if err := t.hold(ctx, t.url); err != nil {
			return err
		}
	}
	if !t.known {
		return t.ask(ctx)
	}
	wait := t.unsettled() // before the check: the time that it takes is not watched
	if err := t.src.check(); err != nil {
		return err
	}
	if t.complete() {
		return t.confirmed(ctx, wait)
	}
	// The source is asked only for what the server lacks. A stream learns its
	// length here.
	piece, err := t.src.cut(ctx, t.offset, t.c.limits.apply(t.url, t.chunk))
	if err != nil {
		return err
	}
	if err := t.fits(piece); err != nil {
		return err
	}
	if t.complete() {
		return t.confirmed(ctx, wait)
	}
	return t.append(ctx, piece)
}

// fits holds a stream, whose length shows late, against the length that the
// server named.
func (t *transfer) fits(piece cut) error {
	theirs, ok := t.theirs.Int64()
	switch {
	case !ok:
	case piece.End > theirs:
		return fmt.Errorf("%w: the upload is for %d bytes, the source has more", ErrLengthMismatch, theirs)
	case piece.last && piece.End < theirs:
		return fmt.Errorf("%w: the upload is for %d bytes, the source has %d", ErrLengthMismatch, theirs, piece.End)
	}
	return nil
}

// complete tells whether the server has all, and knows it.
func (t *transfer) complete() bool {
	n, ok := t.size().Int64()
	return ok && t.offset == n && t.declared
}

// ask learns the offset from HEAD.
func (t *transfer) ask(ctx context.Context) error {
	t.at = t.url
	reply, err := t.c.Head(ctx, t.at, t.call)
	if err != nil {
		return t.interposed(err)
	}
	state := reply.State
	fail := func(err error) error { return t.refuse(protocol.OpHead, reply, err) }
	ours, known := t.src.length().Int64()
	if theirs, ok := state.Length.Int64(); ok {
		if known && ours != theirs {
			return fail(fmt.Errorf("%w: the upload is for %d bytes, the source has %d", ErrLengthMismatch, theirs, ours))
		}
		t.declared, t.theirs = true, state.Length
	}
	if t.joining && known && state.Offset > ours {
		return fail(fmt.Errorf("%w: the server has %d bytes, the source has %d", ErrLengthMismatch, state.Offset, ours))
	}
	t.answered(ctx, reply)
	t.known = true
	if t.joining {
		// What an earlier request sent may still be on its way through a proxy.
		reach := int64(math.MaxInt64)
		if n, ok := t.earlier.Int64(); ok {
			reach = n
		}
		if state.Offset > reach {
			return fail(fmt.Errorf("%w: it is at %d, of %d sent", ErrIntegrity, state.Offset, reach))
		}
		t.joining, t.allSent, t.reach = false, false, reach
		t.compareMetadata(ctx, state.Metadata)
		t.result.Resumed, t.first = state.Offset, state.Offset
		t.offset, t.best = state.Offset, state.Offset
		t.src.release(state.Offset)
		t.events.update(EventResumed, func(ev *Event) {
			ev.URL, ev.Offset, ev.Sent, ev.Length = t.url, state.Offset, state.Offset, t.length(state)
		})
		t.log(ctx, "upload resumed", nil)
		// The run that left a record had no answer that the upload is complete.
		t.result.Confirmed = t.resumed != nil && t.complete()
		if err := t.judge(ctx); err != nil {
			return err
		}
		if t.resumed != nil {
			t.resumed()
		}
		return nil
	}
	if state.Offset > t.reach {
		return fail(fmt.Errorf("%w: it is at %d, of %d sent", ErrIntegrity, state.Offset, t.reach))
	}
	kind := EventResumed
	if state.Offset < t.best {
		kind = EventRewound
	}
	t.accept(state)
	t.hurry(ctx)
	t.result.Confirmed = t.complete()
	t.allSent = t.allSent && t.result.Confirmed // what was lost has to be sent again
	t.events.acknowledged(kind, state.Offset, t.length(state))
	return t.judge(ctx)
}

// compareMetadata says where an upload that goes on was created with other
// metadata than it would be now: those of its creation stay.
func (t *transfer) compareMetadata(ctx context.Context, theirs protocol.Metadata) {
	// Servers add keys of their own, and some do not tell any.
	for key, value := range t.metadata {
		if was, ok := theirs[key]; len(theirs) > 0 && (!ok || was != value) {
			t.c.log.LogAttrs(ctx, slog.LevelWarn, "upload goes on with the metadata that it was created with, which differ",
				slog.String("url", redact(t.url)), slog.String("key", key))
			return
		}
	}
}

// append sends one piece at the server's offset.
func (t *transfer) append(ctx context.Context, piece cut) error {
	patch := protocol.Patch{Offset: piece.Start}
	if !t.declared && piece.last {
		patch.Length = t.src.length()
	}
	t.piece = piece.Len()
	b := &body{size: piece.Len(), reader: piece.reader, file: piece.file, last: piece.last}
	if t.sum.trailer {
		b.sum = t.sum
	} else if t.sum.new != nil && piece.Len() > 0 {
		var err error
		if patch.Checksum, err = t.sum.of(ctx, piece); err != nil {
			return err
		}
	}
	b.gauge = t.gauge
	if t.events.sink != nil {
		b.onSent = func(n int64) { t.events.moved(piece.Start + n) }
	}
	reply, err := t.c.patch(ctx, t.at, patch, b, t.call)
	sent := b.sent()
	t.result.Sent += sent
	t.reach = max(t.reach, piece.Start+sent)
	if sent > 0 {
		t.loop.Moved()
	}
	t.allSent = t.allSent || piece.last && sent == piece.Len() && !t.partial
	if err != nil {
		err = t.declaring(patch, t.withoutTrailer(err))
		if piece.last && sent == piece.Len() {
			err = t.deny(err)
		}
		return t.elsewhere(err)
	}
	t.denial = Denial{}
	t.answered(ctx, reply)
	state := reply.State
	if err := (protocol.Range{Start: piece.Start, End: piece.Start + sent}).Accept(state.Offset); err != nil {
		return t.refuse(protocol.OpPatch, reply, err)
	}
	if _, ok := patch.Length.Int64(); ok {
		t.declared = true
	}
	if state.Offset == piece.Start && piece.Len() > 0 {
		return t.refuse(protocol.OpPatch, reply, ErrNoProgress)
	}
	t.accept(state)
	t.allSent = t.allSent && t.complete() // of what it has not kept it has no end
	t.hurry(ctx)
	t.events.acknowledged(EventProgress, state.Offset, t.src.length())
	return nil
}

// answered keeps what every answer about the upload may bring: headers, where it
// is after redirects, and until when. Where a redirect holds for one request, what
// follows goes there too until something fails: to be sent round each time would
// cost a body.
func (t *transfer) answered(ctx context.Context, reply *Reply) {
	t.result.Header = keptHeader(reply.Header)
	if t.at == t.url {
		t.url = reply.URL
	}
	t.at = reply.State.Location
	t.expires(ctx, reply.State.Expires)
}

// expires notes when the server forgets the upload, where that is news, and says
// so where it has passed.
func (t *transfer) expires(ctx context.Context, expires time.Time) {
	if expires.IsZero() || expires.Equal(t.result.Expires) {
		return
	}
	t.result.Expires = expires
	if !expires.After(time.Now()) {
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "upload has expired by the server's own account",
			slog.String("url", redact(t.url)), slog.Time("expires", expires))
	}
}

// hurry says once where, at the rate so far, the upload will not be complete
// before it expires.
func (t *transfer) hurry(ctx context.Context) {
	length, known := t.size().Int64()
	gained := t.offset - t.first
	if t.hurried || !known || t.result.Expires.IsZero() || gained <= 0 {
		return
	}
	took := time.Since(t.began)
	left := time.Duration(float64(took) / float64(gained) * float64(length-t.offset))
	if time.Now().Add(left).After(t.result.Expires) && length > t.offset {
		t.hurried = true
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "upload will expire before it is complete at this rate",
			slog.String("url", redact(t.url)), slog.Time("expires", t.result.Expires), slog.Duration("left", left))
	}
}

// accept takes the server's offset. Only bytes that no earlier answer
// acknowledged are progress.
func (t *transfer) accept(state protocol.State) {
	t.offset = state.Offset
	if t.offset > t.best {
		t.best = t.offset
		t.progress()
	}
	t.src.release(t.offset)
}

// size is the length of the upload as far as this side knows it.
func (t *transfer) size() protocol.Length {
	if t.src == nil {
		return t.result.Length
	}
	return t.src.length()
}

func (t *transfer) length(state protocol.State) protocol.Length {
	if l := t.size(); l != (protocol.Length{}) {
		return l
	}
	return state.Length
}

// finish fills in the result and tells how it ended.
func (t *transfer) finish(ctx context.Context, err error) (*Result, error) {
	t.result.URL, t.result.Offset = t.url, t.offset
	t.result.Length = t.size()
	kind, message := EventDone, "upload complete"
	if err != nil {
		kind, message = EventFailed, "upload failed"
	}
	t.log(ctx, message, err)
	t.events.update(kind, func(ev *Event) {
		ev.Err, ev.Offset, ev.Sent, ev.Length = err, t.result.Offset, t.result.Offset, t.result.Length
	})
	return t.result, err
}

func (t *transfer) log(ctx context.Context, message string, err error) {
	if !t.c.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := []slog.Attr{slog.String("url", redact(t.url)), slog.Int64("offset", t.offset)}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	t.c.log.LogAttrs(ctx, slog.LevelInfo, message, attrs...)
}

func (t *transfer) close(ctx context.Context) {
	if err := t.src.close(); err != nil {
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "source not closed", slog.Any("err", err))
	}
}
