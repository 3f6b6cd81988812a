package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// upload is one upload under way. One goroutine runs it, one request at a time.
type upload struct {
	Spec
	at     position
	size   protocol.Length // of the source, as far as it is known
	result Result

	announced protocol.Limits // by the server, for this upload

	// mu guards what events tell and what the server says, while a request is under way.
	mu sync.Mutex

	piece  int64        // length of the last body; 0: it cannot be made smaller
	body   int64        // length of the body under way; source.Endless: not known
	marked bool         // LastByte was told
	sent   atomic.Int64 // bytes that the network took, counted from the start of the source
	due    atomic.Int64 // when the next Progress of sent bytes is told, since began
	began  time.Time
	made   time.Time // when this run, or its caller, created the upload; zero: neither did
}

// Run creates or adopts an upload, and sends to it until it is complete or an error
// ends it. The result says what is known after an error, too. Run retries by itself, so the
// caller marks ctx with transport.SingleAttempt.
func Run(ctx context.Context, spec Spec) (Result, error) {
	u := &upload{Spec: spec, size: spec.Source.Length(), began: time.Now()}
	if u.Retrier == nil {
		u.Retrier = NewRetrier(spec.Rules, spec.Policy, nil)
	}
	u.Retrier.reporter = u
	if u.Retrier.Enter() {
		defer u.Retrier.Leave()
	}
	before := u.Retrier.retries
	u.at.Reach = protocol.Known(0)
	err := u.run(ctx)
	u.result.URL, u.result.Offset, u.result.Length, u.result.Reach = u.at.URL, u.at.Offset, u.size, u.at.Reach
	u.result.Complete = u.at.Ended
	if u.at.Phase == adopting && !CannotResume(err) {
		u.result.Offset, u.result.Resumed = u.Adopt.Offset, u.Adopt.Offset
	}
	u.result.Unacknowledged = max(0, u.sent.Load()-u.at.Offset)
	u.result.Retries, u.result.Denial = u.Retrier.retries-before, u.at.Denial
	return u.result, err
}

func (u *upload) run(ctx context.Context) error {
	err := u.begin(ctx)
	for err == nil && u.at.Phase != done {
		if err = u.step(ctx); err != nil {
			err = u.failed(ctx, err)
		}
	}
	if err != nil {
		u.askAfterCancel(ctx, err)
		err = u.explain(ctx, err)
		stopped := u.Event(Stopped)
		stopped.Err, stopped.Standing = err, u.standing(ctx, err)
		_ = u.Report(ctx, stopped)
	}
	return err
}

// failed waits as the failure err of the last step demands, or returns why the upload ends.
func (u *upload) failed(ctx context.Context, err error) error {
	u.distrust(err)
	failed := u.at
	if failed.Phase == appending {
		u.at.Phase = asking
	}
	return u.Retrier.after(ctx, u.at.URL, err, failed, u.piece)
}

// begin brings the upload to its first phase.
func (u *upload) begin(ctx context.Context) error {
	if u.Adopt.URL == "" {
		return u.create(ctx)
	}
	u.at.URL, u.at.Next = u.Adopt.URL, u.Adopt.URL
	u.Claim.adopt(u.at.URL, u.Part)
	u.result.Expires, u.at.Denial = u.Adopt.Expires, u.Adopt.Denial
	if u.Adopt.Uncertain {
		u.at.Tail = tailSent
	}
	if u.Adopt.Fresh {
		u.at.Phase, u.at.Theirs, u.at.Trust, u.made = appending, u.size, urlNew, time.Now()
		u.at.Ended = u.Adopt.Complete
		return nil
	}
	u.at.Phase, u.at.Reach = adopting, u.Adopt.Reach
	return nil
}

// step does one exchange.
func (u *upload) step(ctx context.Context) error {
	// A complete upload needs no request, so it does not wait for a throttled host.
	if u.at.Phase != appending || !u.complete() {
		if err := u.Retrier.Hold(ctx, u.at.URL); err != nil {
			return err
		}
	}
	if u.at.Phase != appending {
		return u.ask(ctx)
	}
	if err := handle.Check(ctx, u.Source); err != nil {
		return err
	}
	if u.complete() {
		u.at.Phase = done
		return nil
	}
	// The source is asked only for bytes that the server lacks. A stream learns its
	// length here.
	chunk, err := u.next(ctx)
	if err != nil {
		return err
	}
	u.size = u.Source.Length()
	if err := u.fits(chunk); err != nil {
		return err
	}
	if u.complete() {
		u.at.Phase = done
		return nil
	}
	return u.append(ctx, chunk)
}

// next returns the bytes of the next request.
func (u *upload) next(ctx context.Context) (source.Chunk, error) {
	most := u.Rules.Bodies.Apply(u.at.URL, u.chunkSize())
	if s, ok := u.Source.(source.Streamer); ok && most == 0 && u.features().Acknowledges {
		return handle.Rest(ctx, s, u.at.Offset)
	}
	return handle.Chunk(ctx, u.Source, u.at.Offset, most)
}

// features returns what is known of the server.
func (u *upload) features() dialect.Features {
	if d, ok := u.Dialect.(dialect.Discoverer); ok {
		if f, known := d.Known(); known {
			return f
		}
	}
	return dialect.Features{}
}

// chunkSize is the most bytes of one request; 0 means no limit. Limits that the server
// announced and that no size can meet do not count.
func (u *upload) chunkSize() int64 {
	chunk := u.Chunk
	limits := u.Rules.Limits.And(u.announced)
	if most := u.Dialect.DefaultChunk(); chunk == 0 && most > 0 {
		chunk = limits.RoundUp(most)
	}
	if u.announced.MaxRequest == 0 || chunk != 0 && chunk <= u.announced.MaxRequest {
		return chunk
	}
	if fitting := limits.Fit(u.announced.MaxRequest); fitting > 0 {
		return fitting
	}
	return chunk
}

// fits compares a stream, whose length is known late, with the length that the server
// knows.
func (u *upload) fits(chunk source.Chunk) error {
	theirs, ok := u.at.Theirs.Int64()
	switch {
	case !ok, chunk.End == source.Endless:
	case chunk.End > theirs:
		return fmt.Errorf("%w: the upload has a length of %d bytes, the source has more", failure.ErrLengthMismatch, theirs)
	case chunk.Last && chunk.End < theirs:
		return fmt.Errorf("%w: the upload has a length of %d bytes, the source has %d", failure.ErrLengthMismatch, theirs, chunk.End)
	}
	return nil
}

// complete reports whether the server has all bytes, and has said that the upload is complete.
func (u *upload) complete() bool {
	n, known := u.size.Int64()
	return known && u.at.Ended && u.at.Offset == n
}

// append sends one chunk at the server's offset.
func (u *upload) append(ctx context.Context, chunk source.Chunk) error {
	a := u.request(ctx, chunk)
	_, a.Declared = u.at.Theirs.Int64()
	if a.BeforeLast != nil && chunk.Last && chunk.Len() == 0 {
		// No byte follows, so the request itself completes the upload.
		if err := a.BeforeLast(); err != nil {
			return err
		}
	}
	answer, err := u.Dialect.Append(ctx, u.at.Next, a)
	if err := u.answered(chunk, answer, err); err != nil {
		return err
	}
	u.size = u.Source.Length() // a stream may have ended meanwhile
	u.at.Denial, u.at.Trust = failure.Denial{}, urlAnswered
	u.heard(answer)
	if _, ok := answer.Length.Int64(); ok {
		u.at.Theirs = answer.Length
	}
	u.at.Ended = answer.Complete
	if err := u.admits(); err != nil {
		return answer.Refuse(err)
	}
	offset, _ := answer.Offset.Int64()
	if offset == chunk.Start && !u.complete() {
		return answer.Refuse(failure.ErrNoProgress)
	}
	u.accept(offset)
	if !u.complete() {
		u.at.Tail = tailOpen // bytes that the server did not keep are sent again
	}
	return u.Report(ctx, u.Event(Progress))
}

// request describes the request with a chunk.
func (u *upload) request(ctx context.Context, chunk source.Chunk) dialect.Append {
	u.piece, u.body = chunk.Len(), chunk.Len()
	switch {
	case chunk.End == source.Endless:
		u.piece, u.body = 0, source.Endless
	case chunk.Live:
		u.piece = 0
	}
	a := dialect.Append{
		Chunk: chunk, Length: u.size, Gauge: u.Gauge,
		OnSent: func(n int64) { u.moved(ctx, chunk.Start+n) },
		Heard:  func(answer dialect.Answer) error { return u.interim(ctx, answer) },
	}
	if u.MarkLast && u.at.Tail == tailOpen {
		a.BeforeLast = func() error { return u.mark(ctx) }
	}
	return a
}

// mark tells LastByte.
func (u *upload) mark(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.marked = true
	return u.Report(ctx, u.Event(LastByte))
}

// answered notes what was sent of a chunk, and what the answer or the error says about the last
// byte. It returns the error.
func (u *upload) answered(chunk source.Chunk, answer dialect.Answer, err error) error {
	u.marked = false
	u.at.Sent = answer.Sent
	u.result.Sent += answer.Sent
	u.reached(chunk.Start + answer.Sent)
	if answer.Sent > 0 {
		u.Retrier.failures.Moved()
	}
	if answer.Response != nil {
		u.result.Response = answer.Response
	}
	sentLast := chunk.Last && answer.SentAll
	if sentLast && !u.Creation.Part {
		u.at.Tail = tailAfter(err)
	}
	if err == nil {
		return nil
	}
	u.sent.Store(chunk.Start + answer.Sent)
	if sentLast || answer.Response != nil {
		return u.denied(err)
	}
	return err
}

// admits returns an error if the limits that the server announced do not allow the upload.
func (u *upload) admits() error {
	n, known := u.size.Int64()
	if !known || u.at.Ended {
		return nil
	}
	if err := u.announced.CheckUpload(n); err != nil {
		return fmt.Errorf("%w: %w", failure.ErrLimits, err)
	}
	return nil
}

// tailAfter returns the state of the last byte after the request that sent it returned err.
func tailAfter(err error) tail {
	if e, ok := errors.AsType[*failure.Error](err); ok && (e.StatusCode == 0 || e.AnswerLost) {
		return tailSent
	}
	return tailAnswered
}

// reached notes that the server can have the bytes before off.
func (u *upload) reached(off int64) {
	if reach, bound := u.at.Reach.Int64(); bound {
		u.at.Reach = protocol.Known(max(reach, off))
	}
}

// heard records the URLs, the expiry and the header of an answer. After a redirect that is
// valid for one request, later requests go to its target, too, until one fails. Otherwise
// each PATCH would send its body twice.
func (u *upload) heard(answer dialect.Answer) {
	u.result.Header = header.Keep(answer.Header)
	if u.at.Next == u.at.URL {
		u.at.URL = answer.URL
	}
	u.at.Next = answer.Next
	if !answer.Expires.IsZero() {
		u.result.Expires = answer.Expires
	}
	u.announced = u.announced.And(answer.Limits)
}

// accept takes the server's offset. Only bytes that no earlier answer acknowledged are
// progress.
func (u *upload) accept(offset int64) {
	u.at.Offset = offset
	if offset > u.at.Best {
		u.at.Best = offset
		u.Retrier.Progress()
	}
	u.release(offset)
}

func (u *upload) release(offset int64) {
	u.sent.Store(offset)
	if r, ok := u.Source.(source.Releaser); ok {
		r.Release(offset)
	}
}
