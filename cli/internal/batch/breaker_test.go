package batch

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// A run ends early only if no other upload can succeed.
func TestBreaker(t *testing.T) {
	t.Parallel()
	gaveUp := func(op protocol.Op, err error) error {
		return fmt.Errorf("%w: %w", retry.ErrExhausted, &client.Error{Op: op, Err: err})
	}
	dial := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	refused := gaveUp(protocol.OpCreate, dial)
	unknown := gaveUp(protocol.OpHead, &net.DNSError{Name: "h", IsTemporary: true})
	answered := func(op protocol.Op, status int, err error) error {
		return &client.Error{Op: op, StatusCode: status, Err: err}
	}
	unauthorized := answered(protocol.OpPatch, 401, protocol.ErrUnauthorized)
	forbidden := answered(protocol.OpCreate, 403, protocol.ErrForbidden)
	untrusted := &client.Error{Op: protocol.OpCreate, Err: client.ErrUntrusted}
	event := func(kind client.EventKind, err error) client.Event { return client.Event{Kind: kind, Err: err} }
	created, done := event(client.EventCreated, nil), error(nil)
	tests := map[string]struct {
		what []any // events, and errors at the end of uploads
		want int   // exit code; OK: the run continues
	}{
		"refused":               {[]any{refused, refused, refused}, exit.GaveUp},
		"refused twice":         {[]any{refused, refused}, exit.OK},
		"by several ways":       {[]any{refused, unknown, gaveUp(protocol.OpCreate, client.ErrStalled)}, exit.GaveUp},
		"after a good one":      {[]any{created, done, refused, refused, refused}, exit.GaveUp},
		"a good one between":    {[]any{refused, refused, done, refused, refused}, exit.OK},
		"a sign of life":        {[]any{refused, refused, event(client.EventProgress, nil), refused}, exit.OK},
		"an answer":             {[]any{refused, refused, event(client.EventRetry, answered(protocol.OpCreate, 503, protocol.ErrServer)), refused}, exit.OK},
		"no answer":             {[]any{refused, event(client.EventRetry, refused), refused, event(client.EventFailed, refused), refused}, exit.GaveUp},
		"another failure":       {[]any{refused, refused, answered(protocol.OpCreate, 400, protocol.ErrBadRequest), refused}, exit.OK},
		"bad files":             {[]any{client.ErrSource, client.ErrSource, client.ErrSource}, exit.OK},
		"bad files between":     {[]any{refused, client.ErrSource, refused, client.ErrSource, refused}, exit.GaveUp},
		"it breaks off":         {[]any{gaveUp(protocol.OpPatch, io.EOF), gaveUp(protocol.OpPatch, io.EOF), gaveUp(protocol.OpPatch, io.EOF)}, exit.OK},
		"busy":                  {[]any{gaveUp(protocol.OpCreate, answered(protocol.OpCreate, 503, protocol.ErrServer)), refused, refused}, exit.OK},
		"stalls later":          {[]any{gaveUp(protocol.OpPatch, client.ErrStalled), refused, refused}, exit.OK},
		"unauthorized":          {[]any{unauthorized}, exit.NotAllowed},
		"unauthorized, later":   {[]any{created, done, unauthorized}, exit.NotAllowed},
		"untrusted":             {[]any{untrusted}, exit.NotAllowed},
		"untrusted, later":      {[]any{created, untrusted}, exit.OK},
		"forbidden":             {[]any{forbidden, forbidden, forbidden}, exit.NotAllowed},
		"one is forbidden":      {[]any{forbidden, created, done, forbidden, forbidden, forbidden}, exit.OK},
		"forbidden at its URL":  {[]any{answered(protocol.OpHead, 403, protocol.ErrForbidden), forbidden, forbidden}, exit.OK},
		"refused and forbidden": {[]any{refused, forbidden, refused, forbidden}, exit.OK},
		"ended by that":         {[]any{&exit.StopError{Why: "x"}, refused, refused}, exit.OK},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cause error
			p := &breaker{end: func(err error) { cause = err }}
			for _, what := range test.what {
				switch what := what.(type) {
				case client.Event:
					p.happened(what)
				case error:
					p.ended(what)
				case nil:
					p.ended(nil)
				}
			}
			if got := exit.Code(cause); got != test.want || exit.IsStopped(cause) != (test.want != exit.OK) {
				t.Errorf("ends with %v (%d), want %d", cause, got, test.want)
			}
		})
	}
}
