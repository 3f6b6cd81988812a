package testserver

import (
	"context"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// pacer delays the reads of one request's body. A deadline, a close or the end
// of the request ends the delay as it would end a read from the network.
type pacer struct {
	gone     <-chan struct{} // closed with the context of the request
	closed   chan struct{}
	closing  sync.Once
	deadline atomic.Pointer[time.Time]
}

func newPacer(ctx context.Context) *pacer {
	return &pacer{gone: ctx.Done(), closed: make(chan struct{})}
}

// wait returns nil after d. If d is 0, it waits without a limit. If the wait
// ends early, it returns the error that an interrupted read returns.
func (p *pacer) wait(d time.Duration) error {
	var over, late <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	if deadline := p.deadline.Load(); deadline != nil && !deadline.IsZero() {
		t := time.NewTimer(time.Until(*deadline))
		defer t.Stop()
		late = t.C
	}
	select {
	case <-over:
		return nil
	case <-late:
		return os.ErrDeadlineExceeded
	case <-p.closed:
		// tusd closes the body after it has set a deadline.
		return os.ErrDeadlineExceeded
	case <-p.gone:
		return io.ErrUnexpectedEOF
	}
}

// pacedBody is the body of a request, read through Reader.
type pacedBody struct {
	io.Reader
	body  io.Closer
	pacer *pacer
}

func (b *pacedBody) Close() error {
	b.pacer.closing.Do(func() { close(b.pacer.closed) })
	return b.body.Close()
}

// pacedWriter passes the read deadlines that tusd sets to the pacer.
type pacedWriter struct {
	http.ResponseWriter
	pacer *pacer
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// SetReadDeadline implements the method that [http.ResponseController] calls.
func (w *pacedWriter) SetReadDeadline(t time.Time) error {
	w.pacer.deadline.Store(&t)
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(t)
}
