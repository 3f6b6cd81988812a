package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync"
)

// connecting follows a request to its connection, as far as the Doer tells package
// httptrace. A request that waits for a connection to become free has not stalled; a
// request whose connection is being opened may have stalled. It is safe for concurrent
// use, because a dial reports its progress even after its request got another
// connection.
type connecting struct {
	dog *watchdog

	mu        sync.Mutex
	requested bool // the transport asked for a connection
	acquired  bool // the request has its connection
	waiting   bool // the transport asked, and the request has no connection yet
	reused    bool // the connection is of HTTP/1.1 and carried an earlier request
}

// follow returns a context under which dog allows FinishTimeout while a request waits
// for a connection. The wait has a limit, because a caller's own dialer may report
// nothing.
func follow(ctx context.Context, dog *watchdog) (context.Context, *connecting) {
	c := &connecting{dog: dog}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:           func(string) { c.begin() },
		DNSStart:          func(httptrace.DNSStartInfo) { c.alive() },
		ConnectStart:      func(string, string) { c.alive() },
		ConnectDone:       func(string, string, error) { c.alive() },
		TLSHandshakeStart: c.alive,
		TLSHandshakeDone:  func(tls.ConnectionState, error) { c.alive() },
		GotConn:           func(info httptrace.GotConnInfo) { c.got(info.Reused && !isMultiplexed(info.Conn)) },
	}), c
}

func (c *connecting) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requested, c.waiting = true, true
	c.dog.patient()
}

// alive records that a connection is being opened. It is ignored once the request has
// another connection.
func (c *connecting) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting {
		c.dog.alive()
	}
}

func (c *connecting) got(reused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acquired, c.reused = true, reused
	if c.waiting {
		c.waiting = false
		c.dog.resume()
	}
}

// unsent reports whether the request certainly did not leave. With a Doer that reports
// nothing, this is never certain.
func (c *connecting) unsent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requested && !c.acquired
}

// stale reports whether the request went out on a connection of HTTP/1.1 that had carried
// an earlier one. With a Doer that reports nothing, this is not known and false.
func (c *connecting) stale() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acquired && c.reused
}

// isMultiplexed reports whether a connection is one of HTTP/2. A request that such a
// connection does not answer may be a stream that the server reset, and says nothing about
// the connection. The Doer itself opens a new connection after such a connection dies.
func isMultiplexed(conn net.Conn) bool {
	secure, ok := conn.(interface{ ConnectionState() tls.ConnectionState })
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}
