package testserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Network connects clients and servers of one process by [net.Pipe], so that
// they can run in one testing/synctest bubble. [NewNetwork] creates a Network,
// inside the bubble if there is one; the zero value is not usable. A Network is
// safe for concurrent use.
//
// A connection has no buffer: a write ends when the peer has read it. Deadlines
// work. A [Server] speaks plain HTTP over a Network, see [Config].
type Network struct {
	mu        sync.Mutex
	listeners map[string]*networkListener
	dialed    atomic.Int64
}

// NewNetwork returns a network without listeners.
func NewNetwork() *Network {
	return &Network{listeners: make(map[string]*networkListener)}
}

// Listen returns a listener for a host name. The port is ignored: a host has
// one listener for all ports. If the name is in use, the error is
// [syscall.EADDRINUSE].
func (n *Network) Listen(addr string) (net.Listener, error) {
	name := hostOf(addr)
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, taken := n.listeners[name]; taken {
		return nil, &net.OpError{Op: "listen", Net: "pipe", Addr: networkAddr(name), Err: syscall.EADDRINUSE}
	}
	l := &networkListener{
		network: n,
		name:    name,
		conns:   make(chan net.Conn),
		done:    make(chan struct{}),
	}
	n.listeners[name] = l
	return l, nil
}

// DialContext connects to the listener of a host, as [net.Dialer.DialContext]
// does. The network name and the port are ignored. If the host has no listener,
// the error is [syscall.ECONNREFUSED]. If ctx ends first, it is that of ctx.
func (n *Network) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	name := hostOf(addr)
	n.mu.Lock()
	l := n.listeners[name]
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: "pipe", Addr: networkAddr(addr), Err: syscall.ECONNREFUSED}
	if l == nil {
		return nil, refused
	}
	local := networkAddr("client:" + strconv.FormatInt(n.dialed.Add(1), 10))
	client, server := newPipe(local, networkAddr(addr))
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, refused
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: networkAddr(addr), Err: ctx.Err()}
	}
}

// hostOf returns addr without its port and in lower case.
func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return strings.ToLower(host)
}

type networkAddr string

func (networkAddr) Network() string  { return "pipe" }
func (a networkAddr) String() string { return string(a) }

type networkListener struct {
	network *Network
	name    string
	conns   chan net.Conn
	done    chan struct{}
	closing sync.Once
}

func (l *networkListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, fmt.Errorf("accept on %s: %w", l.name, net.ErrClosed)
	}
}

func (l *networkListener) Close() error {
	l.closing.Do(func() {
		l.network.mu.Lock()
		delete(l.network.listeners, l.name)
		l.network.mu.Unlock()
		close(l.done)
	})
	return nil
}

func (l *networkListener) Addr() net.Addr { return networkAddr(l.name) }

// pipeConn is one end of a [net.Pipe] that can be reset.
type pipeConn struct {
	net.Conn
	local, remote net.Addr
	wasReset      *atomic.Bool // shared by both ends
}

func newPipe(clientAddr, serverAddr net.Addr) (client, server *pipeConn) {
	a, b := net.Pipe()
	wasReset := new(atomic.Bool)
	client = &pipeConn{Conn: a, local: clientAddr, remote: serverAddr, wasReset: wasReset}
	server = &pipeConn{Conn: b, local: serverAddr, remote: clientAddr, wasReset: wasReset}
	return client, server
}

func (c *pipeConn) LocalAddr() net.Addr  { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

func (c *pipeConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, c.explain("read", err)
}

func (c *pipeConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.explain("write", err)
}

// reset closes the connection so that the other end sees a reset.
func (c *pipeConn) reset() error {
	c.wasReset.Store(true)
	return c.Close()
}

func (c *pipeConn) explain(op string, err error) error {
	if c.wasReset.Load() && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)) {
		return &net.OpError{Op: op, Net: "pipe", Source: c.local, Addr: c.remote, Err: syscall.ECONNRESET}
	}
	return err
}
