package batch

import (
	"errors"
	"net"
	"sync"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// maxFailures is the number of failures in a row without progress after which the
// other files are not tried: each would use up all its retries.
const maxFailures = 3

// breaker watches the uploads of one run. It ends the run if no other upload can
// succeed. It is safe for concurrent use.
type breaker struct {
	end func(error)

	mu       sync.Mutex
	accepted bool   // the server accepted an upload
	kind     string // kind of the failures in a row
	row      int
}

// happened handles an event of any upload.
func (b *breaker) happened(e client.Event) {
	switch e.Kind {
	case client.EventRetry:
		if exchange, ok := errors.AsType[*client.Error](e.Err); !ok || exchange.StatusCode == 0 {
			return
		}
	case client.EventFailed:
		return // ended checks the error at the end of the upload.
	case client.EventRestarted:
		return // The server may not have been asked.
	case client.EventCreated, client.EventResumed:
		b.alive(true)
		return
	}
	b.alive(false)
}

func (b *breaker) alive(accepted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.row, b.accepted = 0, b.accepted || accepted
}

// ended handles the end of an upload.
func (b *breaker) ended(err error) {
	kind, most := "", maxFailures
	exchange, ok := errors.AsType[*client.Error](err)
	switch {
	case err == nil:
		b.alive(true)
		return
	case !ok || exit.IsStopped(err):
		return // The error is not about the server.
	case errors.Is(err, protocol.ErrUnauthorized):
		kind, most = "the server does not accept the credentials", 1
	case isUnreachable(exchange, err):
		kind = "the server cannot be reached"
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if kind == "" && !b.accepted && isFirst(exchange) {
		switch {
		case errors.Is(err, client.ErrUntrusted):
			kind, most = "the certificates do not fit", 1
		case errors.Is(err, protocol.ErrForbidden):
			// The first failure may be specific to its file.
			kind = "the server refuses all files (403)"
		}
	}
	if kind != b.kind {
		b.row = 0
	}
	b.kind = kind
	if b.row++; kind != "" && b.row >= most {
		b.end(exit.With(exit.Code(err), &exit.StopError{Why: kind}))
	}
}

// isUnreachable reports whether an upload gave up without any connection, or without
// any answer.
func isUnreachable(e *client.Error, err error) bool {
	if e.StatusCode != 0 || exit.Code(err) != exit.GaveUp {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	_, dns := errors.AsType[*net.DNSError](err)
	return dns || isFirst(e) && errors.Is(err, client.ErrStalled)
}

// isFirst reports whether a new upload begins with this exchange.
func isFirst(e *client.Error) bool { return e.Op == protocol.OpCreate || e.Op == protocol.OpOptions }

// hintStopped returns the hint for a stopped run, based on the errors of the
// files.
func hintStopped(errs []error, cmd *cobra.Command) string {
	for _, err := range errs {
		if f, ok := errors.AsType[*advice.Failure](err); ok && !exit.IsStopped(err) && exit.Code(err) == exit.NotAllowed {
			return advice.For(cmd, f)
		}
	}
	return "tusker doctor with the same URL finds problems between this machine and the server"
}
