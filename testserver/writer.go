package testserver

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// countedBody counts what is read from the client.
type countedBody struct {
	io.ReadCloser
	exchange *exchange
	http2    bool
	closed   atomic.Bool
}

func (b *countedBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	b.exchange.addBody(n)
	return n, err
}

// Close ends reading. Over HTTP/2 it leaves the body itself to net/http, which
// closes it after the handler: tusd closes from another goroutine than it
// reads in, and there net/http does not allow that.
func (b *countedBody) Close() error {
	if b.http2 {
		b.closed.Store(true)
		return nil
	}
	return b.ReadCloser.Close()
}

// recordedWriter notes the status that is sent.
//
// Over HTTP/2 it also keeps tusd from setting deadlines once the handler has
// returned. A goroutine of tusd's does so when a request is interrupted; the
// writer is then gone, and the program with it. HTTP/1.1 needs that late
// deadline, or net/http goes on waiting for the rest of the body.
type recordedWriter struct {
	http.ResponseWriter
	exchange *exchange
	http2    bool

	mu      sync.Mutex
	ended   bool
	expired bool // a read deadline has been set that is over
}

func (w *recordedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recordedWriter) WriteHeader(status int) {
	w.exchange.setStatus(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *recordedWriter) Write(p []byte) (int, error) {
	w.exchange.setStatus(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// Hijack leaves the answer to the caller, so that none is noted.
func (w *recordedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.exchange.setHijacked()
	}
	return c, rw, err
}

// SetReadDeadline is what [http.ResponseController] looks for. A deadline that
// is over stays: tusd interrupts a request by one, and may then undo it with
// the one that it sets after each read.
func (w *recordedWriter) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.expired {
		return nil
	}
	w.expired = !t.IsZero() && !t.After(time.Now())
	return w.setDeadline((*http.ResponseController).SetReadDeadline, t)
}

// SetWriteDeadline is what [http.ResponseController] looks for.
func (w *recordedWriter) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.setDeadline((*http.ResponseController).SetWriteDeadline, t)
}

// setDeadline is called with mu held.
func (w *recordedWriter) setDeadline(set func(*http.ResponseController, time.Time) error, t time.Time) error {
	if w.ended {
		return net.ErrClosed
	}
	return set(http.NewResponseController(w.ResponseWriter), t)
}

// end is called when the handler returns.
func (w *recordedWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = w.http2
}
