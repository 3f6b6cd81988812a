package wire

import (
	"context"
	"net/http"
	"net/textproto"
	"sync"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/transport"
)

// maxInterim is how many interim responses in a row may bring nothing new. net/http sets no
// limit for a client that reads them.
const maxInterim = 1000

// News is what an interim response brings.
type News uint8

// The values of News.
const (
	NoNews News = iota // nothing that the client did not know
	Fact               // something to learn, which is no sign of life
	Growth             // the server has more bytes: a sign of life
)

// Interim is an interim response (1xx).
type Interim struct {
	StatusCode int
	Header     http.Header

	hops *transport.Hops
}

// Resolve returns the absolute URL of a Location in the response. It must be called while the
// response is read: later, a redirect may have led elsewhere.
func (i Interim) Resolve(location string) (string, error) {
	base, host := i.hops.Last()
	return resolve(base, host, location)
}

// interims reads the interim responses of one exchange. The transport calls add on the
// goroutine that reads the connection, also after the exchange has ended.
type interims struct {
	read    func(Interim) News
	learned func() error
	hops    *transport.Hops
	dog     *watchdog
	cancel  context.CancelCauseFunc

	mu     sync.Mutex
	idle   int // responses in a row without news
	closed bool
	err    error // why the exchange has to end
	news   chan struct{}
	worker sync.WaitGroup
}

// readInterims returns the reader of interim responses for x, or nil if x ignores them. cancel
// ends the exchange.
func readInterims(x Request, hops *transport.Hops, dog *watchdog, cancel context.CancelCauseFunc) *interims {
	if x.Interim == nil {
		return nil
	}
	i := &interims{read: x.Interim, learned: x.Learned, hops: hops, dog: dog, cancel: cancel, news: make(chan struct{}, 1)}
	i.worker.Go(i.learn)
	return i
}

// add reads one interim response. It does no more than to remember the response, because the
// connection waits for it.
func (i *interims) add(status int, h textproto.MIMEHeader) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || i.err != nil {
		return i.err
	}
	switch i.read(Interim{status, http.Header(h), i.hops}) {
	case NoNews:
		if i.idle++; i.idle > maxInterim {
			i.end(failure.ErrInterim)
			return i.err
		}
		return nil
	case Growth:
		i.dog.grown()
	case Fact:
	}
	i.idle = 0
	select {
	case i.news <- struct{}{}:
	default: // the call that is due learns this, too
	}
	return nil
}

// end ends the exchange because of err. The lock is held.
func (i *interims) end(err error) {
	if i.err == nil {
		i.err = err
		i.cancel(err)
	}
}

func (i *interims) learn() {
	for range i.news {
		if err := i.learned(); err != nil {
			i.mu.Lock()
			i.end(err)
			i.mu.Unlock()
		}
	}
}

// finish waits until everything is learned, and ignores what follows. The error is why the
// exchange had to end.
func (i *interims) finish() error {
	if i == nil {
		return nil
	}
	i.mu.Lock()
	if !i.closed {
		i.closed = true
		close(i.news)
	}
	i.mu.Unlock()
	i.worker.Wait()
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.err
}
