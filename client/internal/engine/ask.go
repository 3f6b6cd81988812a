package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/protocol"
)

// question asks the server how much it has, and checks that the answer agrees with the upload.
func (u *upload) question(ctx context.Context) (offset int64, answer dialect.Answer, err error) {
	u.at.Next = u.at.URL
	answer, err = u.Dialect.Offset(ctx, u.at.Next)
	if err != nil {
		return 0, answer, err
	}
	if err := u.agrees(answer); err != nil {
		return 0, answer, answer.Refuse(err)
	}
	if _, ok := answer.Length.Int64(); ok {
		u.at.Theirs = answer.Length
	}
	u.at.Trust, u.at.Ended = urlAnswered, answer.Complete
	u.heard(answer)
	if err := u.admits(); err != nil {
		return 0, answer, answer.Refuse(err)
	}
	offset, _ = answer.Offset.Int64()
	return offset, answer, nil
}

// ask learns the offset from the server, and resumes there.
func (u *upload) ask(ctx context.Context) error {
	offset, answer, err := u.question(ctx)
	if err != nil {
		return err
	}
	if u.at.Phase == adopting {
		return u.adopted(ctx, offset, answer)
	}
	if offset < u.at.Best && u.mayBeLate() && u.cannotGoBack(ctx, offset) {
		return answer.Refuse(fmt.Errorf("%w: it has %d bytes, and it had acknowledged %d", protocol.ErrOffsetBack, offset, u.at.Best))
	}
	kind := Resumed
	if offset < u.at.Best {
		kind = Rewound
	}
	u.at.Phase = appending
	u.accept(offset)
	u.result.Confirmed = u.complete()
	if !u.complete() {
		u.at.Tail = tailOpen // bytes that were lost are sent again
	}
	if err := u.Report(ctx, u.resumption(kind, answer)); err != nil {
		return err
	}
	return u.checkDenial(ctx)
}

// adopted takes over an upload that was begun before.
func (u *upload) adopted(ctx context.Context, offset int64, answer dialect.Answer) error {
	u.at.Phase, u.at.Tail = appending, tailOpen
	u.at.Offset, u.at.Best, u.result.Resumed = offset, offset, offset
	u.release(offset)
	ev := u.resumption(Resumed, answer)
	ev.Adopted, ev.Metadata = true, answer.Metadata
	if err := u.Report(ctx, ev); err != nil {
		return err
	}
	return u.checkDenial(ctx)
}

// resumption returns the event of an answer to a question for the offset. It has the length of
// the server if the source does not know its own.
func (u *upload) resumption(kind Kind, answer dialect.Answer) Event {
	ev := u.Event(kind)
	if _, known := ev.Length.Int64(); !known {
		ev.Length = answer.Length
	}
	return ev
}

// mayBeLate reports whether the server may be asked again, because another node behind a load
// balancer may know more soon.
func (u *upload) mayBeLate() bool {
	m := u.Retrier.memory
	return m.MayRetry && m.Unknown < len(newWaits)
}

// cannotGoBack reports whether the source is a stream that no longer has the bytes at offset.
func (u *upload) cannotGoBack(ctx context.Context, offset int64) bool {
	_, err := handle.Chunk(ctx, u.Source, offset, u.Rules.Bodies.Apply(u.at.URL, u.chunkSize()))
	return errors.Is(err, failure.ErrSourceWindow)
}

// agrees compares what the server says with what the source has and with what was sent.
func (u *upload) agrees(answer dialect.Answer) error {
	ours, known := u.size.Int64()
	offset, _ := answer.Offset.Int64()
	if theirs, ok := answer.Length.Int64(); ok && known && ours != theirs {
		return fmt.Errorf("%w: the upload has a length of %d bytes, the source has %d", failure.ErrLengthMismatch, theirs, ours)
	}
	reach, bound := u.at.Reach.Int64()
	// Bytes of an earlier request may still be on their way through a proxy, so the
	// reach of an adopted upload has no bound unless a record knows one.
	if known && offset > ours && (!bound || u.at.Phase == adopting) {
		return fmt.Errorf("%w: the server has %d bytes, the source has %d", failure.ErrLengthMismatch, offset, ours)
	}
	if bound && offset > reach {
		return fmt.Errorf("%w: it has %d bytes, and %d were sent", failure.ErrIntegrity, offset, reach)
	}
	return nil
}
