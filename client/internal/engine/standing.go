package engine

import (
	"context"
	"errors"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// standing returns what a later run has to know about a run that err ended.
func (u *upload) standing(ctx context.Context, err error) Standing {
	s := Standing{
		Heard:     u.at.URL != "" && u.at.Phase != adopting,
		Uncertain: u.mayBeComplete(ctx, err), Denial: u.at.Denial, Misplaced: u.at.Phase != adopting && u.judge(err) == urlWrong,
	}
	s.Unanswered = u.at.Tail == tailSent && !errors.Is(err, failure.ErrMisplaced)
	// An integrity error of another part ends this part as well, and says nothing about it.
	if errors.Is(err, failure.ErrIntegrity) && !errors.Is(err, failure.ErrPart) {
		s.Reach = u.at.Reach
	}
	return s
}

// mayBeComplete reports whether the server may have all bytes of an upload that err ended, so
// that the record keeps a doubt for the next run.
//
// The doubt needs a last byte that was sent. It stays after a cancel, a stall, a 502, a 504, a
// 404 or a 410. It ends after a broken connection, because that drops the bytes in the buffers
// of the system. It ends after any other answer, because the answer says what the server has.
//
// The function decide keeps the doubt after a broken connection, because it judges a 404 of the
// same run: seconds after the last byte, a finished upload is the likely reason for the 404.
// The next run may come hours later. The likely reason is then that the server has deleted an
// incomplete upload. An upload that must not be sent twice uses Standing.Unanswered instead.
func (u *upload) mayBeComplete(ctx context.Context, err error) bool {
	e, _ := errors.AsType[*failure.Error](err)
	switch {
	case errors.Is(err, failure.ErrUncertain):
		return true
	case errors.Is(err, failure.ErrMisplaced), u.at.Tail == tailOpen:
		return false
	case ctx.Err() != nil, errors.Is(err, failure.ErrStalled):
		return true
	case e != nil && e.StatusCode != 0 && e.AnswerLost:
		return true
	}
	// The target of a redirect may be gone although the upload is not. A URL for which no
	// server has answered may be wrong.
	return !u.at.Trust.isOpen() && (errors.Is(err, protocol.ErrNotFound) || errors.Is(err, protocol.ErrGone))
}

// CannotResume reports whether err means that an adopted upload cannot be resumed, so that a
// new one may take its place: the upload is gone, it has another length than the source, or
// its URL is wrong and no answer about it is known (Adopt.Unheard). It is false if the upload
// may be complete, if only PATCH does not find it, and if the retries of an upload at a usual URL
// are exhausted.
func CannotResume(err error) bool {
	if errors.Is(err, failure.ErrMisplaced) {
		return true
	}
	e, ok := errors.AsType[*failure.Error](err)
	if !ok || errors.Is(err, failure.ErrUncertain) || errors.Is(err, retry.ErrExhausted) {
		return false
	}
	return errors.Is(err, failure.ErrLengthMismatch) || e.Class == failure.ClassGone && !isBlocked(e)
}
