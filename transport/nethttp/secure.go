package nethttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

// dialOwn opens connections for HTTP/1.1 over TLS. Unlike net/http, it passes
// the TLS records of a large write to the operating system in one write,
// because a system call for each record of 16 KiB is more expensive than the
// encryption.
func (c Config) dialOwn(config *tls.Config) func(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := c.dialTLS()
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		var below *records
		// With this protocol, a server that supports HTTP/2 only refuses the
		// handshake.
		wrap := func(conn net.Conn) net.Conn {
			below = &records{Conn: conn, turn: make(chan struct{}, 1)}
			return below
		}
		secure, err := dial(ctx, network, addr, tlsOptions{config, []string{"http/1.1"}, wrap})
		if err != nil {
			return nil, err
		}
		return &secureConn{Conn: secure, below: below, state: secure.ConnectionState}, nil
	}
}

// dialShared opens connections over TLS as net/http does, except that an https
// proxy gets no client certificate.
func (c Config) dialShared(t *http.Transport) func(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := c.dialTLS()
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		// The transport adds its protocols to the configuration before it
		// dials.
		config := t.TLSClientConfig
		// net/http finds the negotiated protocol in a *tls.Conn.
		secure, err := dial(ctx, network, addr, tlsOptions{config, config.NextProtos, func(conn net.Conn) net.Conn { return conn }})
		if err != nil {
			return nil, err
		}
		return secure, nil
	}
}

// tlsOptions describe a connection over TLS.
type tlsOptions struct {
	config    *tls.Config
	protocols []string                // in the place of config.NextProtos
	wrap      func(net.Conn) net.Conn // returns what is below TLS, on top of the TCP connection
}

// tlsDialer opens connections over TLS.
type tlsDialer func(ctx context.Context, network, addr string, o tlsOptions) (*tls.Conn, error)

// dialTLS opens connections over TLS. Those to an https proxy, see towardsProxy, use HTTP/1.1 and
// have no client certificate.
func (c Config) dialTLS() tlsDialer {
	dial := c.dial()
	limit := timeout(c.TLSHandshakeTimeout, 10*time.Second)
	forProxy := c.withoutIdentity().tls()
	return func(ctx context.Context, network, addr string, o tlsOptions) (*tls.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		caller := ctx
		if limit > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		if isTowardsProxy(ctx) {
			o.config, o.protocols = forProxy, []string{"http/1.1"}
		}
		config := o.config.Clone()
		config.NextProtos = o.protocols
		if config.ServerName == "" {
			if config.ServerName, _, err = net.SplitHostPort(addr); err != nil {
				config.ServerName = addr
			}
		}
		secure := tls.Client(o.wrap(conn), config)
		if err := handshake(ctx, secure); err != nil {
			_ = conn.Close()
			if caller.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
				err = handshakeTimeout{limit}
			}
			return nil, err
		}
		return secure, nil
	}
}

// handshake reports to an httptrace.ClientTrace what net/http reports.
func handshake(ctx context.Context, conn *tls.Conn) error {
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	err := conn.HandshakeContext(ctx)
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(conn.ConnectionState(), err)
	}
	return err
}

// handshakeTimeout means that the peer did not answer the TLS handshake in this time. It is a
// net.Error, and Is context.DeadlineExceeded.
type handshakeTimeout struct{ limit time.Duration }

func (e handshakeTimeout) Error() string {
	return fmt.Sprintf("no answer to the TLS handshake within %v", e.limit)
}
func (handshakeTimeout) Timeout() bool   { return true }
func (handshakeTimeout) Temporary() bool { return true }
func (handshakeTimeout) Unwrap() error   { return context.DeadlineExceeded }

// secureConn is a connection over TLS with an efficient copy of bodies.
type secureConn struct {
	net.Conn
	below *records
	state func() tls.ConnectionState
}

// NetConn returns the connection below TLS, as that of a *tls.Conn does.
func (c *secureConn) NetConn() net.Conn { return c.below }

func (c *secureConn) Write(p []byte) (int, error) {
	if len(p) <= leastCopy {
		return c.Conn.Write(p)
	}
	c.below.gather()
	n, err := c.Conn.Write(p)
	if sent := c.below.release(); err == nil {
		err = sent
	}
	return n, err
}

// ReadFrom implements [io.ReaderFrom], which net/http uses to copy a body.
func (c *secureConn) ReadFrom(r io.Reader) (int64, error) { return copyBody(c, r) }

// records is a connection below TLS that joins the records of one write.
// Records that the reader sends meanwhile, such as key updates, keep their
// position.
type records struct {
	net.Conn
	turn chan struct{} // contains a value while hold and held are in use
	hold bool
	held []byte
}

// NetConn returns the connection below.
func (r *records) NetConn() net.Conn { return r.Conn }

func (r *records) Write(p []byte) (int, error) {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if r.hold {
		r.held = append(r.held, p...)
		return len(p), nil
	}
	return r.Conn.Write(p)
}

func (r *records) gather() {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	r.hold = true
}

func (r *records) release() error {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	r.hold = false
	_, err := r.Conn.Write(r.held)
	r.held = r.held[:0]
	return err
}
