package client

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/client/internal/timestep"
	"github.com/tusker-go/tusker/client/source"
)

// unsettled returns how long to wait until every change of a source shows in its times. 0:
// every change shows already.
func unsettled(o source.Handle) time.Duration {
	if s, ok := o.(source.Settler); ok {
		return s.SettleTime(timestep.Longest)
	}
	return 0
}

// admit warns if another program has the source open for writing, or refuses the source.
func (j *job) admit(ctx context.Context) error {
	s, ok := j.source.(source.Settler)
	if !ok || s.FindWriters() != source.WritersFound {
		return nil
	}
	if j.refuseInUse {
		return source.Error(ErrSourceInUse)
	}
	if !j.result.InUse {
		j.result.InUse = true
		j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "another program has the file open for writing: the upload may be a mix of two states",
			slog.String("source", j.teller.source))
	}
	return nil
}

// checkSource checks that the source did not change while it was read. It is called when the
// server has all bytes. A source that was settled when it was opened needs no further check.
func (j *job) checkSource(ctx context.Context) error {
	wait := unsettled(j.source)
	if s, ok := j.source.(source.Settler); ok && (j.fresh || wait > 0) {
		if wait > 0 {
			s.Compact()
			if err := j.settle(ctx, wait); err != nil {
				return err
			}
		}
		if err := handle.Check(ctx, j.source); err != nil {
			return err
		}
	}
	return j.admit(ctx)
}

// settle waits until a change of the source would show in its times.
func (j *job) settle(ctx context.Context, wait time.Duration) error {
	n := j.result.Offset
	j.teller.tell(Event{Kind: EventSettling, URL: j.result.URL, Offset: n, Sent: n, Length: j.source.Length(), Wait: wait})
	if j.rest != nil {
		j.rest()
	}
	if err := engine.Pause(ctx, wait); err != nil {
		return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return nil
}

// settleFirst waits, if the source has to be recorded before its first byte, until a further
// change would show.
func (j *job) settleFirst(ctx context.Context) error {
	if !j.once {
		return nil
	}
	wait := unsettled(j.source)
	if wait == 0 {
		return nil
	}
	j.teller.tell(Event{Kind: EventSettling, Length: j.source.Length(), Wait: wait})
	if err := engine.Pause(ctx, wait); err != nil {
		return err
	}
	return handle.Check(ctx, j.source)
}
