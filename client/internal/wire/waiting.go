package wire

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/source"
)

// lookInterval is how often a request that waits for its source looks at its connection.
const lookInterval = time.Second

// errLost is the error of a request whose connection was closed while it waited for its source.
var errLost = fmt.Errorf("%w: the connection was closed while the request waited for its source", io.ErrUnexpectedEOF)

// waiting ends a Read that waits for the source when its request has ended, or when its connection
// was closed. With HTTP/1.1, net/http notices the latter, but waits for the Read. The methods of a
// nil waiting do nothing.
type waiting struct {
	interrupt func()      // ends a Read
	lost      func() bool // reports whether the connection was closed; nil: not known
	timer     *time.Timer // looks at the connection

	mu     sync.Mutex
	inRead bool
	ended  error // why Read was ended; nil: it was not
}

// newWaiting returns nil if a Read of r does not wait for long. Live is that of the chunk.
func newWaiting(r io.Reader, live bool, lost func() bool) *waiting {
	w := &waiting{lost: lost}
	if i, ok := r.(source.Interrupter); ok {
		w.interrupt = i.Interrupt
	} else if c, ok := r.(io.Closer); ok && live {
		w.interrupt = func() { _ = c.Close() }
	} else {
		return nil
	}
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Stop()
	return w
}

// begin is called before a Read.
func (w *waiting) begin() {
	if w == nil || w.lost == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inRead = true
	w.timer.Reset(lookInterval)
}

// stop is called after a Read. It returns why Read was ended, or nil.
func (w *waiting) stop() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inRead = false
	w.timer.Stop()
	return w.ended
}

// look ends the Read if the connection was closed.
func (w *waiting) look() {
	if w.lost() {
		w.end(errLost)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inRead {
		w.timer.Reset(lookInterval)
	}
}

// end ends the Read, and all later ones, with why.
func (w *waiting) end(why error) {
	if w == nil {
		return
	}
	w.mu.Lock()
	if w.ended == nil {
		w.ended = why
	}
	w.mu.Unlock()
	w.interrupt()
}
