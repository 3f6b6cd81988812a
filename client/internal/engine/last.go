package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
)

// lockedWait is the time between two questions of askAfterCancel while the server has not
// noticed that the request with the last bytes has ended.
const lockedWait = 100 * time.Millisecond

// askAfterCancel asks how much the server has of an upload whose context ended while bytes
// were on their way, so that the result and the record have the offset at which a later run
// resumes. The time for the answer is Rules.AskAfterCancel. Without an answer, the upload
// keeps the last offset that the server named.
//
// An upload that ended for another reason err does not ask, although its context has ended
// meanwhile. A context that the client itself ended is no reason to ask either: another part has
// failed, or another run has taken the upload over.
func (u *upload) askAfterCancel(ctx context.Context, err error) {
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) || cause.IsInternal(ctx) || u.Rules.AskAfterCancel <= 0 || !u.isBehind() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), u.Rules.AskAfterCancel)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	if stop := u.Rules.StopAsking; stop != nil {
		watch.Go(func() {
			select {
			case <-stop:
				cancel()
			case <-ctx.Done():
			}
		})
	}
	wait, reused := settleTime, false
	for Pause(ctx, wait) == nil {
		err := u.learn(ctx)
		e, ok := errors.AsType[*failure.Error](err)
		switch {
		case !ok:
			return
		case e.Class == failure.ClassLocked:
			wait = lockedWait
		case e.Stale && !reused:
			wait, reused = 0, true
		default:
			return
		}
	}
}

// isBehind reports whether bytes were sent that the server has not acknowledged.
func (u *upload) isBehind() bool {
	return u.at.URL != "" && u.at.Phase != adopting && u.sent.Load() > u.at.Offset
}

// learn asks for the offset once. It changes nothing but what is known of the server: the
// doubt about the last byte stays, because bytes may still be on their way through a proxy.
func (u *upload) learn(ctx context.Context) error {
	offset, _, err := u.question(ctx)
	if err != nil {
		return err
	}
	u.at.Offset = offset
	u.sent.Store(offset)
	return nil
}
