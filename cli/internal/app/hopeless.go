package app

import (
	"errors"
	"net"
	"sync"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// mostHopeless is after how many files in a row, none of which got anywhere, the
// others are not tried: each of them would take all its retries.
const mostHopeless = 3

// hopeless is why a run was stopped before its last file.
type hopeless struct{ why string }

func (h *hopeless) Error() string { return "stopped: " + h.why }

// prospects watches the uploads of one run for signs that no other one will get
// anywhere, and ends the run. It is safe for concurrent use.
type prospects struct {
	end func(error)

	mu       sync.Mutex
	accepted bool   // an upload
	kind     string // of the failures in a row
	row      int
}

// happened takes in an event of any upload.
func (p *prospects) happened(e client.Event) {
	switch e.Kind {
	case client.EventRetry:
		if exchange, ok := errors.AsType[*client.Error](e.Err); !ok || exchange.StatusCode == 0 {
			return
		}
	case client.EventFailed:
		return // It is looked at when it has ended.
	case client.EventRestarted:
		return // The server may not have been asked.
	case client.EventCreated, client.EventResumed:
		p.alive(true)
		return
	}
	p.alive(false)
}

func (p *prospects) alive(accepted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.row, p.accepted = 0, p.accepted || accepted
}

// ended takes in how an upload ended.
func (p *prospects) ended(err error) {
	kind, most := "", mostHopeless
	exchange, ok := errors.AsType[*client.Error](err)
	switch {
	case err == nil:
		p.alive(true)
		return
	case !ok || isHopeless(err):
		return // It says nothing of the server.
	case errors.Is(err, protocol.ErrUnauthorized):
		kind, most = "the server does not accept the credentials", 1
	case isUnreachable(exchange, err):
		kind = "the server cannot be reached"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if kind == "" && !p.accepted && isFirst(exchange) {
		switch {
		case errors.Is(err, client.ErrUntrusted):
			kind, most = "the certificates do not fit", 1
		case errors.Is(err, protocol.ErrForbidden):
			// The first one may have been about that file.
			kind = "the server allows none of the files"
		}
	}
	if kind != p.kind {
		p.row = 0
	}
	p.kind = kind
	if p.row++; kind != "" && p.row >= most {
		p.end(exit.With(exit.Code(err), &hopeless{kind}))
	}
}

// isUnreachable tells whether an upload gave up that never had a connection, or
// one that nobody answered on.
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

// isFirst tells whether an exchange is one that new uploads begin with.
func isFirst(e *client.Error) bool { return e.Op == protocol.OpCreate || e.Op == protocol.OpOptions }

// hintHopeless says what to do, given what became of each file.
func hintHopeless(errs []error, cmd *cobra.Command) string {
	for _, err := range errs {
		if f, ok := errors.AsType[*failure](err); ok && !isHopeless(err) && exit.Code(err) == exit.NotAllowed {
			return hintFor(cmd, f)
		}
	}
	return "tusker doctor, with the same URL, finds out what stands between here and the server"
}

func isHopeless(err error) bool {
	_, ok := errors.AsType[*hopeless](err)
	return ok
}
