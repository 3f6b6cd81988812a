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

// countedBody counts the bytes that are read from the client.
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

// Close ends reading. Over HTTP/2, it leaves the body to net/http, which closes
// it after the handler: tusd closes the body in another goroutine than the one
// that reads, which net/http does not allow.
func (b *countedBody) Close() error {
	if b.http2 {
		b.closed.Store(true)
		return nil
	}
	return b.ReadCloser.Close()
}

// statusWriter reports the status of the answer to the exchange.
//
// Over HTTP/2, statusWriter also ignores deadlines that are set after the
// handler has returned. A goroutine of tusd does that when a request is
// interrupted, and the writer of net/http would panic. Over HTTP/1.1, that late
// deadline is necessary: without it, net/http would wait for the rest of the
// body.
type statusWriter struct {
	http.ResponseWriter
	exchange *exchange
	http2    bool

	mu      sync.Mutex
	ended   bool
	expired bool // a read deadline in the past has been set
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	w.exchange.setStatus(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	w.exchange.setStatus(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// Hijack leaves the answer to the caller, so the exchange gets no status.
func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.exchange.setHijacked()
	}
	return c, rw, err
}

// SetReadDeadline implements the method that [http.ResponseController] calls.
// An expired deadline is kept: tusd interrupts a request with one, and the
// deadline that it sets after each read would undo that.
func (w *statusWriter) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.expired {
		return nil
	}
	w.expired = !t.IsZero() && !t.After(time.Now())
	return w.setDeadline((*http.ResponseController).SetReadDeadline, t)
}

// SetWriteDeadline implements the method that [http.ResponseController] calls.
func (w *statusWriter) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.setDeadline((*http.ResponseController).SetWriteDeadline, t)
}

// setDeadline must be called with mu held.
func (w *statusWriter) setDeadline(set func(*http.ResponseController, time.Time) error, t time.Time) error {
	if w.ended {
		return net.ErrClosed
	}
	return set(http.NewResponseController(w.ResponseWriter), t)
}

// end marks the return of the handler.
func (w *statusWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = w.http2
}
