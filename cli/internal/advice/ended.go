package advice

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Ended prepares an error of the upload of a file for its message, with a hint how to
// resume. Lost means that the bytes of the file are gone when the program ends. Same is the
// command that ends.
func Ended(file string, lost bool, r *client.Result, err error, same Invocation) *Failure {
	if known, ok := errors.AsType[*Failure](err); ok && known.Hint != "" {
		return &Failure{Subject: file, Err: known.Err, Hint: known.Hint}
	}
	out := &Failure{Subject: file, Err: err}
	stopped := false
	if cause := exit.StopCause(err); cause != nil {
		// The name of the interrupted call is not useful.
		out.Err, stopped = Stopped(r, err), true
	}
	switch {
	case !stopped && IsMisplaced(err):
		out.Hint = misplacedHint(err)
	case stopped, exit.Code(err) == exit.GaveUp:
		out.Resumable = !lost
		if out.Hint = unfinishedHint(lost, r, same); out.Hint == "" {
			out.Hint = resumeHint(r.URL, file, same)
			if r.URL == "" && !stopped {
				out = out.Before(Unreached(err))
			}
		}
	default:
		out.Hint = finalHint(file, lost, r, err, same)
	}
	return out
}

// unfinishedHint is the advice about an upload that ended before it was complete and that
// running the same command again does not resume. "": the command resumes it.
func unfinishedHint(lost bool, r *client.Result, same Invocation) string {
	switch {
	case inParts(r):
		return NewUpload
	case r.URL == "" && r.Orphans > 0 && (r.Sent > 0 || r.Length == protocol.Known(0)):
		return orphanHint
	case lost:
		return lostStreamHint(r.URL, same)
	}
	return ""
}

// finalHint is the advice about an error of an upload that no retry mends, or "".
func finalHint(file string, lost bool, r *client.Result, err error, same Invocation) string {
	switch {
	case errors.Is(err, client.ErrUnverified):
		return completeHint(r.URL)
	case errors.Is(err, client.ErrUnsupported) && inParts(r):
		return noJoinHint
	case errors.Is(err, client.ErrUnsupported) && r.Length == (protocol.Length{}):
		return "say how long the stream is with --size, or have more of it kept in a temporary file with --spool"
	case errors.Is(err, client.ErrSourceChanged) && file == usage.Stdin && lost:
		return "--size has to be the number of bytes that come"
	case errors.Is(err, ErrOtherStream):
		return otherStreamHint
	case errors.Is(err, client.ErrRefused):
		return "tusker upload --recreate always sends the file again, as another upload"
	case errors.Is(err, client.ErrUncertain):
		return Uncertain(r, "tusker upload sends the file again", same)
	}
	return ""
}

// inParts reports whether only parts of the upload exist. Only the command that
// created the parts can resume them.
func inParts(r *client.Result) bool {
	return r.URL == "" && slices.ContainsFunc(r.Parts, func(part *client.Result) bool { return part.URL != "" })
}

// Stopped returns the error of an upload that a signal, --timeout or a StopError ended. It
// says how much the server has, or how much was sent if the server did not say that. Other
// errors are returned unchanged.
func Stopped(r *client.Result, err error) error {
	cause := exit.StopCause(err)
	if cause == nil {
		return err
	}
	return exit.With(exit.Code(err), &endedEarly{cause, r})
}

// endedEarly tells how many bytes an upload had when the command ended.
type endedEarly struct {
	cause  error
	result *client.Result
}

func (e *endedEarly) Error() string {
	r := e.result
	switch {
	case r.Unacknowledged > 0:
		return fmt.Sprintf("%v after sending %s", e.cause, units.FormatAmount(r.Offset+r.Unacknowledged, r.Length))
	case r.Offset > 0:
		return fmt.Sprintf("%v, %s acknowledged by the server", e.cause, units.FormatAmount(r.Offset, r.Length))
	case r.URL != "" && r.Header != nil:
		return fmt.Sprintf("%v before the server had any byte", e.cause)
	}
	return e.cause.Error() // the server was not asked
}

func (e *endedEarly) Unwrap() error { return e.cause }
