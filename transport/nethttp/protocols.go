package nethttp

import (
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/transport"
)

// A pool keeps connections and sends requests over them.
type pool interface {
	http.RoundTripper
	CloseIdleConnections()
}

func newPool(c Config) pool {
	first := newTransport(c)
	switch {
	case c.HTTP1Only:
		ownTLS(first, c)
		return &separatePool{shared: first, own: first, only: true}
	case c.hasIdentity():
		sharedTLS(first, c)
	}
	if c.PreferHTTP2 {
		return first
	}
	c.HTTP1Only = true
	own := newTransport(c)
	ownTLS(own, c)
	return &separatePool{shared: first, own: own}
}

// separatePool keeps the connections of HTTP/1.1 that requests have for
// themselves apart from those that HTTP/2 shares.
type separatePool struct {
	shared, own *http.Transport
	only        bool     // they are one and the same
	refused     sync.Map // hosts that take no HTTP/1.1
}

// RoundTrip is that of http.RoundTripper.
func (t *separatePool) RoundTrip(req *http.Request) (*http.Response, error) {
	// Without TLS there is no HTTP/2 either.
	if req.URL.Scheme != "https" {
		return t.shared.RoundTrip(req)
	}
	if t.only {
		return t.roundTrip(req)
	}
	if !transport.IsOwnConnection(req.Context()) {
		return t.shared.RoundTrip(req)
	}
	if _, refused := t.refused.Load(req.URL.Host); refused {
		return t.shared.RoundTrip(req)
	}
	resp, err := t.roundTrip(req)
	if err == nil || !isNoProtocol(err) {
		return resp, err
	}
	t.refused.Store(req.URL.Host, true)
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return nil, err
		}
		body, again := req.GetBody()
		if again != nil {
			return nil, err
		}
		req = req.WithContext(req.Context())
		req.Body = body
	}
	return t.shared.RoundTrip(req)
}

// roundTrip uses a connection of its own, and tells the state of its TLS, which
// net/http does only for connections that it has opened.
func (t *separatePool) roundTrip(req *http.Request) (*http.Response, error) {
	var secure *secureConn
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { secure, _ = info.Conn.(*secureConn) }}
	resp, err := t.own.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err == nil && resp.TLS == nil && secure != nil {
		state := secure.state()
		resp.TLS = &state
	}
	return resp, err
}

// isNoProtocol tells whether the server refused the handshake for lack of a
// protocol that both sides know (RFC 7301, section 3.2). The type of the alert
// is not exported.
func isNoProtocol(err error) bool {
	return strings.Contains(err.Error(), "tls: no application protocol")
}

// CloseIdleConnections is called by that of http.Client.
func (t *separatePool) CloseIdleConnections() {
	t.shared.CloseIdleConnections()
	t.own.CloseIdleConnections()
}
