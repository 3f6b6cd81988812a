package engine

import (
	"context"
	"errors"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// create makes the upload in the cheapest way that the server is known to support, and
// repeats that until there is an answer.
func (u *upload) create(ctx context.Context) error {
	creation, err := u.creation(ctx)
	if err != nil {
		return err
	}
	for {
		if ctx.Err() != nil {
			return cause.Why(ctx)
		}
		if err := u.Retrier.Hold(ctx, u.Endpoint); err != nil {
			return err
		}
		answer, err := u.Dialect.Create(ctx, creation)
		if u.at.URL != "" {
			return u.resumable(ctx, creation, answer, err)
		}
		u.result.Sent += answer.Sent
		if answer.Sent > 0 {
			u.Retrier.failures.Moved()
		}
		if answer.Response != nil {
			u.result.Response = answer.Response
		}
		if err == nil {
			return u.created(ctx, creation, answer)
		}
		if answer.Response != nil {
			return u.denied(err)
		}
		if answer.Orphan {
			u.result.Orphans++
		}
		if err := u.createAgain(ctx, &creation, err); err != nil {
			return err
		}
	}
}

// creation returns the first request: with the bytes of the source if the server is known to
// support that, and without any if the upload has to be left open.
func (u *upload) creation(ctx context.Context) (dialect.Creation, error) {
	creation := u.Creation
	creation.Length = u.size
	creation.Heard = func(answer dialect.Answer) error { return u.interim(ctx, answer) }
	var err error
	if u.LeaveOpen || u.Rules.Silent.Has(u.Endpoint) {
		_, err = u.leaveOpen(ctx, &creation)
	} else {
		creation.Body, err = u.inline(ctx)
	}
	return creation, err
}

// createAgain prepares the next attempt after the creation failed with err, and waits for it.
// It returns why there is none.
func (u *upload) createAgain(ctx context.Context, creation *dialect.Creation, err error) error {
	if creation.Once {
		return err
	}
	if blames(err, failure.BlameCompletion) {
		u.Rules.Silent.Add(u.Endpoint)
		if changed, err := u.leaveOpen(ctx, creation); changed || err != nil {
			return err
		}
	}
	// A lost answer or a refusal may be about the bytes, so any further attempt goes
	// without them.
	refused := creation.Body != nil && blames(err, failure.BlameBody)
	creation.Body = nil
	if refused {
		return nil
	}
	return u.Retrier.after(ctx, u.Endpoint, err, u.at, 0)
}

// resumable takes the end of a creation whose URL the server announced before. If the creation
// failed, the upload is resumed from there.
func (u *upload) resumable(ctx context.Context, creation dialect.Creation, answer dialect.Answer, err error) error {
	u.at.Phase = asking
	var chunk source.Chunk
	if creation.Body != nil {
		u.at.Phase, chunk = appending, creation.Body.Chunk
	}
	if err := u.answered(chunk, answer, err); err != nil {
		return u.failed(ctx, err)
	}
	u.size = u.Source.Length()
	u.at.Trust = urlAnswered
	u.heard(answer)
	u.result.CreationHeader, u.at.Ended = u.result.Header, answer.Complete
	if err := u.admits(); err != nil {
		return answer.Refuse(err)
	}
	u.at.Phase = asking
	if offset, said := answer.Offset.Int64(); said {
		u.at.Phase = appending
		u.accept(offset)
	}
	if u.CreateOnly {
		u.at.Phase = done
	}
	return u.Report(ctx, u.Event(Progress))
}

// leaveOpen changes a creation so that it does not complete its upload: without bytes, and
// without the length of an empty upload, which the first request declares then. It is false
// if there is nothing to change. The error means that the server could not be asked whether
// it supports an open length.
func (u *upload) leaveOpen(ctx context.Context, creation *dialect.Creation) (changed bool, err error) {
	if creation.Body != nil {
		creation.Body = nil
		return true, nil
	}
	d, ok := u.Dialect.(dialect.Discoverer)
	if !ok || creation.Length != protocol.Known(0) {
		return false, nil
	}
	if known, ok := d.Known(); ok && known.DeferLength {
		creation.Length = protocol.Length{}
		return true, nil
	}
	for {
		features, err := d.Discover(ctx, u.Endpoint, false)
		if err == nil {
			if features.DeferLength {
				creation.Length = protocol.Length{}
			}
			return features.DeferLength, nil
		}
		if err := u.Retrier.after(ctx, u.Endpoint, err, u.at, 0); err != nil {
			return false, err
		}
	}
}

func blames(err error, blame failure.Blame) bool {
	e, ok := errors.AsType[*failure.Error](err)
	return ok && e.Blame == blame
}

// created takes over a new upload.
func (u *upload) created(ctx context.Context, creation dialect.Creation, answer dialect.Answer) error {
	if err := u.Claim.Take(answer.URL, u.Part); err != nil {
		return answer.Refuse(err)
	}
	u.at.URL, u.at.Next = answer.URL, answer.Next
	u.heard(answer)
	if age := u.Rules.Limits.And(u.announced).MaxAge; age > 0 && u.result.Expires.IsZero() {
		u.result.Expires = time.Now().Add(age)
	}
	u.result.CreationHeader = u.result.Header
	u.at.Theirs, u.at.Ended = creation.Length, answer.Complete
	offset, said := answer.Offset.Int64()
	if creation.Body != nil {
		u.at.Reach = protocol.Known(answer.Sent)
		u.sent.Store(answer.Sent)
		if answer.Sent == creation.Body.Chunk.Len() && !creation.Part && (!said || offset == answer.Sent) {
			u.at.Tail = tailSent
		}
	}
	u.at.Phase, u.at.Trust, u.made = asking, urlNew, time.Now()
	if said {
		u.at.Phase = appending
		u.at.Offset, u.at.Best = offset, offset
		u.release(offset)
	}
	if err := u.Report(ctx, u.Event(Created)); err != nil {
		return err
	}
	if u.CreateOnly {
		u.at.Phase = done
	}
	return nil
}

// inline returns all bytes of the source if they may be sent along with the creation,
// or nil.
func (u *upload) inline(ctx context.Context) (*dialect.Append, error) {
	features := u.features()
	if features.Announces && u.Inline == AnySize {
		return u.optimistic(ctx)
	}
	n, known := u.size.Int64()
	if !known || n == 0 || n > u.Inline || !features.CreateWithBody {
		return nil, nil
	}
	chunk, err := handle.Chunk(ctx, u.Source, 0, u.Chunk)
	if err != nil {
		return nil, err
	}
	limit, limited := u.Rules.Bodies.Of(u.Endpoint)
	if limited && chunk.Len() > limit || !isWhole(chunk, n) {
		return nil, nil
	}
	return &dialect.Append{Chunk: chunk, Length: u.size}, nil
}

// optimistic returns the whole source if one request may carry it, or nil.
func (u *upload) optimistic(ctx context.Context) (*dialect.Append, error) {
	u.announced = u.announced.And(u.features().Limits)
	if err := u.admits(); err != nil {
		return nil, err
	}
	n, known := u.size.Int64()
	most := u.Rules.Bodies.Apply(u.Endpoint, u.chunkSize())
	if known && n == 0 || most > 0 && (!known || n > most) {
		return nil, nil
	}
	chunk, err := u.next(ctx)
	if err != nil || !chunk.Last {
		return nil, err
	}
	body := u.request(ctx, chunk)
	return &body, nil
}

func isWhole(chunk source.Chunk, length int64) bool { return chunk.Last && chunk.Len() == length }
