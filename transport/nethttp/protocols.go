package nethttp

import (
	"net/http"
	"net/http/httptrace"
	"strings"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/hostcache"
)

// pool keeps connections and sends requests over them.
type pool interface {
	http.RoundTripper
	CloseIdleConnections()
}

// newKeptPool returns a pool whose connections are used again, unless c forbids it.
func newKeptPool(c Config) pool {
	first := newTransport(c)
	switch {
	case c.HTTP1Only:
		ownTLS(first, c)
		return &separatePool{shared: first, own: first, only: true}
	case c.hasIdentity():
		sharedTLS(first, c)
	}
	shared := &sharedPool{Transport: first, most: c.maxIdleConns()}
	if c.PreferHTTP2 {
		return shared
	}
	c.HTTP1Only = true
	own := newTransport(c)
	ownTLS(own, c)
	return &separatePool{shared: shared, own: own, once: c.useOnce}
}

// separatePool separates the connections of HTTP/1.1, which a request has for
// itself, from those that requests share over HTTP/2.
type separatePool struct {
	shared, own pool
	only        bool                      // shared and own are the same transport
	once        bool                      // a connection is for one request
	refused     hostcache.Cache[struct{}] // hosts without HTTP/1.1
}

// RoundTrip implements [http.RoundTripper].
func (t *separatePool) RoundTrip(req *http.Request) (*http.Response, error) {
	// net/http uses HTTP/2 over TLS only.
	if req.URL.Scheme != "https" {
		return t.shared.RoundTrip(req)
	}
	if t.only {
		return t.roundTrip(req)
	}
	if !transport.IsOwnConnection(req.Context()) {
		return t.shared.RoundTrip(req)
	}
	if _, refused := t.refused.Get(req.URL.Host); refused {
		return t.share(req)
	}
	resp, err := t.roundTrip(req)
	if err == nil || !isNoProtocol(err) {
		return resp, err
	}
	t.refused.Set(req.URL.Host, struct{}{})
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
	return t.share(req)
}

// share sends req over HTTP/2, which is all that the server supports.
func (t *separatePool) share(req *http.Request) (*http.Response, error) {
	if t.once {
		// Over HTTP/2, this closes the connection after the request and tells the server
		// nothing.
		req = req.WithContext(req.Context())
		req.Close = true
	}
	return t.shared.RoundTrip(req)
}

// roundTrip sends req over an own connection and sets the TLS state of the
// answer, which net/http sets only for connections that it opened.
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

// isNoProtocol reports whether the server refused the handshake because the
// client offered no protocol that it supports (RFC 7301, section 3.2).
// crypto/tls does not export the type of the alert.
func isNoProtocol(err error) bool {
	return strings.Contains(err.Error(), "tls: no application protocol")
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections.
func (t *separatePool) CloseIdleConnections() {
	t.shared.CloseIdleConnections()
	t.own.CloseIdleConnections()
}
