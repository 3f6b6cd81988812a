package main

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
)

// connection copies bodies with its own buffer. net/http uses a buffer of 32 KiB,
// and wraps a body in an io.LimitedReader, so that it never calls the WriteTo
// method of the body. Only the ReadFrom method of the connection can choose another
// buffer.
type connection struct {
	buffer int
	gather bool
}

func (c connection) install(t *http.Transport) {
	if c.buffer == 0 {
		return
	}
	dialer := &net.Dialer{}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &copying{Conn: conn, buffer: make([]byte, c.buffer)}, nil
	}
	config := t.TLSClientConfig
	if config == nil {
		return
	}
	t.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		below := &gathering{Conn: conn}
		config := config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(address)
		secure := tls.Client(below, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		out := &copying{Conn: secure, buffer: make([]byte, c.buffer)}
		if c.gather {
			out.below = below
		}
		return out, nil
	}
}

type copying struct {
	net.Conn
	buffer []byte
	below  *gathering // nil: each record is written separately
}

func (c *copying) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(writeOnly{c}, r, c.buffer)
}

func (c *copying) Write(p []byte) (int, error) {
	if c.below == nil {
		return c.Conn.Write(p)
	}
	c.below.hold = true
	n, err := c.Conn.Write(p)
	c.below.hold = false
	if err == nil {
		err = c.below.flush()
	}
	return n, err
}

// writeOnly hides ReadFrom.
type writeOnly struct{ w io.Writer }

func (w writeOnly) Write(p []byte) (int, error) { return w.w.Write(p) }

// gathering is a connection below TLS that sends the records of one write together.
type gathering struct {
	net.Conn
	hold bool
	held []byte
}

func (g *gathering) Write(p []byte) (int, error) {
	if !g.hold {
		return g.Conn.Write(p)
	}
	g.held = append(g.held, p...)
	return len(p), nil
}

func (g *gathering) flush() error {
	_, err := g.Conn.Write(g.held)
	g.held = g.held[:0]
	return err
}
