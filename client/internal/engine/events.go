package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/protocol"
)

// Kind is the kind of an Event.
type Kind uint8

// The kinds of events.
const (
	Created  Kind = iota + 1 // the server made a new upload
	Resumed                  // the server said how much it has, of an upload that was begun before or after a failure
	Progress                 // bytes were sent or acknowledged
	Retry                    // an exchange failed and is tried again after Wait
	Waiting                  // the host asked another upload for fewer requests; the next request is sent after Wait
	Rewound                  // as Resumed, but the server has less than it had acknowledged
	LastByte                 // the last byte is about to be sent, see Spec.MarkLast
	Stopped                  // the run ended with Err, see Standing
)

// Event tells what happened to an upload, with everything that is known at that time.
type Event struct {
	Kind         Kind
	URL          string
	Offset, Sent int64 // acknowledged by the server; taken by the network
	Length       protocol.Length
	Expires      time.Time

	// Adopted means that this is the server's first answer about an upload that was begun
	// before. Metadata is the metadata of its creation.
	Adopted  bool
	Metadata protocol.Metadata

	// Op is the exchange that Retry repeats. Target is where the request of Retry or
	// Waiting goes. Wait and Err are those of Retry and Waiting; Err is that of Stopped,
	// too.
	Op      protocol.Op
	Target  string
	Attempt int
	Wait    time.Duration
	Err     error

	// BodyLimit is, in Retry, the most bytes of the next request if this failure made it
	// smaller. 0: it did not.
	BodyLimit int64

	// Unknown means, in Retry, that nothing has answered for a new upload as its server would,
	// so that the server cannot have finished the upload and moved it away.
	Unknown bool

	// Standing says, in Stopped, what a later run has to know.
	Standing Standing
}

// Standing is where an upload stood when a run ended without completing it.
type Standing struct {
	// Heard means that the server has answered about the upload in this run.
	Heard bool

	// Reach is how much was ever sent if the server claims to have more; unknown: it
	// does not.
	Reach protocol.Length

	// Uncertain means that the server may have all bytes, and may have moved the upload
	// away.
	Uncertain bool

	// Unanswered means that the network took the last byte, and that the server has not
	// answered since, not even with an error.
	Unanswered bool

	// Misplaced means that a later run has no use for the URL: nothing that knows the upload
	// has answered there since the upload was created.
	Misplaced bool

	// Denial is the answer to the last bytes if it was an error.
	Denial failure.Denial
}

// Listener is told what happens to an upload, one call at a time. The upload waits for
// it. An error of Created, Resumed or LastByte ends the upload before its next byte.
type Listener func(context.Context, Event) error

// Tell makes one listener of several. A nil one is left out.
func Tell(listeners ...Listener) Listener {
	return func(ctx context.Context, ev Event) error {
		var errs []error
		for _, l := range listeners {
			if l != nil {
				errs = append(errs, l(ctx, ev))
			}
		}
		return errors.Join(errs...)
	}
}

// Reporter makes and sends the events of an upload, a download or a question.
type Reporter interface {
	// Event returns an event with everything that is known now.
	Event(kind Kind) Event

	// Report sends an event, see the function Report.
	Report(ctx context.Context, ev Event) error
}

// Report logs an event, and passes it to a listener. nil: there is no listener.
func Report(ctx context.Context, log *slog.Logger, tell Listener, ev Event) error {
	logEvent(ctx, log, ev)
	if tell == nil {
		return nil
	}
	return tell(ctx, ev)
}

func logEvent(ctx context.Context, log *slog.Logger, ev Event) {
	level, message, url := slog.LevelInfo, "", ev.URL
	switch {
	case ev.Kind == Retry:
		level, message, url = slog.LevelWarn, "retrying", ev.Target
	case ev.Kind == Waiting:
		message, url = "waiting", ev.Target
	case ev.Kind == Created:
		message = "upload created"
	case ev.Adopted:
		message = "upload resumed"
	default:
		return
	}
	if !log.Enabled(ctx, level) {
		return
	}
	var attrs []slog.Attr
	if ev.Kind == Retry {
		attrs = append(attrs, slog.String("op", string(ev.Op)))
	}
	attrs = append(attrs, slog.String("url", redact.URL(url)), slog.Int64("offset", ev.Offset))
	if ev.Kind == Retry {
		attrs = append(attrs, slog.Int("attempt", ev.Attempt))
	}
	if ev.Err != nil {
		attrs = append(attrs, slog.Duration("wait", ev.Wait), slog.Any("err", ev.Err))
	}
	log.LogAttrs(ctx, level, message, attrs...)
}
