package flags

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// LimitConnections limits the number of connections to one for each file that is sent at the
// same time, until LiftConnectionLimit is called. More would only be opened while another file
// frees one. With --parallel, there is no limit.
func (u *Upload) LimitConnections() {
	if u.Parallel == 1 {
		u.maxConnections = u.Concurrency
	}
}

// LiftConnectionLimit ends the limit of LimitConnections. An upload that an earlier run began
// in parts needs a connection for each part, whatever the flags say now.
func (c *Connection) LiftConnectionLimit() { c.unlimited.Store(true) }

// connections is a Doer with a limited number of connections until the limit is lifted.
type connections struct {
	lifted  *atomic.Bool
	limited transport.Doer
	free    func() transport.Doer
}

// newConnections returns a Doer with at most this number of connections. 0: no limit. The Doer
// for the time after the limit is made when it is needed.
func newConnections(config nethttp.Config, most int, lifted *atomic.Bool) transport.Doer {
	free := func() transport.Doer { return nethttp.New(config) }
	if most == 0 {
		return free()
	}
	limited := config
	limited.MaxConnsPerHost = most
	return &connections{lifted, nethttp.New(limited), sync.OnceValue(free)}
}

// Do implements transport.Doer.
func (c *connections) Do(req *http.Request) (*http.Response, error) {
	if c.lifted.Load() {
		return c.free().Do(req)
	}
	return c.limited.Do(req)
}
