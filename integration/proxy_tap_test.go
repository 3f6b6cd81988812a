package integration

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// tap is a TCP proxy that counts the bytes from clients, and that can stop after a given
// byte.
type tap struct {
	listener net.Listener
	upstream string
	received atomic.Int64 // bytes from clients

	wg   sync.WaitGroup
	mu   sync.Mutex
	hold *hold // nil: the proxy does not stop
}

// hold is the position at which a tap stops.
type hold struct {
	left     int64         // remaining bytes
	lose     bool          // later bytes are lost
	once     sync.Once     // closes reached
	reached  chan struct{} // closed when it has stopped
	released chan struct{} // closed when it may continue
}

// newTap starts a proxy in front of upstream, a host with a port. The proxy ends with the
// test. A connection ends with its client.
func newTap(t *testing.T, upstream string) *tap {
	t.Helper()
	p := &tap{upstream: upstream}
	p.listener = accept(t, &p.wg, p.serve)
	t.Cleanup(func() {
		_ = p.listener.Close()
		p.wg.Wait()
	})
	return p
}

// arm makes the proxy stop after n more bytes from clients, or at the next connection if
// n is 0, until release is called. The proxy then forwards all later bytes. With lose, it
// counts these bytes and resets the connections. A negative n arms nothing.
func (p *tap) arm(n int64, lose bool) (reached <-chan struct{}, release func()) {
	h := &hold{left: n, lose: lose, reached: make(chan struct{}), released: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hold = h; n < 0 {
		p.hold = nil
	}
	return h.reached, sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.hold = nil
		close(h.released)
	})
}

// room waits while the proxy is stopped, and returns how many of n bytes may pass. It
// returns 0 if the bytes are to be lost.
func (p *tap) room(n int) int {
	for {
		p.mu.Lock()
		h := p.hold
		if h != nil {
			n = int(min(int64(n), h.left))
		}
		p.mu.Unlock()
		if h == nil || n > 0 {
			return n
		}
		h.once.Do(func() { close(h.reached) })
		<-h.released
		if h.lose {
			return 0
		}
		n = tapStep
	}
}

func (p *tap) passed(n int) {
	p.received.Add(int64(n))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hold != nil {
		p.hold.left -= min(int64(n), p.hold.left)
	}
}

const (
	tapStep   = 16 * kib
	tapBuffer = 128 * kib
)

func (p *tap) serve(down *net.TCPConn) {
	defer func() { _ = down.Close() }()
	// The small buffer limits the bytes in the network when a client dies, as on a slow
	// network.
	_ = down.SetReadBuffer(tapBuffer)
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "tcp", p.upstream)
	if err != nil {
		return
	}
	up := conn.(*net.TCPConn)
	defer func() { _ = up.Close() }()
	var answers sync.WaitGroup
	answers.Go(func() {
		_, _ = io.Copy(down, up)
		_ = down.CloseWrite()
	})
	for buf := make([]byte, tapStep); ; {
		room := p.room(tapStep)
		if room == 0 {
			n, _ := io.Copy(io.Discard, down)
			p.received.Add(n)
			reset(up)
			break
		}
		n, err := down.Read(buf[:room])
		p.passed(n)
		if _, werr := up.Write(buf[:n]); err != nil || werr != nil {
			break
		}
	}
	// Bytes that the client sent before it died still arrive.
	_ = up.CloseWrite()
	answers.Wait()
}

// through returns rawURL with the address of the proxy.
func (p *tap) through(t *testing.T, rawURL string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}
