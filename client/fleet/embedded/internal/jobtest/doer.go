package jobtest

import (
	"net/http"
	"sync"

	"github.com/tusker-go/tusker/transport"
)

// SlowDoer holds back answers to requests of a method until Release is called. The server has
// done what it was asked by then. It stands for a worker that sleeps after such a request.
type SlowDoer struct {
	next     transport.Doer
	method   string
	released chan struct{}
	release  sync.Once

	mu   sync.Mutex
	held int
}

// NewSlowDoer returns a SlowDoer over next.
func NewSlowDoer(next transport.Doer, method string) *SlowDoer {
	return &SlowDoer{next: next, method: method, released: make(chan struct{})}
}

// Do implements transport.Doer.
func (d *SlowDoer) Do(req *http.Request) (*http.Response, error) {
	resp, err := d.next.Do(req)
	if req.Method == d.method {
		d.mu.Lock()
		d.held++
		d.mu.Unlock()
		<-d.released
	}
	return resp, err
}

// Held returns how many answers were held back so far.
func (d *SlowDoer) Held() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held
}

// Release passes on all answers.
func (d *SlowDoer) Release() { d.release.Do(func() { close(d.released) }) }
