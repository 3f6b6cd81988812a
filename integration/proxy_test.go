package integration

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// cutter is a TCP proxy that resets every connection after a number of bytes from
// the client. It forwards all bytes that it has read before.
type cutter struct {
	listener net.Listener
	upstream string
	limit    int64
	// settle resets a connection only after the server has ended its side, so that it has
	// stored all forwarded bytes. Otherwise the server may still store bytes when the
	// client sends HEAD, and tusd then drops the rest.
	settle bool

	received atomic.Int64 // bytes from clients
	cuts     atomic.Int64

	wg    sync.WaitGroup
	mu    sync.Mutex
	conns []net.Conn
}

// newCutter starts a proxy in front of upstream, a host with a port. The proxy ends with
// the test.
func newCutter(t *testing.T, upstream string, limit int64, settle bool) *cutter {
	t.Helper()
	p := &cutter{upstream: upstream, limit: limit, settle: settle}
	p.listener = accept(t, &p.wg, p.serve)
	t.Cleanup(p.close)
	return p
}

// accept serves each connection in a goroutine of the group. The caller closes the
// listener.
func accept(t *testing.T, wg *sync.WaitGroup, serve func(*net.TCPConn)) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serve(c.(*net.TCPConn)) })
		}
	})
	return l
}

func (p *cutter) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// keep records connections that close ends.
func (p *cutter) keep(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conns...)
}

func (p *cutter) serve(down *net.TCPConn) {
	defer func() { _ = down.Close() }()
	conn, err := new(net.Dialer).Dial("tcp", p.upstream)
	if err != nil {
		return
	}
	up := conn.(*net.TCPConn)
	defer func() { _ = up.Close() }()
	p.keep(down, up)

	var answers sync.WaitGroup
	var lost atomic.Bool
	answers.Go(func() {
		_, _ = io.Copy(&answerWriter{down, &lost}, up)
		if !lost.Load() {
			_ = down.CloseWrite()
		}
	})
	n, err := io.CopyN(up, down, p.limit)
	p.received.Add(n)
	cut := err == nil
	lost.Store(cut)
	if cut && !p.settle {
		reset(down)
	}
	// Only one direction is closed. If an answer is in the network, a full close would
	// discard bytes that the server has not read.
	_ = up.CloseWrite()
	answers.Wait()
	if cut {
		reset(down)
		p.cuts.Add(1)
	}
}

func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// answerWriter forwards answers until they are to be lost.
type answerWriter struct {
	to   io.Writer
	lost *atomic.Bool
}

func (w *answerWriter) Write(p []byte) (int, error) {
	if w.lost.Load() {
		return len(p), nil
	}
	return w.to.Write(p)
}

// through returns rawURL with the address of the proxy.
func (p *cutter) through(t *testing.T, rawURL string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}

// hostOf returns the host and port of a URL.
func hostOf(t *testing.T, rawURL string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
