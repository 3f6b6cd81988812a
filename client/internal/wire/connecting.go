package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
	"syscall"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/network"
)

// connecting follows a request to its connection, as far as the Doer tells package
// httptrace. A request that waits for a connection to become free has not stalled; a
// request whose connection is being opened may have stalled. It is safe for concurrent
// use, because a dial reports its progress even after its request got another
// connection.
type connecting struct {
	dog   *watchdog
	trace httptrace.ClientTrace // of the request

	mu        sync.Mutex
	requested bool // the transport asked for a connection
	acquired  bool // the request has its connection
	waiting   bool // the transport asked, and the request has no connection yet
	reused    bool // the connection has carried an earlier request
	shared    bool // the connection is one of HTTP/2, which several requests share
	conn      net.Conn
}

// follow returns a context under which dog allows FinishTimeout while a request waits
// for a connection. The wait has a limit, because a caller's own dialer may report
// nothing. The interim responses of the request go to interims. nil: they are ignored.
func follow(ctx context.Context, dog *watchdog, interims *interims) (context.Context, *connecting) {
	c := &connecting{dog: dog}
	c.trace = httptrace.ClientTrace{
		GetConn:           func(string) { c.begin() },
		DNSStart:          func(httptrace.DNSStartInfo) { c.alive() },
		ConnectStart:      func(string, string) { c.alive() },
		ConnectDone:       func(string, string, error) { c.alive() },
		TLSHandshakeStart: c.alive,
		GotConn:           c.got,
	}
	if interims != nil {
		c.trace.Got1xxResponse = interims.add
	}
	return httptrace.WithClientTrace(ctx, &c.trace), c
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

func (c *connecting) got(info httptrace.GotConnInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acquired, c.reused, c.shared, c.conn = true, info.Reused, isHTTP2(info.Conn), info.Conn
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

// mayHaveArrived reports whether a server may have done what the request asked before the
// request ended with err. An answer of another protocol, on a connection that carried no
// earlier request, is that of a server without uploads.
func (c *connecting) mayHaveArrived(err error) bool {
	if c.unsent() || !network.MayHaveArrived(err) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.acquired || c.reused || !network.IsOtherProtocol(err)
}

// stale reports whether the request ended with err because its connection was used again. With
// a Doer that reports no connections, this is not known and false.
func (c *connecting) stale(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acquired && c.reused && network.IsDisconnect(err) && !isStreamReset(err)
}

// suspect reports whether the next requests need new connections after the request ended with
// err. It stalled over a connection that was used again, as all idle connections may have been
// cut silently, or over HTTP/2, where it ends its stream and leaves the connection.
func (c *connecting) suspect(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return (c.reused || c.shared) && errors.Is(err, failure.ErrStalled)
}

// lost reports whether the connection of the request was closed, as net/http does when the server
// closes it. It is false for a connection that does not lead to one of the system, and for HTTP/2,
// where net/http closes the body of the request.
func (c *connecting) lost() bool {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	for {
		above, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = above.NetConn()
	}
	ofSystem, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := ofSystem.SyscallConn()
	if err == nil {
		err = raw.Control(func(uintptr) {})
	}
	return errors.Is(err, net.ErrClosed)
}

// isHTTP2 reports whether a connection is one of HTTP/2.
func isHTTP2(conn net.Conn) bool {
	secure, ok := conn.(interface{ ConnectionState() tls.ConnectionState })
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

// isStreamReset reports whether the server reset a stream of HTTP/2. That says nothing about
// the connection.
func isStreamReset(err error) bool {
	_, ok := errors.AsType[streamError](err)
	return ok
}

// streamError has the fields of the error of net/http for a stream that was reset. Package
// net/http does not export that error, but converts it to a type with the same fields.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return "stream reset" }
