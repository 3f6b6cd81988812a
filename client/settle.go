package client

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/source"
)

// unsettled is how long a source has to be watched until its state can be told from every
// other one; 0: it can.
func unsettled(o source.Opened) time.Duration {
	if s, ok := o.(source.Settler); ok {
		return s.Unsettled(source.Granularity)
	}
	return 0
}

// admit warns of a source that other programs can write to, or refuses it.
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

// confirm makes sure that the source did not change while it was read, now that the server
// has all of it. A source that was settled when it was opened was checked well enough.
func (j *job) confirm(ctx context.Context) error {
	if s, ok := j.source.(source.Settler); ok && (j.fresh || unsettled(j.source) > 0) {
		if wait := unsettled(j.source); wait > 0 {
			s.Compact()
			if err := j.settle(ctx, wait); err != nil {
				return err
			}
		}
		if err := j.source.Check(ctx); err != nil {
			return err
		}
	}
	return j.admit(ctx)
}

// settle waits until a change of the source would show.
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
