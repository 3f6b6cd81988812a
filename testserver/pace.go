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

// pacer makes the reading of one request's body wait, and ends the wait when
// a read from the network would have ended.
type pacer struct {
	gone     <-chan struct{} // closed with the request's context
	closed   chan struct{}
	closing  sync.Once
	deadline atomic.Pointer[time.Time]
}

func newPacer(ctx context.Context) *pacer {
	return &pacer{gone: ctx.Done(), closed: make(chan struct{})}
}

// wait returns nil after d, where 0 is for ever, and else what a read returns
// that has been cut short.
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
		// tusd closes what it has set a deadline for.
		return os.ErrDeadlineExceeded
	case <-p.gone:
		return io.ErrUnexpectedEOF
	}
}

// pacedBody is a request's body that is read by way of Reader.
type pacedBody struct {
	io.Reader
	body  io.Closer
	pacer *pacer
}

func (b *pacedBody) Close() error {
	b.pacer.closing.Do(func() { close(b.pacer.closed) })
	return b.body.Close()
}

// pacedWriter tells the pacer of the deadlines that tusd sets.
type pacedWriter struct {
	http.ResponseWriter
	pacer *pacer
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// SetReadDeadline is what [http.ResponseController] looks for.
func (w *pacedWriter) SetReadDeadline(t time.Time) error {
	w.pacer.deadline.Store(&t)
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(t)
}
