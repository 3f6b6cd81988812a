package nethttp

import (
	"net/http"
	"sync"

	"github.com/tusker-go/tusker/transport"
)

// freshPool opens a connection for each request that is marked by
// transport.FreshConnection. The connections of other requests are kept and used again.
type freshPool struct {
	pool
	fresh func() pool
}

func newPool(c Config) pool {
	once := c
	once.PreferHTTP2, once.useOnce = false, true
	return &freshPool{pool: newKeptPool(c), fresh: sync.OnceValue(func() pool { return newKeptPool(once) })}
}

// RoundTrip implements [http.RoundTripper].
func (p *freshPool) RoundTrip(req *http.Request) (*http.Response, error) {
	if !transport.IsFreshConnection(req.Context()) {
		return p.pool.RoundTrip(req)
	}
	// The client closes the connection, so the server need not be told. Some small
	// servers do not answer a request with a body that has "Connection: close".
	req = req.WithContext(req.Context())
	req.Close = false
	return p.fresh().RoundTrip(req)
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections.
func (p *freshPool) CloseIdleConnections() {
	p.pool.CloseIdleConnections()
	p.fresh().CloseIdleConnections()
}
